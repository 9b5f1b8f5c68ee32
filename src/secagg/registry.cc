#include "secagg/registry.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/codec.h"
#include "base/errors.h"
#include "crypto/sha256.h"

namespace accord::secagg {
namespace {

// Both with the zero byte that ends them.
constexpr std::string_view kRegistryLabel("FSA-1/registry\0", 15);
constexpr std::string_view kVouchLabel("accord/registry-entry/v1\0", 25);

constexpr std::size_t kLeastEntry = NodeId::kSize + 4 + crypto::Ed25519PublicKey::kSize + 8;

void WriteEntry(Writer& writer, const RegistryEntry& entry) {
  writer.Fixed(entry.id).Lv(entry.org).Fixed(entry.key).U64(entry.not_after);
}

RegistryEntry ReadEntry(Reader& reader) {
  RegistryEntry entry;
  entry.id = reader.Fixed<NodeId>();
  entry.org = reader.LvText();
  entry.key = reader.Fixed<crypto::Ed25519PublicKey>();
  entry.not_after = reader.U64();
  return entry;
}

Bytes VouchedBytes(const VouchedEntry& vouched) {
  Writer writer;
  writer.Raw(kVouchLabel).Lv(vouched.identity.Format());
  WriteEntry(writer, vouched.entry);
  return std::move(writer).Take();
}

Status Malformed(const char* what) { return Fail(errors::kSecaggBadEncoding, what); }

}  // namespace

Bytes RegistryEntry::Encode() const {
  Writer writer;
  WriteEntry(writer, *this);
  return std::move(writer).Take();
}

Result<RegistryEntry> RegistryEntry::Parse(ByteView bytes) {
  Reader reader(bytes);
  RegistryEntry entry = ReadEntry(reader);
  if (!reader.Done()) return Malformed("the entry is not in its canonical form");
  return entry;
}

Bytes Registry::Encode() const {
  Writer writer;
  writer.U64(version).U32(static_cast<std::uint32_t>(entries.size()));
  for (const RegistryEntry& entry : entries) WriteEntry(writer, entry);
  return std::move(writer).Take();
}

Digest Registry::Hash() const { return crypto::Sha256().Update(kRegistryLabel).Update(Encode()).Finish(); }

Result<Registry> Registry::Parse(ByteView bytes) {
  Reader reader(bytes);
  Registry registry{.version = reader.U64(), .entries = {}};
  const std::uint32_t count = reader.Count(kLeastEntry);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    registry.entries.push_back(ReadEntry(reader));
    if (i > 0 && !(registry.entries[i - 1].id < registry.entries[i].id)) reader.Refuse();
  }
  if (!reader.Done()) return Malformed("the registry is not in its canonical form");
  return registry;
}

const RegistryEntry* Registry::Find(const NodeId& id) const {
  const auto found = std::ranges::lower_bound(entries, id, {}, &RegistryEntry::id);
  return found != entries.end() && found->id == id ? &*found : nullptr;
}

Bytes VouchedEntry::Encode() const {
  Writer writer;
  writer.Lv(identity.Format());
  WriteEntry(writer, entry);
  writer.Lv(signature);
  return std::move(writer).Take();
}

Result<VouchedEntry> VouchedEntry::Parse(ByteView bytes) {
  Reader reader(bytes);
  const std::string uri = reader.LvText();
  RegistryEntry entry = ReadEntry(reader);
  const ByteView signature = reader.Lv();
  Result<crypto::SpiffeId> identity = crypto::SpiffeId::Parse(uri);
  if (!reader.Done() || !identity.ok()) return Malformed("the registry entry is not in its canonical form");
  return VouchedEntry{*std::move(identity), std::move(entry), Bytes(signature.begin(), signature.end())};
}

VouchedEntry Vouch(const crypto::P256Key& ca_key, const crypto::SpiffeId& identity, std::string org,
                   const crypto::Ed25519PublicKey& key, std::uint64_t not_after) {
  VouchedEntry vouched{
      .identity = identity,
      .entry = {.id = identity.ToNodeId(), .org = std::move(org), .key = key, .not_after = not_after},
      .signature = {}};
  vouched.signature = ca_key.Sign(VouchedBytes(vouched));
  return vouched;
}

Status CheckVouched(const VouchedEntry& vouched, const crypto::Certificate& ca) {
  const std::string name = vouched.identity.Format();
  if (vouched.identity.role != crypto::Role::kNode || !ca.info().is_ca ||
      ca.info().uri != "spiffe://" + vouched.identity.trust_domain) {
    return Fail(errors::kRegistryUntrusted, name + " is not a node of the trust domain of " + ca.info().uri);
  }
  if (vouched.entry.id != vouched.identity.ToNodeId()) {
    return Fail(errors::kRegistryUntrusted, "the registry entry of " + name + " has the id of another");
  }
  if (!ca.Verifies(VouchedBytes(vouched), vouched.signature)) {
    return Fail(errors::kRegistryUntrusted,
                "the registry entry of " + name + " is not signed by " + ca.info().uri);
  }
  return {};
}

Status CheckVouched(const VouchedEntry& vouched, std::span<const crypto::Certificate> cas) {
  Status why = Fail(errors::kRegistryUntrusted, "there is no CA to check the registry by");
  for (const crypto::Certificate& ca : cas) {
    why = CheckVouched(vouched, ca);
    if (why.ok()) break;
  }
  return why;
}

}  // namespace accord::secagg
