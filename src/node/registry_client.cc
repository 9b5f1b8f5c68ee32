#include "node/registry_client.h"

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

// What a registry leaves out is remembered: an older entry could else come back once its node was away.
Status PinServed(const std::filesystem::path& state, const ServedRegistry& served) {
  const Result<PinnedRegistry> loaded = LoadPinned(state);
  if (!loaded.ok()) LogWarn("registry.damaged", {{"why", Describe(loaded.status())}});
  const PinnedRegistry pinned = loaded.ok() ? *loaded : PinnedRegistry{};
  const Digest hash = served.registry.Hash();
  if (pinned.registry && pinned.hash == hash) return {};
  ACCORD_ASSIGN_OR_RETURN(const secagg::Registry known, LoadSeen(state));
  secagg::Registry seen = known;
  if (pinned.registry) {
    Result<secagg::Registry> both = SeeNewer(known, *pinned.registry);
    if (both.ok()) seen = *std::move(both);  // a person may have pinned an older one
  }
  ACCORD_ASSIGN_OR_RETURN(seen, SeeNewer(std::move(seen), served.registry, served.entries));
  if (seen != known) ACCORD_RETURN_IF_ERROR(KeepSeen(state, seen));
  ACCORD_RETURN_IF_ERROR(Pin(state, served.registry));
  LogInfo("registry.pinned", {{"version", std::to_string(served.registry.version)},
                              {"hash", hash.Hex()},
                              {"nodes", std::to_string(served.entries.size())}});
  return {};
}

Status SyncRegistry(const std::filesystem::path& state, rpc::NodeClient& client,
                    const charter::Charter& charter) {
  ACCORD_ASSIGN_OR_RETURN(const rpc::RegistryView view, client.GetRegistry(std::nullopt, {}));
  ACCORD_ASSIGN_OR_RETURN(const ServedRegistry served, CheckServed(view, charter));
  return PinServed(state, served);
}

}  // namespace accord::node
