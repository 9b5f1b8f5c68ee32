// The gate before every RPC: who is it, may that role call this, does the identity still count. Runs on gRPC
// threads before any handler, never blocks; its refusals reach the caller.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <string>

#include "accord/status.h"
#include "rpc/handlers.h"

namespace accord::rpc {

// The caller by its certificate, which the handshake verified: `auth.no_certificate` without one,
// `auth.trust_domain` when it has no SPIFFE id.
[[nodiscard]] Result<Peer> PeerOf(const grpc::AuthContext& context);

class Gate final : public grpc::AuthMetadataProcessor {
 public:
  // `identity` outlives the gate.
  explicit Gate(IdentityHandler* identity) : identity_(identity) {}

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  [[nodiscard]] Status Check(std::string_view path, const grpc::AuthContext& context) const;

  IdentityHandler* const identity_;
};

}  // namespace accord::rpc
