#include "base/check.h"
#include "crypto/sha256.h"
#include "crypto/x509.h"
#include "node/registry.h"
#include "sim/federation.h"

namespace accord::sim {
namespace {

constexpr const char* kDomain = "sim.accord";
constexpr std::uint64_t kNotAfter = 4'000'000'000;  // Unix seconds; the simulated world ends long before

// As enrolment does it.
Status Enrol(const crypto::P256Key& ca, const Members::Lab& lab, store::Members& table) {
  const auto vouched = secagg::Vouch(ca, lab.identity, kDomain, lab.key->PublicKey(), kNotAfter);
  const store::Member member{.spiffe_id = lab.identity.Format(),
                             .name = lab.identity.name,
                             .role = "node",
                             .protocol_key = {},
                             .registry_entry = vouched.Encode(),
                             .registry_signature = vouched.signature};
  const Digest secret = crypto::Sha256::Of(lab.identity.name);
  ACCORD_RETURN_IF_ERROR(table.AddToken({.secret_hash = secret,
                                         .spiffe_id = member.spiffe_id,
                                         .name = member.name,
                                         .role = member.role,
                                         .expires_at = TimePoint(Millis(1'000))}));
  return table.Redeem({.secret_hash = secret, .member = member}, TimePoint());
}

}  // namespace

Result<std::unique_ptr<Members>> MakeMembers(std::size_t nodes, const std::filesystem::path& directory) {
  auto made = std::make_unique<Members>();
  made->coordinator.federation.trust_domain = kDomain;
  made->coordinator.security.allow_unmasked = true;
  made->node.policy.allow_unmasked = true;
  made->node.policy.allow_semi_honest = true;
  made->node.policy.purposes = {"*"};
  made->node.node.state = directory;
  made->node.data["d"] = DatasetConfig{.id = "d"};
  made->disk = std::make_unique<Disk>(nodes);  // ids of federations are above
  ACCORD_ASSIGN_OR_RETURN(made->table, store::Members::Open(made->disk->Path("members.db")));
  const crypto::P256Key ca = crypto::P256Key::Generate();
  for (std::size_t i = 0; i < nodes; ++i) {
    const auto identity = crypto::SpiffeId::Make(kDomain, crypto::Role::kNode, "lab-" + std::to_string(i));
    ACCORD_CHECK(identity.ok());
    auto key = std::make_shared<const crypto::Ed25519Key>(
        crypto::Ed25519Key::FromSeed(crypto::Sha256::Of(identity->name).bytes));
    made->labs.push_back({*identity, identity->ToNodeId(), std::move(key)});
    ACCORD_RETURN_IF_ERROR(Enrol(ca, made->labs.back(), *made->table));
  }
  ACCORD_ASSIGN_OR_RETURN(made->registries,
                          coordinator::RegistryBook::Open(directory / "registry", *made->table));
  ACCORD_RETURN_IF_ERROR(node::Pin(directory, made->registries->Newest()->registry));
  return made;
}

}  // namespace accord::sim
