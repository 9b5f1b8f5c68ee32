#include "ledger/cosignature.h"

#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "ledger/lines.h"

namespace accord::ledger {

std::string Cosignature::Message(std::uint64_t time, std::string_view note_text) {
  return "cosignature/v1\ntime " + std::to_string(time) + '\n' + std::string(note_text);
}

Cosignature Cosignature::Sign(const crypto::Ed25519Key& key, std::uint64_t time, std::string_view note_text) {
  ACCORD_CHECK(time <= kMaxNumber);
  return {.time = time, .signature = key.Sign(AsBytes(Message(time, note_text)))};
}

Bytes Cosignature::Encode() const {
  Writer writer;
  writer.U64(time).Fixed(signature);
  return std::move(writer).Take();
}

std::optional<Cosignature> Cosignature::Parse(ByteView bytes) {
  Reader reader(bytes);
  Cosignature parsed{.time = reader.U64(), .signature = reader.Fixed<crypto::Ed25519Signature>()};
  if (!reader.Done() || parsed.time > kMaxNumber) return std::nullopt;
  return parsed;
}

bool Cosignature::Verifies(const crypto::Ed25519PublicKey& key, std::string_view note_text) const {
  return crypto::Ed25519Verify(key, AsBytes(Message(time, note_text)), signature);
}

}  // namespace accord::ledger
