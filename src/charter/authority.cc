#include "charter/authority.h"

#include <algorithm>
#include <string>

#include "base/errors.h"

namespace accord::charter {

Result<const Member*> MemberOf(const Charter& charter, const crypto::SpiffeId& identity) {
  const std::string name = identity.Format();
  const auto member = std::ranges::find(charter.members, identity.trust_domain, &Member::trust_domain);
  if (member == charter.members.end())
    return Fail(errors::kAuthTrustDomain, name + " is of no member's trust domain",
                "Under a charter a node is certified by its member's CA: accord-ca invite NAME");
  if (member->suspended)
    return Fail(errors::kAuthRevoked, member->id + ", whose " + name + " is, is suspended");
  const auto revoked = [&](const Revocation& one) { return one.kind == kRevokedNode && one.id == name; };
  if (std::ranges::any_of(charter.revoked, revoked))
    return Fail(errors::kAuthRevoked, "the charter has revoked " + name);
  return &*member;
}

Result<std::vector<crypto::Certificate>> CasOf(const Member& member,
                                               std::span<const crypto::Certificate> given) {
  std::vector<crypto::Certificate> cas;
  std::ranges::copy_if(given, std::back_inserter(cas), [&](const crypto::Certificate& ca) {
    const crypto::CertificateInfo& info = ca.info();
    return info.is_ca && info.uri == "spiffe://" + member.trust_domain &&
           std::ranges::find(member.ca_keys, info.spki_hash) != member.ca_keys.end();
  });
  if (!cas.empty()) return cas;
  return Fail(errors::kCertChain, "no CA that the charter has for " + member.id + " is there");
}

}  // namespace accord::charter
