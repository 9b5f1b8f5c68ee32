#include "ledger/dsse.h"

#include <nlohmann/json.hpp>

#include "crypto/base64.h"
#include "crypto/sha256.h"

namespace accord::ledger {

Digest Envelope::Id() const { return crypto::Sha256::Of(payload); }

Bytes Pae(std::string_view payload_type, ByteView payload) {
  std::string text = "DSSEv1 " + std::to_string(payload_type.size()) + " " + std::string(payload_type) + " " +
                     std::to_string(payload.size()) + " ";
  text += AsText(payload);
  const ByteView bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

std::string EncodeEnvelope(const Envelope& envelope) {
  nlohmann::ordered_json json{{"payload", crypto::ToBase64(envelope.payload)},
                              {"payloadType", envelope.payload_type},
                              {"signatures", nlohmann::ordered_json::array()}};
  for (const DsseSignature& one : envelope.signatures)
    json["signatures"].push_back({{"keyid", one.keyid}, {"sig", crypto::ToBase64(one.signature)}});
  return json.dump();
}

Result<Envelope> ParseEnvelope(ByteView text, std::size_t max_bytes) {
  JsonReader reader(text, "envelope", max_bytes);
  Envelope envelope{
      .payload_type = reader.Text("payloadType"), .payload = reader.Base64("payload"), .signatures = {}};
  for (JsonReader& one : reader.Objects("signatures")) {
    std::string keyid = one.Has("keyid") ? one.Text("keyid") : "";
    envelope.signatures.push_back({std::move(keyid), one.Base64("sig")});
  }
  if (envelope.signatures.empty()) reader.Refuse("signatures", "there is none");
  if (envelope.signatures.size() > kMaxEnvelopeSignatures) reader.Refuse("signatures", "there are too many");
  ACCORD_RETURN_IF_ERROR(reader.Finish());
  return envelope;
}

std::string KeyIdOf(const VerifierKey& key) {
  const std::string line = key.Format();
  return line.substr(0, line.find('+', key.name().size() + 1));  // no name has a "+"
}

void Sign(Envelope& envelope, const crypto::Ed25519Key& key, std::string keyid) {
  const crypto::Ed25519Signature signature = key.Sign(Pae(envelope.payload_type, envelope.payload));
  envelope.signatures.push_back({std::move(keyid), Bytes(signature.bytes.begin(), signature.bytes.end())});
}

std::set<std::size_t> SignersOf(const Envelope& envelope, std::span<const VerifierKey> keys) {
  const Bytes message = Pae(envelope.payload_type, envelope.payload);
  std::vector<std::string> hints;
  for (const VerifierKey& key : keys) hints.push_back(KeyIdOf(key));
  std::set<std::size_t> signers;
  for (const DsseSignature& one : envelope.signatures) {
    const auto is_by = [&](std::size_t i) {
      return !signers.contains(i) && keys[i].type() != KeyType::kCosignature &&
             keys[i].Verify(AsText(message), one.signature);
    };
    bool found = false;
    for (const bool hinted : {true, false}) {  // whoever the hint names is asked first
      for (std::size_t i = 0; i < keys.size() && !found; ++i) {
        if ((hints[i] == one.keyid) == hinted && is_by(i)) found = signers.insert(i).second;
      }
    }
  }
  return signers;
}

}  // namespace accord::ledger
