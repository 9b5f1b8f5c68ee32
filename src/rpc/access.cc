#include "rpc/access.h"

#include <algorithm>

#include "base/errors.h"

namespace accord::rpc {
namespace {

// clang-format off: a table is read in columns
//                                                         node  operator researcher anyone
constexpr AccessRule kRules[] = {
    {"/accord.v1.Enrolment/Enrol", true, true, true, true},
    {"/accord.v1.Enrolment/Renew", true, true, true, false},
    {"/accord.v1.Enrolment/Introduce", true, false, false, false},
    {"/accord.v1.Coordinator/Session", true, false, false, false},
    {"/accord.v1.Coordinator/PutUpdate", true, false, false, false},
    {"/accord.v1.Coordinator/GetUpload", true, false, false, false},
    {"/accord.v1.Coordinator/GetBlob", true, true, true, false},
    {"/accord.v1.Coordinator/GetRegistry", true, true, true, false},
    {"/accord.v1.Jobs/Submit", false, true, true, false},
    {"/accord.v1.Jobs/Validate", false, true, true, false},
    {"/accord.v1.Jobs/Get", false, true, true, false},
    {"/accord.v1.Jobs/List", false, true, true, false},
    {"/accord.v1.Jobs/Watch", false, true, true, false},
    {"/accord.v1.Jobs/Cancel", false, true, true, false},
    {"/accord.v1.Jobs/Pause", false, true, true, false},
    {"/accord.v1.Jobs/Plan", false, true, true, false},
    {"/accord.v1.Jobs/Resume", false, true, true, false},
    {"/accord.v1.Jobs/Logs", false, true, true, false},
    {"/accord.v1.Members/Invite", false, true, false, false},
    {"/accord.v1.Members/List", false, true, false, false},
    {"/accord.v1.Members/Suspend", false, true, false, false},
    {"/accord.v1.Nodes/List", false, true, true, false},
    {"/accord.v1.Nodes/Get", false, true, true, false},
    {"/accord.v1.Models/List", false, true, true, false},
    {"/accord.v1.Ledger/Append", true, true, true, false},
    {"/accord.v1.Ledger/GetResource", true, true, true, false},
    {"/grpc.health.v1.Health/Check", true, true, true, true},
    {"/grpc.health.v1.Health/Watch", true, true, true, false},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", false, true, false, false},
};
// clang-format on

bool Allows(const AccessRule& rule, Role role) {
  switch (role) {
    case Role::kNode:
      return rule.node;
    case Role::kOperator:
      return rule.operator_;
    case Role::kResearcher:
      return rule.researcher;
    case Role::kCoordinator:
      return rule.anyone;
  }
  return false;
}

}  // namespace

std::span<const AccessRule> AccessRules() { return kRules; }

Status CheckAccess(std::string_view path, std::optional<Role> role) {
  const auto* rule = std::ranges::find(kRules, path, &AccessRule::path);
  const bool known = rule != std::end(kRules);
  if (known && rule->anyone) return {};
  const std::string method(path.substr(0, 200));
  if (!role) return Fail(errors::kAuthNoCertificate, method + " was called without a client certificate.");
  if (known && Allows(*rule, *role)) return {};
  return Fail(errors::kAuthRole,
              "A " + std::string(crypto::RoleName(*role)) + " may not call " + method + ".");
}

std::string RolesPage() {
  std::string page =
      "# Who may call what\n\n"
      "The role of a caller is in the path of its certificate's SPIFFE id:\n"
      "`spiffe://TRUST-DOMAIN/node|operator|researcher/NAME`. What is not in this table is denied to "
      "everyone;\n"
      "\"anyone\" needs no client certificate. A finer rule (whose job, which node) is checked where the "
      "request\n"
      "is served. The table is made from `src/rpc/access.cc`; a test holds them equal.\n\n"
      "| method | node | operator | researcher | anyone |\n"
      "|---|---|---|---|---|\n";
  const auto cell = [](bool allowed) { return std::string(allowed ? " yes |" : "  |"); };
  for (const AccessRule& rule : kRules) {
    page += "| `" + std::string(rule.path.substr(1)) + "` |" + cell(rule.node) + cell(rule.operator_) +
            cell(rule.researcher) + cell(rule.anyone) + "\n";
  }
  return page;
}

}  // namespace accord::rpc
