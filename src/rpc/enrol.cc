#include "rpc/enrol.h"

#include <algorithm>
#include <chrono>

#include "accord/v1/coordinator.grpc.pb.h"
#include "base/errors.h"
#include "crypto/x509.h"
#include "crypto/zeroizing.h"
#include "rpc/bulk_client.h"
#include "rpc/channel.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

void CleanseText(std::string* secret) {
  crypto::Cleanse({reinterpret_cast<std::uint8_t*>(secret->data()), secret->size()});
}

Status CheckAnswer(const Enrolled& enrolled, const Digest& pin) {
  ACCORD_ASSIGN_OR_RETURN(const auto leaf, crypto::Certificate::FromPem(enrolled.certificate_pem));
  ACCORD_ASSIGN_OR_RETURN(const auto cas, crypto::Certificate::ChainFromPem(enrolled.ca_pem));
  const auto ca = std::ranges::find(cas, pin, [](const auto& c) { return c.info().fingerprint; });
  if (ca == cas.end())
    return Fail(errors::kNetUntrusted, "The CA bundle that came back lacks the pinned CA.");
  const auto now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  ACCORD_RETURN_IF_ERROR(crypto::VerifyLeaf(leaf, *ca, now));
  if (leaf.info().uri != enrolled.spiffe_id) {
    return Fail(errors::kNetUntrusted, "The certificate is for " + leaf.info().uri + ".");
  }
  return {};
}

}  // namespace

Result<Enrolled> Enrol(const EnrolTarget& target, EnrolRequest request, const CallLimits& limits) {
  v1::EnrolRequest wire;
  ToProto(request, &wire);
  crypto::Cleanse(request.token_secret);
  const auto channel = Channel::OpenPinned(target);
  Result<v1::EnrolReply> reply = channel.status();
  if (channel.ok()) {
    const auto stub = v1::Enrolment::NewStub((*channel)->grpc());
    reply = CallUnary<v1::EnrolReply>(
        **channel, limits, [&](auto* context, auto* out) { return stub->Enrol(context, wire, out); });
  }
  CleanseText(wire.mutable_token_secret());
  if (!reply.ok()) return reply.status();
  ACCORD_ASSIGN_OR_RETURN(Enrolled enrolled, FromProto(*reply));
  ACCORD_RETURN_IF_ERROR(CheckAnswer(enrolled, target.ca_fingerprint));
  return enrolled;
}

Result<Enrolled> Renew(const ClientOptions& options, const std::string& csr_pem, const CallLimits& limits) {
  ACCORD_ASSIGN_OR_RETURN(const auto channel, Channel::Open(options));
  return RenewCertificate(*channel, csr_pem, limits);
}

Result<Enrolled> RenewCertificate(const Channel& channel, const std::string& csr_pem,
                                  const CallLimits& limits) {
  v1::RenewRequest request;
  request.set_csr_pem(csr_pem);
  const auto stub = v1::Enrolment::NewStub(channel.grpc());
  ACCORD_ASSIGN_OR_RETURN(const auto reply,
                          CallUnary<v1::EnrolReply>(channel, limits, [&](auto* context, auto* out) {
                            return stub->Renew(context, request, out);
                          }));
  return FromProto(reply);
}

}  // namespace accord::rpc
