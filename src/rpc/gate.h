// The gate before every RPC: who is it, may that role call this, does the identity still count. Runs on gRPC
// threads before any handler, never blocks; its refusals reach the caller.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <string>

#include "accord/status.h"
#include "rpc/handlers.h"

namespace accord::rpc {

// The caller by its verified certificate: `auth.no_certificate` without one, `auth.trust_domain` when its
// SPIFFE id is not of `trust_domain` or not one at all.
[[nodiscard]] Result<Peer> PeerOf(const grpc::AuthContext& context, const std::string& trust_domain);

class Gate final : public grpc::AuthMetadataProcessor {
 public:
  // `identity` outlives the gate.
  Gate(std::string trust_domain, IdentityHandler* identity)
      : trust_domain_(std::move(trust_domain)), identity_(identity) {}

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  [[nodiscard]] Status Check(std::string_view path, const grpc::AuthContext& context) const;

  const std::string trust_domain_;
  IdentityHandler* const identity_;
};

}  // namespace accord::rpc
