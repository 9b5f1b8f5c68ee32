#include "ledger/vkey.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "crypto/base64.h"
#include "crypto/ecdsa.h"
#include "crypto/ed25519_point.h"
#include "crypto/sha256.h"
#include "ledger/cosignature.h"
#include "ledger/lines.h"

namespace accord::ledger {
namespace {

constexpr std::uint8_t kMlDsa44 = 0x06;

// The property White_Space of Unicode 15.
bool IsUnicodeSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

std::uint32_t KeyId(std::string_view name, KeyType type, ByteView key) {
  const std::uint8_t type_byte = static_cast<std::uint8_t>(type);
  crypto::Sha256 hash;
  if (type != KeyType::kEcdsa) hash.Update(name).Update("\n").Update(ByteView(&type_byte, 1));
  const Digest digest = hash.Update(key).Finish();
  return Reader(digest.bytes).U32();
}

std::optional<std::uint32_t> ParseId(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  const bool hex =
      std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (text.size() != 8 || !hex || error != std::errc()) return std::nullopt;
  return id;
}

crypto::Ed25519PublicKey Ed25519Of(ByteView key) {
  return crypto::Ed25519PublicKey::FromBytes(AsText(key)).value();
}

bool IsSoundKey(KeyType type, ByteView key) {
  if (type == KeyType::kEcdsa) return crypto::IsEcdsaKey(key);
  return key.size() == crypto::Ed25519PublicKey::kSize && crypto::IsSoundEd25519Key(Ed25519Of(key));
}

Status BadKey(std::string_view text, const std::string& why) {
  return Fail(errors::kVkeyMalformed, Quoted(text) + " is not a verifier key: " + why);
}

}  // namespace

bool IsKeyName(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const std::optional<char32_t> c = TakeCharacter(name);
    if (!c || *c < 0x20 || *c == '+' || IsUnicodeSpace(*c)) return false;
  }
  return true;
}

VerifierKey::VerifierKey(std::string name, KeyType type, Bytes key)
    : name_(std::move(name)), type_(type), key_(std::move(key)), id_(KeyId(name_, type_, key_)) {}

Result<VerifierKey> VerifierKey::Make(std::string name, KeyType type, Bytes key) {
  if (!IsKeyName(name)) return BadKey(name, "a name has no spaces, no control characters and no \"+\"");
  if (!IsSoundKey(type, key)) return BadKey(name, "its key is none of its type");
  return VerifierKey(std::move(name), type, std::move(key));
}

Result<VerifierKey> VerifierKey::Parse(std::string_view text) {
  const std::size_t name_end = text.find('+');
  const std::size_t id_end = name_end == text.npos ? text.npos : text.find('+', name_end + 1);
  if (id_end == text.npos) return BadKey(text, "it is to have a name, an id and a key, with \"+\" between");
  const std::string_view name = text.substr(0, name_end);
  const std::optional<std::uint32_t> id = ParseId(text.substr(name_end + 1, id_end - name_end - 1));
  const std::optional<Bytes> key = crypto::FromBase64(text.substr(id_end + 1));
  if (!IsKeyName(name)) return BadKey(text, "a name has no spaces, no control characters and no \"+\"");
  if (!id) return BadKey(text, "its id is not 8 lower-case hex digits");
  if (!key || key->empty()) return BadKey(text, "its key is not padded base64");
  const std::uint8_t type = key->front();
  if (type != 0x01 && type != 0x02 && type != 0x04) {
    const std::string what = type == kMlDsa44 ? "an ML-DSA-44 key" : "a key of type " + std::to_string(type);
    return Fail(errors::kVkeyUnsupported, Quoted(text) + " is " + what);
  }
  VerifierKey parsed(std::string(name), static_cast<KeyType>(type), Bytes(key->begin() + 1, key->end()));
  if (!IsSoundKey(parsed.type_, parsed.key_)) return BadKey(text, "its key is none of its type");
  if (parsed.id_ != *id) return BadKey(text, "its id is not that of its name and key");
  return parsed;
}

std::string VerifierKey::Format() const {
  char id[10];
  std::snprintf(id, sizeof id, "%08x", id_);
  Bytes typed{static_cast<std::uint8_t>(type_)};
  typed.insert(typed.end(), key_.begin(), key_.end());
  return name_ + '+' + id + '+' + crypto::ToBase64(typed);
}

bool VerifierKey::Verify(std::string_view text, ByteView signature) const {
  if (type_ == KeyType::kEcdsa) return crypto::EcdsaVerify(key_, AsBytes(text), signature);
  if (type_ == KeyType::kCosignature) {
    const std::optional<Cosignature> cosignature = Cosignature::Parse(signature);
    return cosignature && cosignature->Verifies(Ed25519Of(key_), text);
  }
  const auto ed25519 = crypto::Ed25519Signature::FromBytes(AsText(signature));
  return ed25519 && crypto::Ed25519Verify(Ed25519Of(key_), AsBytes(text), *ed25519);
}

VerifierKey LogKey(std::string name, const crypto::Ed25519PublicKey& key) {
  Result<VerifierKey> made =
      VerifierKey::Make(std::move(name), KeyType::kEd25519, Bytes(key.bytes.begin(), key.bytes.end()));
  ACCORD_CHECK(made.ok());
  return *std::move(made);
}

VerifierKey WitnessKey(std::string name, const crypto::Ed25519PublicKey& key) {
  Result<VerifierKey> made =
      VerifierKey::Make(std::move(name), KeyType::kCosignature, Bytes(key.bytes.begin(), key.bytes.end()));
  ACCORD_CHECK(made.ok());
  return *std::move(made);
}

}  // namespace accord::ledger
