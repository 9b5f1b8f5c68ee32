#include "rpc/gate.h"

#include "base/errors.h"
#include "crypto/spiffe.h"
#include "crypto/x509.h"
#include "rpc/access.h"
#include "rpc/status_map.h"

namespace accord::rpc {

namespace {

// By nodes of members that the coordinator has not met yet.
constexpr std::string_view kIntroduce = "/accord.v1.Enrolment/Introduce";

}  // namespace

Result<Peer> PeerOf(const grpc::AuthContext& context) {
  const auto ids = context.FindPropertyValues("peer_spiffe_id");
  const auto pems = context.FindPropertyValues("x509_pem_cert");
  if (ids.empty()) {
    if (pems.empty()) {
      return Fail(errors::kAuthNoCertificate, "The call came without a client certificate.");
    }
    return Fail(errors::kAuthTrustDomain, "The client certificate names no SPIFFE id.");
  }
  const std::string uri(ids.front().data(), ids.front().size());
  const auto id = crypto::SpiffeId::Parse(uri);
  if (ids.size() != 1 || !id.ok()) {
    return Fail(errors::kAuthTrustDomain,
                "The certificate names " + Printable(uri) + ", which is no SPIFFE id of a federation.");
  }
  if (pems.size() != 1) return Fail(errors::kAuthNoCertificate, "The call came without its certificate.");
  ACCORD_ASSIGN_OR_RETURN(const auto leaf,
                          crypto::Certificate::FromPem({pems.front().data(), pems.front().size()}));
  const crypto::CertificateInfo& info = leaf.info();
  return Peer{.spiffe_id = uri,
              .role = id->role,
              .name = id->name,
              .node = id->ToNodeId(),
              .certificate = info.fingerprint,
              .issued = info.not_before,
              .ends = info.not_after};
}

// The words are all that a caller hears: gRPC drops the details of what a gate refuses.
Status Expired(const std::string& identity, TimePoint ends) {
  return Fail(errors::kAuthExpired, "the certificate of " + identity +
                                        ", which this connection was made with, ended at " +
                                        FormatTime(ends) +
                                        "; connect with the renewed one (a node that cannot renew logs "
                                        "identity.renewal_failed)");
}

Status Gate::Check(std::string_view path, const grpc::AuthContext& context) const {
  if (CheckAccess(path, std::nullopt).ok()) return {};  // open to anyone
  const Result<Peer> peer = PeerOf(context);
  if (!peer.ok()) return peer.status();
  if (clock_->Now() > peer->ends + kExpiryAllowance) return Expired(peer->spiffe_id, peer->ends);
  ACCORD_RETURN_IF_ERROR(CheckAccess(path, peer->role));
  if (path == kIntroduce) return {};
  return identity_->CheckIdentity(peer->spiffe_id);
}

grpc::Status Gate::Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                           OutputMetadata*) {
  const auto path = metadata.find(":path");
  if (path == metadata.end()) return ToGrpc(Fail(errors::kRpcMalformed, "The call has no path."));
  return ToGrpc(Check({path->second.data(), path->second.size()}, *context));
}

}  // namespace accord::rpc
