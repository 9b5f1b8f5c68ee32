#include "node/registry_client.h"

#include <algorithm>

#include "base/errors.h"
#include "base/log.h"
#include "rpc/registry_view.h"

namespace accord::node {
namespace {

Result<ServedRegistry> Read(const rpc::RegistryView& view) {
  ServedRegistry served;
  for (const rpc::RegistryView::Entry& entry : view.entries) {
    ACCORD_ASSIGN_OR_RETURN(secagg::VouchedEntry vouched, rpc::ToVouched(entry));
    served.entries.push_back(std::move(vouched));
  }
  return served;
}

// Whether a node that both have is another in each.
bool HasOtherKeys(const secagg::Registry& a, const secagg::Registry& b) {
  return std::ranges::any_of(a.entries, [&](const secagg::RegistryEntry& entry) {
    const secagg::RegistryEntry* known = b.Find(entry.id);
    return known != nullptr && *known != entry;
  });
}

}  // namespace

Result<ServedRegistry> CheckServed(const rpc::RegistryView& view, std::span<const crypto::Certificate> cas,
                                   const std::optional<Digest>& hash) {
  ACCORD_ASSIGN_OR_RETURN(ServedRegistry served, Read(view));
  ACCORD_ASSIGN_OR_RETURN(served.registry, CheckRegistry(view.version, served.entries, cas));
  if (hash && served.registry.Hash() != *hash) {
    return Fail(
        errors::kSecaggWrongRegistry,
        "the coordinator gave the registry " + served.registry.Hash().Hex() + ", asked for " + hash->Hex());
  }
  return served;
}

Result<ServedRegistry> CheckServed(const rpc::RegistryView& view, const charter::Charter& charter) {
  ACCORD_ASSIGN_OR_RETURN(ServedRegistry served, Read(view));
  std::vector<crypto::Certificate> cas;
  for (const std::string& pem : view.cas) {
    auto ca = crypto::Certificate::FromPem(pem);
    if (ca.ok()) cas.push_back(*std::move(ca));  // without one that is missing its entries are refused
  }
  ACCORD_ASSIGN_OR_RETURN(served.registry, CheckRegistry(view.version, served.entries, cas, charter));
  return served;
}

Result<ServedRegistry> FetchRegistry(const Identity& identity, const std::optional<Digest>& hash) {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<crypto::Certificate> cas, LoadCas(identity));
  ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<rpc::NodeClient> client,
                          rpc::NodeClient::Open(identity.ClientFiles()));
  ACCORD_ASSIGN_OR_RETURN(const rpc::RegistryView view, client->GetRegistry(hash, {}));
  return CheckServed(view, cas, hash);
}

Status SyncRegistry(const std::filesystem::path& state, rpc::NodeClient& client,
                    const charter::Charter& charter) {
  ACCORD_ASSIGN_OR_RETURN(const rpc::RegistryView view, client.GetRegistry(std::nullopt, {}));
  ACCORD_ASSIGN_OR_RETURN(const ServedRegistry served, CheckServed(view, charter));
  const Result<PinnedRegistry> loaded = LoadPinned(state);
  if (!loaded.ok()) LogWarn("registry.damaged", {{"why", Describe(loaded.status())}});
  const PinnedRegistry pinned = loaded.ok() ? *loaded : PinnedRegistry{};
  const Digest hash = served.registry.Hash();
  if (pinned.registry && pinned.hash == hash) return {};
  // An older one could bring back a key that its member has replaced. After a restore the coordinator counts
  // anew, and who has joined or left meanwhile is no reason to refuse.
  const bool older = pinned.registry && pinned.registry->version >= served.registry.version;
  if (older && HasOtherKeys(served.registry, *pinned.registry)) {
    return Fail(errors::kSecaggWrongRegistry,
                "the coordinator's registry " + hash.Hex() + " has the version " +
                    std::to_string(served.registry.version) + ", and version " +
                    std::to_string(pinned.registry->version) + ", with another key of a node, is pinned here",
                "The coordinator went back to an older state: its operator has the node join anew.");
  }
  ACCORD_RETURN_IF_ERROR(Pin(state, served.registry));
  LogInfo("registry.pinned", {{"version", std::to_string(served.registry.version)},
                              {"hash", hash.Hex()},
                              {"nodes", std::to_string(served.entries.size())}});
  return {};
}

}  // namespace accord::node
