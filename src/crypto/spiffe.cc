#include "crypto/spiffe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/errors.h"
#include "base/text.h"
#include "crypto/sha256.h"

namespace accord::crypto {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::array<std::pair<Role, std::string_view>, 4> kRoles{{{Role::kNode, "node"},
                                                                   {Role::kOperator, "operator"},
                                                                   {Role::kResearcher, "researcher"},
                                                                   {Role::kCoordinator, "coordinator"}}};

bool IsLabelChar(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string_view RoleName(Role role) {
  return std::ranges::find(kRoles, role, &std::pair<Role, std::string_view>::first)->second;
}

std::optional<Role> ParseRole(std::string_view text) {
  const auto* found = std::ranges::find(kRoles, text, &std::pair<Role, std::string_view>::second);
  if (found == kRoles.end()) return std::nullopt;
  return found->first;
}

bool IsTrustDomain(std::string_view text) {
  if (text.empty() || text.size() > 255 || !IsLabelChar(text.front()) || !IsLabelChar(text.back()))
    return false;
  return text.find("..") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return IsLabelChar(c) || c == '.' || c == '-' || c == '_'; });
}

Result<SpiffeId> SpiffeId::Make(std::string trust_domain, Role role, std::string name) {
  if (!IsTrustDomain(trust_domain)) {
    return Fail(errors::kSpiffeInvalid, "'" + Printable(trust_domain) + "' is not a trust domain");
  }
  if (!IsName(name)) return Fail(errors::kSpiffeInvalid, "'" + Printable(name) + "' is not a name");
  return SpiffeId{std::move(trust_domain), role, std::move(name)};
}

Result<SpiffeId> SpiffeId::Parse(std::string_view uri) {
  const auto fail = [uri] {
    return Fail(errors::kSpiffeInvalid, "'" + Printable(uri) + "' is not an identity");
  };
  if (!uri.starts_with(kScheme)) return fail();
  const std::string_view rest = uri.substr(kScheme.size());
  const std::size_t first = rest.find('/');
  const std::size_t second = first == std::string_view::npos ? first : rest.find('/', first + 1);
  if (second == std::string_view::npos) return fail();
  const std::optional<Role> role = ParseRole(rest.substr(first + 1, second - first - 1));
  if (!role) return fail();
  Result<SpiffeId> id = Make(std::string(rest.substr(0, first)), *role, std::string(rest.substr(second + 1)));
  return id.ok() ? std::move(id) : Result<SpiffeId>(fail());
}

std::string SpiffeId::Format() const {
  return std::string(kScheme) + trust_domain + "/" + std::string(RoleName(role)) + "/" + name;
}

NodeId SpiffeId::ToNodeId() const {
  const Digest digest = Sha256::Of(Format());
  NodeId id;
  std::copy_n(digest.bytes.begin(), NodeId::kSize, id.bytes.begin());
  return id;
}

}  // namespace accord::crypto
