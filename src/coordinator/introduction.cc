// The nodes of members that have CAs of their own: each shows its member's CA and what other nodes know it
// by, and is then a member of the federation as those that the coordinator enrolled are. The charter is their
// invitation.
#include <algorithm>
#include <array>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "coordinator/enrolment.h"
#include "coordinator/identity.h"
#include "crypto/join_token.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "secagg/registry.h"
#include "store/members.h"

namespace accord::coordinator {
namespace {

constexpr std::size_t kMaxCaPem = 4'096;

}  // namespace

void Identity::Introduce(const rpc::Peer& peer, rpc::Introduction introduction,
                         rpc::Reply<rpc::Introduced> reply) {
  boost::asio::post(*options_.workers, [this, id = peer.spiffe_id, shown = std::move(introduction),
                                        reply = std::move(reply)] {
    const Status done = IntroduceNow(id, shown);
    reply(done.ok() ? Result<rpc::Introduced>(rpc::Introduced{}) : Result<rpc::Introduced>(done));
  });
}

Status Identity::IntroduceNow(const std::string& spiffe_id, const rpc::Introduction& introduction) {
  ACCORD_ASSIGN_OR_RETURN(const auto ca, crypto::Certificate::FromPem(introduction.ca_pem));
  ACCORD_ASSIGN_OR_RETURN(const auto vouched, secagg::VouchedEntry::Parse(introduction.registry_entry));
  if (vouched.identity.Format() != spiffe_id || cas_.IsOwn(vouched.identity) || options_.registry == nullptr)
    return Fail(errors::kRegistryUntrusted,
                spiffe_id + " introduces " + vouched.identity.Format() + ", which is not for it to do here");
  ACCORD_RETURN_IF_ERROR(cas_.CheckEntry(vouched, ca, options_.clock->Now()));
  ACCORD_RETURN_IF_ERROR(CheckSize(ca));
  const Result<store::Member> known = options_.members->Get(spiffe_id);
  if (known.ok() && known->suspended) return Fail(errors::kAuthRevoked, spiffe_id + " is suspended");
  const auto entry = KnownEntry(spiffe_id);
  if (entry == vouched.entry) return KeepCa(ca);
  if (entry && !vouched.entry.Replaces(*entry))
    return Fail(errors::kRegistryReplaced,
                spiffe_id + " comes with the key of an entry that its member has replaced",
                "This is a copy of the node's older state: use the newer one, or join anew. Where a key was "
                "stolen, have the charter revoke the node: docs/security.md.");
  ACCORD_RETURN_IF_ERROR(CheckPlace(vouched.identity));
  ACCORD_RETURN_IF_ERROR(options_.registry->KeepCa(ca));
  return Admit(vouched, introduction.registry_entry);
}

// Everybody who asks for the registry gets it, and takes no longer one.
Status Identity::CheckSize(const crypto::Certificate& ca) {
  if (ca.pem().size() <= kMaxCaPem) return {};
  return Fail(errors::kCertMalformed, "the certificate of " + ca.info().uri + " has " +
                                          std::to_string(ca.pem().size()) + " bytes; a CA's has at most " +
                                          std::to_string(kMaxCaPem));
}

// A CA that came with a node that is known: the registry may have been without it, after a restore.
Status Identity::KeepCa(const crypto::Certificate& ca) {
  ACCORD_RETURN_IF_ERROR(options_.registry->KeepCa(ca));
  return options_.registry->Refresh();
}

// A name that is free, since jobs and people speak of nodes by their names alone, and within the member's
// bounds.
Status Identity::CheckPlace(const crypto::SpiffeId& id) {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<store::Member> members, options_.members->List());
  const auto other = std::ranges::find_if(members, [&](const store::Member& member) {
    return member.name == id.name && member.role == crypto::RoleName(id.role) &&
           member.spiffe_id != id.Format();
  });
  if (other != members.end())
    return Fail(errors::kMemberInvite,
                "a node of the name " + id.name + " is here already, " + other->spiffe_id,
                "Certify the node under another name: accord-ca invite NAME");
  const std::string domain = "spiffe://" + id.trust_domain + "/";
  const auto others = std::ranges::count_if(members, [&](const store::Member& member) {
    return member.spiffe_id.starts_with(domain) && member.spiffe_id != id.Format();
  });
  return introductions_.Take(id.trust_domain, static_cast<std::size_t>(others) + 1, options_.clock->Now());
}

// Through a token that only this moment knows, so that there is one way into the members' table; it is
// forgotten at once, or a node that comes with ever new keys would fill the table. A node that comes with a
// new key takes its own place; one that is suspended stays out.
Status Identity::Admit(const secagg::VouchedEntry& vouched, const Bytes& entry) {
  const TimePoint now = options_.clock->Now();
  const std::string id = vouched.identity.Format();
  const std::string role(crypto::RoleName(vouched.identity.role));
  std::array<std::uint8_t, 32> secret{};
  crypto::RandomBytes(secret);
  const Digest token = crypto::TokenHash(secret);
  ACCORD_RETURN_IF_ERROR(options_.members->AddToken({.secret_hash = token,
                                                     .spiffe_id = id,
                                                     .name = vouched.identity.name,
                                                     .role = role,
                                                     .expires_at = now + kDefaultInviteTtl,
                                                     .created_by = vouched.entry.org}));
  const ByteView key(vouched.entry.key.bytes);
  ACCORD_RETURN_IF_ERROR(options_.members->Redeem({.secret_hash = token,
                                                   .request = crypto::Sha256::Of(entry),
                                                   .answer = {},
                                                   .member = {.spiffe_id = id,
                                                              .name = vouched.identity.name,
                                                              .role = role,
                                                              .protocol_key = Bytes(key.begin(), key.end()),
                                                              .registry_entry = entry,
                                                              .registry_signature = vouched.signature,
                                                              .certificate = {},
                                                              .enrolled_at = now}},
                                                  now));
  ACCORD_RETURN_IF_ERROR(certificates_->ForgetToken(token));
  {
    const MutexLock lock(mutex_);
    suspended_[id] = false;
  }
  LogInfo("member.introduced", {{"id", id}, {"member", vouched.entry.org}});
  RefreshRegistry();
  return {};
}

void Identity::Use(const charter::Charter& charter) {
  if (!cas_.Use(charter)) return;
  RefreshRegistry();
  std::vector<std::string> known;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, suspended] : suspended_) known.push_back(id);
  }
  for (const std::string& id : known) {
    const Status counts = CheckIdentity(id);
    if (!counts.ok()) options_.cut(id, counts);
  }
}

}  // namespace accord::coordinator
