#include "cli/vouched_keys.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "charter/authority.h"
#include "rpc/registry_view.h"
#include "secagg/registry.h"

namespace accord::cli {
namespace {

bool Vouched(const secagg::VouchedEntry& entry, std::span<const crypto::Certificate> given,
             const charter::Charter& charter) {
  const auto member = charter::MemberOf(charter, entry.identity);
  if (!member.ok()) return false;
  const auto cas = charter::CasOf(**member, given);
  return cas.ok() && secagg::CheckVouched(entry, *cas).ok();
}

}  // namespace

Result<charter::NodeKeys> VouchedKeys(const rpc::RegistryView& view,
                                      std::span<const charter::Version> chain) {
  std::vector<crypto::Certificate> cas;
  for (const std::string& pem : view.cas) {
    auto ca = crypto::Certificate::FromPem(pem);
    if (ca.ok()) cas.push_back(*std::move(ca));  // what it signed is left out
  }
  charter::NodeKeys keys;
  for (const rpc::RegistryView::Entry& one : view.entries) {
    ACCORD_ASSIGN_OR_RETURN(const secagg::VouchedEntry entry, rpc::ToVouched(one));
    const auto by = [&](const charter::Version& version) { return Vouched(entry, cas, version.charter); };
    if (std::ranges::any_of(chain, by)) keys[entry.identity.Format()] = entry.entry.key;
  }
  return keys;
}

}  // namespace accord::cli
