// Reads the input of a fuzz target as choices of a story; at its end every choice is 0.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "accord/ids.h"
#include "base/text.h"

namespace accord::fuzz {

inline NodeId Node(std::uint8_t n) {
  NodeId id;
  id.bytes[0] = static_cast<std::uint8_t>(n + 1);
  return id;
}
inline Digest Hash(std::uint8_t n) {
  Digest digest;
  digest.bytes.fill(n);
  return digest;
}

// With ACCORD_STORY in the environment a target tells what it reads in its input: for people who look at one
// that failed.
template <class Line>
void Tell(Line line) {
  static const bool tells = std::getenv("ACCORD_STORY") != nullptr;
  if (tells) std::fprintf(stderr, "%s\n", std::string(line()).c_str());
}

// Two that differ in any of these differ, also in the first eight bytes, which are all that Dump shows.
inline Digest Mark(std::uint8_t what, std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0) {
  Digest digest;
  digest.bytes[0] = what;
  digest.bytes[1] = static_cast<std::uint8_t>(a);
  digest.bytes[2] = static_cast<std::uint8_t>(b);
  digest.bytes[3] = static_cast<std::uint8_t>(c);
  return digest;
}

class Script {
 public:
  explicit Script(ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] bool Over() const { return bytes_.empty(); }
  std::uint8_t Next() {
    if (bytes_.empty()) return 0;
    const std::uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  std::uint8_t Below(std::uint8_t bound) { return Next() % bound; }
  // Any of the first `count`.
  std::set<NodeId> Nodes(std::uint8_t count) {
    const std::uint8_t mask = Next();
    std::set<NodeId> nodes;
    for (std::uint8_t n = 0; n < count; ++n) {
      if ((mask >> n & 1) != 0) nodes.insert(Node(n));
    }
    return nodes;
  }

 private:
  ByteView bytes_;
};

}  // namespace accord::fuzz
