// What a witness says of a checkpoint (c2sp.org/tlog-cosignature, "Ed25519 signed message"): that at this
// time the tree of this note is the largest it has seen of the log, and continues all it saw before. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "crypto/ed25519.h"

namespace accord::ledger {

struct Cosignature {
  static constexpr std::size_t kSize = 8 + crypto::Ed25519Signature::kSize;

  std::uint64_t time = 0;  // Unix seconds, at most 2^63 - 1
  crypto::Ed25519Signature signature;

  // "cosignature/v1\ntime <time>\n" and the whole text of the note: what is signed.
  [[nodiscard]] static std::string Message(std::uint64_t time, std::string_view note_text);
  [[nodiscard]] static Cosignature Sign(const crypto::Ed25519Key& key, std::uint64_t time,
                                        std::string_view note_text);
  // u64 time, signature: what follows the key id in a note.
  [[nodiscard]] Bytes Encode() const;
  // nullopt unless it is exactly that, with a time in range.
  [[nodiscard]] static std::optional<Cosignature> Parse(ByteView bytes);
  [[nodiscard]] bool Verifies(const crypto::Ed25519PublicKey& key, std::string_view note_text) const;

  friend bool operator==(const Cosignature&, const Cosignature&) = default;
};

}  // namespace accord::ledger
