// Bulk and identity, and the fields of small requests.
#include "base/errors.h"
#include "rpc/convert.h"
#include "rpc/status_map.h"
#include "rpc/strict.h"

namespace accord::rpc {
namespace {

constexpr int kMaxRegistryEntries = 65'536;
constexpr std::size_t kMaxRegistryEntry = 1'024;
constexpr std::size_t kMaxDer = 256;  // of an ECDSA signature on any curve
constexpr std::size_t kMaxPem = 16 << 10;
constexpr std::size_t kMaxPemBundle = 256 << 10;
constexpr int kMaxCas = 4'096;
constexpr std::size_t kMaxAddress = 512;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kProtocolKeyBytes = 32;
constexpr std::size_t kMaxRegistry = 4'096;

}  // namespace

void ToProto(const UploadKey& key, v1::UploadKey* out) {
  out->set_job(std::string(key.job.View()));
  out->set_round(key.round.value);
  out->set_attempt(key.attempt.value);
}

void ToProto(const UploadState& state, v1::UploadState* out) {
  out->set_next_seq(state.next_seq);
  out->set_complete(state.complete);
}

void ToProto(const EnrolRequest& request, v1::EnrolRequest* out) {
  out->set_token_secret(std::string(AsText(request.token_secret)));
  out->set_csr_pem(WireText(request.csr_pem, kMaxPem));
  out->set_protocol_key(std::string(AsText(request.protocol_key)));
}

void ToProto(const Enrolled& enrolled, v1::EnrolReply* out) {
  out->set_certificate_pem(enrolled.certificate_pem);
  out->set_ca_pem(enrolled.ca_pem);
  out->set_spiffe_id(enrolled.spiffe_id);
  out->set_registry_entry(std::string(AsText(enrolled.registry_entry)));
  out->set_registry_signature(std::string(AsText(enrolled.registry_signature)));
  out->set_coordinator(enrolled.coordinator);
  out->set_coordinator_ca_pem(enrolled.coordinator_ca_pem);
}

void ToProto(const Introduction& introduction, v1::IntroduceRequest* out) {
  out->set_ca_pem(introduction.ca_pem);
  out->set_registry_entry(std::string(AsText(introduction.registry_entry)));
}

Result<UploadKey> FromProto(const v1::UploadKey& key) {
  Strict in("UploadKey");
  const UploadKey out{.job = in.Id<JobId>(key.job(), "job"),
                      .round = in.Round(key.round(), "round"),
                      .attempt = {key.attempt()}};
  return in.Give(out);
}

Result<UploadState> FromProto(const v1::UploadState& state) {
  return UploadState{.next_seq = state.next_seq(), .complete = state.complete()};
}

Result<EnrolRequest> FromProto(const v1::EnrolRequest& request) {
  Strict in("EnrolRequest");
  in.Require(request.token_secret().size() == kSecretBytes, "token_secret", "has not 32 bytes");
  in.Require(request.protocol_key().empty() || request.protocol_key().size() == kProtocolKeyBytes,
             "protocol_key", "has neither 32 bytes nor none");
  EnrolRequest out{.token_secret = in.Bytes(request.token_secret(), kSecretBytes, "token_secret"),
                   .csr_pem = in.Text(request.csr_pem(), kMaxPem, "csr_pem"),
                   .protocol_key = in.Bytes(request.protocol_key(), kProtocolKeyBytes, "protocol_key")};
  return in.Give(std::move(out));
}

Result<Enrolled> FromProto(const v1::EnrolReply& reply) {
  Strict in("EnrolReply");
  Enrolled out{
      .certificate_pem = in.Text(reply.certificate_pem(), kMaxPem, "certificate_pem"),
      .ca_pem = in.Text(reply.ca_pem(), kMaxPemBundle, "ca_pem"),
      .spiffe_id = in.Text(reply.spiffe_id(), kMaxSpiffeBytes, "spiffe_id"),
      .registry_entry = in.Bytes(reply.registry_entry(), kMaxRegistry, "registry_entry"),
      .registry_signature = in.Bytes(reply.registry_signature(), kMaxRegistry, "registry_signature"),
      .coordinator = in.Text(reply.coordinator(), kMaxAddress, "coordinator"),
      .coordinator_ca_pem = in.Text(reply.coordinator_ca_pem(), kMaxPemBundle, "coordinator_ca_pem")};
  return in.Give(std::move(out));
}

Result<Introduction> FromProto(const v1::IntroduceRequest& request) {
  Strict in("IntroduceRequest");
  Introduction out{.ca_pem = in.Text(request.ca_pem(), kMaxPem, "ca_pem"),
                   .registry_entry = in.Bytes(request.registry_entry(), kMaxRegistry, "registry_entry")};
  return in.Give(std::move(out));
}

void ToProto(const Appended& appended, v1::AppendReply* out) {
  out->set_index(appended.index);
  out->set_id(std::string(appended.id.View()));
}

void ToProto(const Bytes& content, v1::Resource* out) { out->set_content(std::string(AsText(content))); }

Result<Appended> FromProto(const v1::AppendReply& reply) {
  Strict in("AppendReply");
  const Appended out{reply.index(), in.Id<Digest>(reply.id(), "id")};
  return in.Give(out);
}

void ToProto(const RegistryView& view, v1::Registry* out) {
  out->set_version(view.version);
  for (const RegistryView::Entry& entry : view.entries) {
    v1::Registry::Entry* to = out->add_entries();
    to->set_spiffe_id(entry.spiffe_id);
    to->set_entry(std::string(AsText(entry.entry)));
    to->set_signature(std::string(AsText(entry.signature)));
  }
  for (const std::string& ca : view.cas) out->add_ca_pem(ca);
}

Result<RegistryView> FromProto(const v1::Registry& registry) {
  Strict in("Registry");
  in.Require(registry.version() != 0, "version", "is 0");
  in.Require(registry.entries_size() <= kMaxRegistryEntries, "entries", "is too long");
  in.Require(registry.ca_pem_size() <= kMaxCas, "ca_pem", "is too long");
  RegistryView out{.version = registry.version(), .entries = {}, .cas = {}};
  for (const std::string& ca : registry.ca_pem()) {
    if (!in.status().ok()) break;
    out.cas.push_back(in.Text(ca, kMaxPem, "ca_pem"));
  }
  std::string_view last;
  for (const v1::Registry::Entry& entry : registry.entries()) {
    if (!in.status().ok()) break;
    const std::string_view id = std::string_view(entry.entry()).substr(0, NodeId::kSize);
    in.Require(id.size() == NodeId::kSize, "entries.entry", "is too short");
    in.Require(last.empty() || last < id, "entries", "is not strictly ascending");
    last = id;
    out.entries.push_back({.spiffe_id = in.Text(entry.spiffe_id(), kMaxSpiffeBytes, "entries.spiffe_id"),
                           .entry = in.Bytes(entry.entry(), kMaxRegistryEntry, "entries.entry"),
                           .signature = in.Bytes(entry.signature(), kMaxDer, "entries.signature")});
  }
  return in.Give(std::move(out));
}

Status CheckText(const std::string& text, std::size_t limit, std::string_view field) {
  Strict in("Request");
  in.Text(text, limit, field);
  return in.status();
}

Result<Digest> ReadDigest(const std::string& raw, std::string_view field) {
  Strict in("Request");
  const auto digest = in.Id<Digest>(raw, field);
  return in.Give(digest);
}

Result<std::string> ReadCsr(const std::string& csr_pem) {
  Strict in("RenewRequest");
  std::string csr = in.Text(csr_pem, kMaxPem, "csr_pem");
  return in.Give(std::move(csr));
}

Result<Bytes> ReadPlan(const std::string& plan) {
  Strict in("Request");
  Bytes bytes = in.Bytes(plan, kMaxPlanBytes, "plan");
  return in.Give(std::move(bytes));
}

Result<Bytes> ReadToken(const std::string& token) {
  Strict in("SubmitJobRequest");
  in.Require(token.size() == kTokenBytes, "token", "has not 16 bytes");
  Bytes bytes = in.Bytes(token, kTokenBytes, "token");
  return in.Give(std::move(bytes));
}

Result<Millis> ReadTtl(std::uint64_t ttl_ms) {
  Strict in("InviteRequest");
  const Millis ttl = in.Duration(ttl_ms, "ttl_ms");
  return in.Give(ttl);
}

}  // namespace accord::rpc
