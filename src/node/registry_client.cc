#include "node/registry_client.h"

#include "base/errors.h"
#include "rpc/node_client.h"
#include "rpc/registry_view.h"

namespace accord::node {

Result<ServedRegistry> CheckServed(const rpc::RegistryView& view, const crypto::Certificate& ca,
                                   const std::optional<Digest>& hash) {
  ServedRegistry served;
  for (const rpc::RegistryView::Entry& entry : view.entries) {
    ACCORD_ASSIGN_OR_RETURN(secagg::VouchedEntry vouched, rpc::ToVouched(entry));
    served.entries.push_back(std::move(vouched));
  }
  ACCORD_ASSIGN_OR_RETURN(served.registry, CheckRegistry(view.version, served.entries, ca));
  if (hash && served.registry.Hash() != *hash) {
    return Fail(
        errors::kSecaggWrongRegistry,
        "the coordinator gave the registry " + served.registry.Hash().Hex() + ", asked for " + hash->Hex());
  }
  return served;
}

Result<ServedRegistry> FetchRegistry(const Identity& identity, const std::optional<Digest>& hash) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate ca, LoadCa(identity));
  ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<rpc::NodeClient> client,
                          rpc::NodeClient::Open(identity.ClientFiles()));
  ACCORD_ASSIGN_OR_RETURN(const rpc::RegistryView view, client->GetRegistry(hash, {}));
  return CheckServed(view, ca, hash);
}

}  // namespace accord::node
