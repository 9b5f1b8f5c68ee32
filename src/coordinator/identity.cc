#include "coordinator/identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "config/load.h"
#include "coordinator/enrolment.h"
#include "crypto/join_token.h"
#include "crypto/spiffe.h"

namespace accord::coordinator {
namespace {

constexpr Millis kBackdate = std::chrono::minutes(5);  // for clocks that differ
constexpr Millis kRefusalsApart = std::chrono::seconds(1);
constexpr Millis kCaLife = std::chrono::hours(24 * 365 * 10);

rpc::MemberView ViewOf(const store::Member& member) {
  return {member.name,      member.role,        member.spiffe_id,
          member.suspended, member.enrolled_at, member.certificate.not_after};
}

bool IsAddress(const std::string& name) {
  return name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

// ---------------------------------------------------------------- the CA and the server

Status CheckHasCa(const std::filesystem::path& state) {
  const std::filesystem::path key = IdentityPaths(state).ca_key;
  std::error_code unknown;
  const auto type = std::filesystem::status(key, unknown).type();
  if (type == std::filesystem::file_type::none) return ErrnoStatus(unknown.value(), "cannot look at", key);
  if (type != std::filesystem::file_type::not_found) return {};
  return Fail(errors::kIdentityMissing, "there is no federation in " + state.string());
}

Result<Ca> LoadCa(const std::filesystem::path& state) {
  ACCORD_RETURN_IF_ERROR(CheckHasCa(state));
  const IdentityPaths paths(state);
  ACCORD_ASSIGN_OR_RETURN(crypto::P256Key key, crypto::P256Key::Load(paths.ca_key));
  ACCORD_ASSIGN_OR_RETURN(const Bytes pem, ReadFile(paths.ca_certificate, 1 << 16));
  ACCORD_ASSIGN_OR_RETURN(crypto::Certificate ca, crypto::Certificate::FromPem(AsText(pem)));
  ACCORD_RETURN_IF_ERROR(crypto::CheckKeyMatches(ca, key));
  return Ca{std::move(ca), std::move(key)};
}

Status Identity::Init(const std::filesystem::path& state, const std::string& trust_domain,
                      const Clock& clock) {
  const IdentityPaths paths(state);
  if (std::filesystem::exists(paths.ca_key)) {
    return Fail(errors::kIdentityExists, paths.ca_key.string() + " exists: this federation was made before");
  }
  const crypto::P256Key key = crypto::P256Key::Generate();
  const TimePoint now = clock.Now();
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate ca,
                          crypto::MakeCa(key, trust_domain, {now - kBackdate, now + kCaLife}));
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(paths.ca_certificate, AsBytes(ca.pem()), FileMode::kShared));
  return key.Save(paths.ca_key);
}

Result<std::unique_ptr<Identity>> Identity::Open(Options options) {
  const IdentityPaths paths(options.state);
  ACCORD_ASSIGN_OR_RETURN(Ca loaded, LoadCa(options.state));
  auto& [ca, key] = loaded;
  if (ca.info().uri != "spiffe://" + options.trust_domain) {
    return Fail(errors::kIdentityTrustDomain,
                "the CA is of " + ca.info().uri + ", the configuration says " + options.trust_domain);
  }
  ACCORD_ASSIGN_OR_RETURN(auto certificates, CertificateBook::Open(paths.members));
  std::unique_ptr<Identity> identity(
      new Identity(std::move(options), std::move(key), std::move(ca), std::move(certificates)));
  ACCORD_RETURN_IF_ERROR(identity->LoadMembers());
  if (RegistryBook* book = identity->options_.registry; book != nullptr)
    ACCORD_RETURN_IF_ERROR(identity->OpenRegistry(*book));
  return identity;
}

// Nodes that do not count under the charter are in no registry: those that go by it would refuse it.
Status Identity::OpenRegistry(RegistryBook& book) {
  book.CountOnly([this](const secagg::VouchedEntry& vouched, std::span<const crypto::Certificate> cas) {
    return cas_.Counts(vouched, cas);
  });
  return book.KeepCa(ca_);
}

Status Identity::LoadMembers() {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<store::Member> members, options_.members->List());
  const MutexLock lock(mutex_);
  for (const store::Member& member : members) suspended_[member.spiffe_id] = member.suspended;
  return {};
}

Status Identity::RenewServer() {
  const IdentityPaths paths(options_.state);
  const crypto::P256Key key = crypto::P256Key::Generate();
  ACCORD_ASSIGN_OR_RETURN(
      const crypto::SpiffeId id,
      crypto::SpiffeId::Make(options_.trust_domain, crypto::Role::kCoordinator, "coordinator"));
  crypto::LeafNames names{.identity = id, .dns_names = {"localhost"}, .ip_addresses = {"127.0.0.1", "::1"}};
  std::vector<std::string> given = options_.names;
  if (const auto address = config::ParseHostPort(options_.advertise)) given.push_back(address->host);
  for (const std::string& name : given) {
    auto& list = IsAddress(name) ? names.ip_addresses : names.dns_names;
    if (std::ranges::find(list, name) == list.end()) list.push_back(name);
  }
  const TimePoint now = options_.clock->Now();
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate leaf,
                          crypto::IssueLeaf(ca_key_, ca_, crypto::MakeCsr(key), names,
                                            {now - kBackdate, now + options_.certificate_ttl}));
  // A directory of its own and one rename, so that nobody ever reads a key with another certificate.
  const std::string version =
      std::to_string(now.time_since_epoch().count()) + "." + std::to_string(::getpid());
  const std::filesystem::path directory = paths.tls / version;
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(directory / "chain.pem", AsBytes(leaf.pem() + ca_.pem()), FileMode::kShared));
  ACCORD_RETURN_IF_ERROR(key.Save(directory / "key.pem"));
  const std::filesystem::path fresh = paths.tls / (version + ".link");
  std::error_code error;
  std::filesystem::create_symlink(version, fresh, error);
  if (!error) std::filesystem::rename(fresh, paths.current, error);
  if (error) return ErrnoStatus(error.value(), "cannot switch to the new certificate at", paths.current);
  for (const auto& entry : std::filesystem::directory_iterator(paths.tls, error)) {
    const bool old = entry.is_directory() && !entry.is_symlink() && entry.path().filename() != version;
    if (old) std::filesystem::remove_all(entry.path(), error);
  }
  return {};
}

Result<crypto::Certificate> Identity::Issue(const crypto::SpiffeId& id, const std::string& csr_pem) {
  const TimePoint now = options_.clock->Now();
  return crypto::IssueLeaf(ca_key_, ca_, csr_pem, {.identity = id, .dns_names = {}, .ip_addresses = {}},
                           {now - kBackdate, now + options_.certificate_ttl});
}

// ---------------------------------------------------------------- members

Result<rpc::InviteView> Identity::Invite(const std::string& by, const std::string& name,
                                         const std::string& role, Millis ttl) {
  if (ttl < Millis(0) || ttl > kMaxInviteTtl) {
    return Fail(errors::kMemberInvite,
                "a token lives at most 7 days; " + FormatDuration(ttl) + " was asked for");
  }
  const auto parsed = crypto::ParseRole(role);
  if (!parsed || *parsed == crypto::Role::kCoordinator) {
    return Fail(errors::kMemberInvite, "'" + Printable(role, 40) + "' is none of node, operator, researcher");
  }
  if (!options_.member.empty() && *parsed != crypto::Role::kNode) {
    return Fail(errors::kMemberInvite,
                "a member's own CA certifies its nodes; people join at the coordinator");
  }
  if (!IsName(name)) {
    return Fail(errors::kMemberInvite,
                "'" + Printable(name, 70) +
                    "' is no name: 1 to 64 of a-z, 0-9, '-', '_', '.', a letter or digit first");
  }
  ACCORD_ASSIGN_OR_RETURN(const crypto::SpiffeId id,
                          crypto::SpiffeId::Make(options_.trust_domain, *parsed, name));
  ACCORD_RETURN_IF_ERROR(cas_.Check(id));  // under a charter a node of this CA may be nobody's
  ACCORD_ASSIGN_OR_RETURN(const crypto::JoinToken token,
                          crypto::MakeJoinToken(options_.advertise, ca_.info().fingerprint, id));
  const TimePoint now = options_.clock->Now();
  const TimePoint expires = now + (ttl == Millis(0) ? kDefaultInviteTtl : ttl);
  ACCORD_RETURN_IF_ERROR(certificates_->ForgetTokens(now));
  ACCORD_RETURN_IF_ERROR(options_.members->AddToken({.secret_hash = crypto::TokenHash(token.secret.view()),
                                                     .spiffe_id = id.Format(),
                                                     .name = name,
                                                     .role = role,
                                                     .expires_at = expires,
                                                     .created_by = by}));
  const crypto::ZeroizingBytes text = crypto::FormatJoinToken(token);
  return rpc::InviteView{std::string(AsText(text.view())), id.Format(), expires};
}

Result<std::vector<rpc::MemberView>> Identity::List() {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<store::Member> members, options_.members->List());
  std::vector<rpc::MemberView> views;
  for (const store::Member& member : members) views.push_back(ViewOf(member));
  return views;
}

Result<rpc::MemberView> Identity::Suspend(const std::string& spiffe_id, bool suspended) {
  ACCORD_RETURN_IF_ERROR(options_.members->Suspend(spiffe_id, suspended));
  {
    const MutexLock lock(mutex_);
    suspended_[spiffe_id] = suspended;
  }
  LogWarn(suspended ? "member.suspended" : "member.restored", {{"id", spiffe_id}});
  if (suspended) options_.cut(spiffe_id, Fail(errors::kAuthRevoked, spiffe_id + " was suspended"));
  RefreshRegistry();
  ACCORD_ASSIGN_OR_RETURN(const store::Member member, options_.members->Get(spiffe_id));
  return ViewOf(member);
}

// The members are the truth: what fails here is made up for by the next change, or the next start.
void Identity::RefreshRegistry() {
  if (options_.registry == nullptr) return;
  if (const Status done = options_.registry->Refresh(); !done.ok()) {
    LogError("registry.refresh_failed", {{"why", Describe(done)}});
  }
}

void Identity::GetRegistry(std::optional<Digest> hash, rpc::Reply<rpc::RegistryView> reply) {
  boost::asio::post(*options_.workers, [book = options_.registry, hash, reply = std::move(reply)] {
    Result<std::shared_ptr<const RegistryVersion>> found = hash ? book->Find(*hash) : book->Newest();
    if (!found.ok()) return reply(found.status());
    rpc::RegistryView view = (*found)->View();
    view.cas = book->Cas();
    reply(std::move(view));
  });
}

// TLS has no words for why, so that the reason is here alone; but strangers do not fill the log.
Status Identity::CheckCertificate(std::string_view leaf_pem, std::string_view chain_pem) {
  const TimePoint now = options_.clock->Now();
  const Status status = cas_.CheckLeaf(leaf_pem, chain_pem, now);
  if (status.ok()) return status;
  const MutexLock lock(mutex_);
  ++refused_;
  if (last_refused_ && now >= *last_refused_ && now - *last_refused_ < kRefusalsApart) return status;
  LogWarn("peer.refused", {{"why", Describe(status)}, {"count", std::to_string(refused_)}});
  last_refused_ = now;
  refused_ = 0;
  return status;
}

Result<bool> Identity::IsSuspended(const std::string& spiffe_id) {
  const auto stranger = [&] { return Fail(errors::kAuthRevoked, spiffe_id + " is not a member"); };
  if (!options_.member.empty()) {  // few ask there, and rarely
    const Result<store::Member> member = options_.members->Get(spiffe_id);
    if (member.ok()) return member->suspended;
    return member.status().error() == errors::kMemberNotFound.id ? stranger() : member.status();
  }
  const MutexLock lock(mutex_);
  const auto member = suspended_.find(spiffe_id);
  if (member == suspended_.end()) return stranger();
  return member->second;
}

Status Identity::CheckIdentity(const std::string& spiffe_id) {
  ACCORD_ASSIGN_OR_RETURN(const bool suspended, IsSuspended(spiffe_id));
  if (suspended) return Fail(errors::kAuthRevoked, spiffe_id + " is suspended");
  ACCORD_ASSIGN_OR_RETURN(const crypto::SpiffeId id, crypto::SpiffeId::Parse(spiffe_id));
  ACCORD_RETURN_IF_ERROR(cas_.Check(id));
  const bool by_charter = options_.registry != nullptr && cas_.Charter().ok();
  if (id.role != crypto::Role::kNode || !by_charter) return {};
  if (options_.registry->Newest()->registry.Find(id.ToNodeId()) != nullptr) return {};
  return Fail(errors::kAuthRevoked, spiffe_id + " is in no registry: its CA is none that the charter has");
}

// ---------------------------------------------------------------- enrolment

void Identity::Enrol(rpc::EnrolRequest request, rpc::Reply<rpc::Enrolled> reply) {
  auto held = std::make_shared<PendingEnrolment>(std::move(request));
  boost::asio::post(*options_.workers,
                    [this, held, reply = std::move(reply)] { reply(EnrolNow(held->request)); });
}

std::optional<secagg::RegistryEntry> Identity::KnownEntry(const std::string& spiffe_id) {
  const Result<store::Member> member = options_.members->Get(spiffe_id);
  const auto vouched = member.ok() ? secagg::VouchedEntry::Parse(member->registry_entry) : member.status();
  return vouched.ok() ? std::optional(vouched->entry) : std::nullopt;
}

Result<rpc::Enrolled> Identity::EnrolNow(const rpc::EnrolRequest& request) {
  const TimePoint now = options_.clock->Now();
  const Digest hash = crypto::TokenHash(request.token_secret);
  const Digest digest = RequestDigest(request);
  ACCORD_ASSIGN_OR_RETURN(const store::JoinToken token, options_.members->FindToken(hash));
  if (token.used_at && token.request == digest) return DecodeEnrolled(token.answer);  // the answer was lost
  if (token.used_at)
    return Fail(errors::kTokenInvalid, "this token was used at " + FormatTime(*token.used_at));
  if (now >= token.expires_at)
    return Fail(errors::kTokenInvalid, "this token expired at " + FormatTime(token.expires_at));
  ACCORD_ASSIGN_OR_RETURN(const crypto::SpiffeId id, crypto::SpiffeId::Parse(token.spiffe_id));
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate leaf, Issue(id, request.csr_pem));
  rpc::Enrolled answer{
      leaf.pem(), ca_.pem(), token.spiffe_id, {}, {}, options_.coordinator, options_.coordinator_ca_pem};
  if (id.role == crypto::Role::kNode) {
    const std::string org = options_.member.empty() ? id.trust_domain : options_.member;
    const Joiner joiner{id, org, request.protocol_key, KnownEntry(token.spiffe_id)};
    ACCORD_RETURN_IF_ERROR(VouchFor(ca_key_, ca_, joiner, now, answer));
  }
  store::Redemption redemption{
      .secret_hash = hash,
      .request = digest,
      .answer = EncodeEnrolled(answer),
      .member = {.spiffe_id = token.spiffe_id,
                 .name = token.name,
                 .role = token.role,
                 .protocol_key = request.protocol_key,
                 .registry_entry = answer.registry_entry,
                 .registry_signature = answer.registry_signature,
                 .certificate = {leaf.info().serial, leaf.info().fingerprint, leaf.info().not_after},
                 .enrolled_at = now}};
  ACCORD_RETURN_IF_ERROR(options_.members->Redeem(redemption, now));
  if (id.role == crypto::Role::kNode) ACCORD_RETURN_IF_ERROR(certificates_->Joined(leaf));
  {
    const MutexLock lock(mutex_);
    suspended_[token.spiffe_id] = false;
  }
  LogInfo("member.enrolled", {{"id", token.spiffe_id}});
  RefreshRegistry();
  return answer;
}

void Identity::Renew(const rpc::Peer& peer, std::string csr_pem, rpc::Reply<rpc::Enrolled> reply) {
  boost::asio::post(*options_.workers, [this, peer, csr = std::move(csr_pem), reply = std::move(reply)] {
    reply(RenewNow(peer, csr));
  });
}

// People's tools run several at a time, each of which may renew: for them any certificate in date will do.
Result<crypto::Certificate> Identity::NextCertificate(const store::Member& member, const rpc::Peer& peer,
                                                      const std::string& csr_pem) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::SpiffeId id, crypto::SpiffeId::Parse(member.spiffe_id));
  if (id.role != crypto::Role::kNode) return Issue(id, csr_pem);
  ACCORD_ASSIGN_OR_RETURN(const Digest key, crypto::CheckCsr(csr_pem));
  Result<crypto::Certificate> leaf =
      certificates_->Renew(member, peer, key, [&] { return Issue(id, csr_pem); });
  if (leaf.status().error() == errors::kCertSuperseded.id)
    LogError("renewal.superseded", {{"id", member.spiffe_id},
                                    {"shown", peer.certificate.Hex()},
                                    {"newest", member.certificate.fingerprint.Hex()},
                                    {"why", Describe(leaf.status())}});
  return leaf;
}

Result<rpc::Enrolled> Identity::RenewNow(const rpc::Peer& peer, const std::string& csr_pem) {
  const std::string& spiffe_id = peer.spiffe_id;
  ACCORD_ASSIGN_OR_RETURN(const store::Member member, options_.members->Get(spiffe_id));
  if (member.suspended)
    return Fail(errors::kAuthRevoked, spiffe_id + " is suspended: its certificate is not renewed");
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate leaf, NextCertificate(member, peer, csr_pem));
  ACCORD_RETURN_IF_ERROR(options_.members->RecordCertificate(
      spiffe_id, {leaf.info().serial, leaf.info().fingerprint, leaf.info().not_after}));
  RefreshRegistry();
  return rpc::Enrolled{leaf.pem(),
                       ca_.pem(),
                       spiffe_id,
                       member.registry_entry,
                       member.registry_signature,
                       options_.coordinator,
                       options_.coordinator_ca_pem};
}

}  // namespace accord::coordinator
