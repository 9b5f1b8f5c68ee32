// The keystream of FSA-1 (secagg.md 2.8): AES-256-CTR over zeros, IV = 0^64 || u64_be(block), read as
// little-endian words from any place: rounding noise, masks, field samples.
// One Keystream serves one thread at a time; several may share a key.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "crypto/zeroizing.h"

namespace accord::crypto {

// What computes the stream. All give the same bytes.
enum class KeystreamBackend : std::uint8_t {
  kEvp,          // OpenSSL
  kVaes,         // VAES and AVX-512, where the CPU has them
  kEvpVaesFails  // OpenSSL, because VAES did not give the same bytes on this machine: tell the operator
};
// What the keystreams made from now on use: the fastest that passed its self-test (run at the first call),
// or what UseKeystreamBackend asked for. Thread-safe.
[[nodiscard]] KeystreamBackend CurrentKeystreamBackend();
// "vaes-512", "openssl", or "openssl (VAES failed its self-test)": for logs.
[[nodiscard]] std::string_view Name(KeystreamBackend backend);
// For benches, tests and whoever distrusts a CPU: kEvp always works; false when kVaes does not here.
[[nodiscard]] bool UseKeystreamBackend(KeystreamBackend backend);

class Keystream {
 public:
  // `key` has 32 bytes; it is copied.
  explicit Keystream(ByteView key);
  ~Keystream();
  Keystream(Keystream&&) noexcept;
  Keystream& operator=(Keystream&&) noexcept;

  // Bytes [first, first + out.size()) of the stream. Places up to 2^64 - 1. Allocates nothing.
  void FillBytes(std::uint64_t first, std::span<std::uint8_t> out);
  // Word w is bytes 8w .. 8w+7, little-endian; w below 2^61.
  void FillWords(std::uint64_t first, std::span<std::uint64_t> out);
  // Value j is bytes 4j .. 4j+3, little-endian; j below 2^62.
  void FillU32(std::uint64_t first, std::span<std::uint32_t> out);
  // words[i] += stream word first + i, in Z_2^64; Subtract undoes it.
  void Add(std::uint64_t first, std::span<std::uint64_t> words);
  void Subtract(std::uint64_t first, std::span<std::uint64_t> words);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace accord::crypto
