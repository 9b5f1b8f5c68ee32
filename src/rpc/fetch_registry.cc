#include "accord/v1/coordinator.grpc.pb.h"
#include "base/errors.h"
#include "rpc/bulk_client.h"
#include "rpc/convert.h"
#include "rpc/registry_view.h"

namespace accord::rpc {

Result<RegistryView> FetchRegistry(const Channel& channel, const std::optional<Digest>& hash,
                                   const CallLimits& limits) {
  v1::GetRegistryRequest request;
  if (hash) request.set_hash(std::string(hash->View()));
  const auto stub = v1::Coordinator::NewStub(channel.grpc());
  ACCORD_ASSIGN_OR_RETURN(const auto reply,
                          CallUnary<v1::Registry>(channel, limits, [&](auto* context, auto* out) {
                            return stub->GetRegistry(context, request, out);
                          }));
  ACCORD_ASSIGN_OR_RETURN(RegistryView view, FromProto(reply));
  ACCORD_ASSIGN_OR_RETURN(const secagg::Registry registry, ToRegistry(view));
  if (hash && registry.Hash() != *hash) {
    return Fail(errors::kRegistryUntrusted, "The registry that came is not " + hash->Hex() + ".");
  }
  return view;
}

}  // namespace accord::rpc
