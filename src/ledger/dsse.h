// DSSE (github.com/secure-systems-lab/dsse, protocol.md and envelope.md): a document of exact bytes, the kind
// that it is signed as, and signatures over both. What is signed is never serialised again; the kind keeps a
// vote from counting as a receipt.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "ledger/strict_json.h"
#include "ledger/vkey.h"

namespace accord::ledger {

inline constexpr std::size_t kMaxEnvelopeSignatures = 256;

struct DsseSignature {
  std::string keyid;  // a hint alone: whoever carries the envelope may change it
  Bytes signature;

  friend bool operator==(const DsseSignature&, const DsseSignature&) = default;
};

struct Envelope {
  std::string payload_type;
  Bytes payload;
  std::vector<DsseSignature> signatures;

  // What an object is called by: SHA-256 of the payload.
  [[nodiscard]] Digest Id() const;
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

// PAE(type, payload) = "DSSEv1" SP len(type) SP type SP len(payload) SP payload: the bytes that are signed.
[[nodiscard]] Bytes Pae(std::string_view payload_type, ByteView payload);

// As JSON on one line.
[[nodiscard]] std::string EncodeEnvelope(const Envelope& envelope);
// `ledger.malformed` unless it is of this form: these fields and no others, padded base64, at least one and
// at most kMaxEnvelopeSignatures signatures, not more bytes than an entry of a log, unless said otherwise.
[[nodiscard]] Result<Envelope> ParseEnvelope(ByteView text, std::size_t max_bytes = kMaxDocumentBytes);

// What signatures by this key name as their hint: "<name>+<key id>", the vkey without the key.
[[nodiscard]] std::string KeyIdOf(const VerifierKey& key);

// Adds the signature of a key that is in memory; signer.h has those of people.
void Sign(Envelope& envelope, const crypto::Ed25519Key& key, std::string keyid);

// Which of these (by index) signed exactly this payload as this type. However often a key signed, it counts
// once; a wrong hint costs time only. Keys of witnesses sign no documents.
[[nodiscard]] std::set<std::size_t> SignersOf(const Envelope& envelope, std::span<const VerifierKey> keys);

}  // namespace accord::ledger
