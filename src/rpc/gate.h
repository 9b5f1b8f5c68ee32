// The gate before every RPC: who is it, is its certificate in date, may that role call this, does the
// identity still count. Runs on gRPC threads before any handler, never blocks; its refusals reach the caller.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <chrono>
#include <string>

#include "accord/clock.h"
#include "accord/status.h"
#include "rpc/handlers.h"

namespace accord::rpc {

// The caller by its certificate, which the handshake verified: `auth.no_certificate` without one,
// `auth.trust_domain` when it has no SPIFFE id.
[[nodiscard]] Result<Peer> PeerOf(const grpc::AuthContext& context);

// TLS looks at dates in the handshake alone, and a connection may last for months. So much later than the
// certificate's end calls are refused, and those that are open are ended: for clocks that are set meanwhile.
inline constexpr Millis kExpiryAllowance = std::chrono::minutes(1);

// `auth.expired`, of a caller whose certificate ended at `ends`.
[[nodiscard]] Status Expired(const std::string& identity, TimePoint ends);

class Gate final : public grpc::AuthMetadataProcessor {
 public:
  // Both outlive the gate.
  Gate(IdentityHandler* identity, const Clock* clock) : identity_(identity), clock_(clock) {}

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  [[nodiscard]] Status Check(std::string_view path, const grpc::AuthContext& context) const;

  IdentityHandler* const identity_;
  const Clock* const clock_;
};

}  // namespace accord::rpc
