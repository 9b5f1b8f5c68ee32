#include "coordinator/member_cas.h"

#include <chrono>
#include <vector>

#include "base/errors.h"
#include "base/text.h"
#include "charter/authority.h"
#include "crypto/spiffe.h"

namespace accord::coordinator {

bool MemberCas::Use(const charter::Charter& charter) {
  const MutexLock lock(mutex_);
  if (charter_ && charter_->version >= charter.version) return false;  // two workers may tell of two versions
  charter_ = std::make_shared<const charter::Charter>(charter);
  return true;
}

Result<std::shared_ptr<const charter::Charter>> MemberCas::Charter() const {
  const MutexLock lock(mutex_);
  if (charter_) return charter_;
  return Fail(errors::kAuthTrustDomain, "there is no charter yet, by which members have CAs of their own");
}

Status MemberCas::CheckLeaf(std::string_view leaf_pem, std::string_view chain_pem, TimePoint now) const {
  ACCORD_ASSIGN_OR_RETURN(const auto leaf, crypto::Certificate::FromPem(leaf_pem));
  ACCORD_ASSIGN_OR_RETURN(const auto identity, crypto::SpiffeId::Parse(leaf.info().uri));
  if (IsOwn(identity)) return crypto::VerifyLeaf(leaf, own_, now);
  ACCORD_RETURN_IF_ERROR(Check(identity));
  ACCORD_ASSIGN_OR_RETURN(const auto charter, Charter());
  ACCORD_ASSIGN_OR_RETURN(const charter::Member* member, charter::MemberOf(*charter, identity));
  ACCORD_ASSIGN_OR_RETURN(const auto chain, crypto::Certificate::ChainFromPem(chain_pem));
  ACCORD_ASSIGN_OR_RETURN(const auto cas, charter::CasOf(*member, chain));
  Status why;
  for (const crypto::Certificate& ca : cas) {
    why = crypto::VerifyLeaf(leaf, ca, now);
    if (why.ok()) break;
  }
  return why;
}

Status MemberCas::Check(const crypto::SpiffeId& identity) const {
  const bool is_node = identity.role == crypto::Role::kNode;
  if (!IsOwn(identity) && !is_node)
    return Fail(errors::kAuthTrustDomain, identity.Format() + ": people are enrolled by the coordinator");
  const auto charter = Charter();
  if (IsOwn(identity) && (!is_node || !charter.ok())) return {};
  ACCORD_RETURN_IF_ERROR(charter.status());
  return charter::MemberOf(**charter, identity).status();
}

bool MemberCas::Counts(const secagg::VouchedEntry& vouched, std::span<const crypto::Certificate> cas) const {
  if (!Check(vouched.identity).ok()) return false;
  const auto charter = Charter();
  if (!charter.ok()) return true;  // of the coordinator's own, which made the entry
  const auto member = charter::MemberOf(**charter, vouched.identity);
  const auto known = member.ok() ? charter::CasOf(**member, cas) : member.status();
  return known.ok() && secagg::CheckVouched(vouched, *known).ok();
}

Status MemberCas::CheckEntry(const secagg::VouchedEntry& vouched, const crypto::Certificate& ca,
                             TimePoint now) const {
  ACCORD_ASSIGN_OR_RETURN(const auto charter, Charter());
  ACCORD_ASSIGN_OR_RETURN(const charter::Member* member, charter::MemberOf(*charter, vouched.identity));
  ACCORD_RETURN_IF_ERROR(charter::CasOf(*member, {&ca, 1}).status());
  ACCORD_RETURN_IF_ERROR(crypto::CheckCa(ca, now));
  ACCORD_RETURN_IF_ERROR(secagg::CheckVouched(vouched, ca));
  if (vouched.entry.org != member->id)
    return Fail(errors::kRegistryUntrusted, "the registry entry of " + vouched.identity.Format() +
                                                " is of '" + Printable(vouched.entry.org, 64) + "', not of " +
                                                member->id);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (vouched.entry.not_after > static_cast<std::uint64_t>(seconds)) return {};
  return Fail(errors::kRegistryUntrusted, "the registry entry of " + vouched.identity.Format() + " is over");
}

}  // namespace accord::coordinator
