// The registry: which node speaks with which protocol key (secagg.md 7.4, governance.md h). Pinned by hash at
// the nodes; an entry counts because the member's CA signed it, never because the coordinator says so.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "crypto/x509.h"

namespace accord::secagg {

struct RegistryEntry {
  NodeId id;
  std::string org;  // the member
  crypto::Ed25519PublicKey key;
  std::uint64_t not_after = 0;  // Unix seconds; must exceed the clock of who uses the entry
  // A CA lets each entry that replaces another end later: of two of one node the later to end is the newer.
  [[nodiscard]] bool Replaces(const RegistryEntry& other) const { return not_after > other.not_after; }

  [[nodiscard]] Bytes Encode() const;  // id, LV org, key 32, u64 not_after
  // Strict: `secagg.bad_encoding`.
  [[nodiscard]] static Result<RegistryEntry> Parse(ByteView bytes);

  friend bool operator==(const RegistryEntry&, const RegistryEntry&) = default;
};

struct Registry {
  std::uint64_t version = 0;
  std::vector<RegistryEntry> entries;  // strictly ascending by id

  // u64 version, [id, LV org, key 32, u64 not_after]*.
  [[nodiscard]] Bytes Encode() const;
  // SHA-256("FSA-1/registry\0" || Encode()).
  [[nodiscard]] Digest Hash() const;
  // Strict: `secagg.bad_encoding` for short, long or unsorted input.
  [[nodiscard]] static Result<Registry> Parse(ByteView bytes);
  // The entry of a node, or nullptr.
  [[nodiscard]] const RegistryEntry* Find(const NodeId& id) const;

  friend bool operator==(const Registry&, const Registry&) = default;
};

// An entry with what vouches for it. The signature is ECDSA by the member's CA over
// "accord/registry-entry/v1\0" || LV SPIFFE id || entry bytes.
struct VouchedEntry {
  crypto::SpiffeId identity;
  RegistryEntry entry;
  Bytes signature;  // DER

  [[nodiscard]] Bytes Encode() const;  // LV SPIFFE id, entry, LV signature
  // Strict: `secagg.bad_encoding`. Verifies nothing.
  [[nodiscard]] static Result<VouchedEntry> Parse(ByteView bytes);
};

// Makes the entry of a node (its id follows from the identity) and signs it.
[[nodiscard]] VouchedEntry Vouch(const crypto::P256Key& ca_key, const crypto::SpiffeId& identity,
                                 std::string org, const crypto::Ed25519PublicKey& key,
                                 std::uint64_t not_after);
// `registry.untrusted` unless the identity is a node of the CA's trust domain, the id is that identity's, and
// the signature is the CA's.
[[nodiscard]] Status CheckVouched(const VouchedEntry& vouched, const crypto::Certificate& ca);
// By one of them; else the complaint about the last.
[[nodiscard]] Status CheckVouched(const VouchedEntry& vouched, std::span<const crypto::Certificate> cas);

}  // namespace accord::secagg
