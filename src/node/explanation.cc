#include "node/explanation.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace accord::node {
namespace {

using nlohmann::ordered_json;

constexpr std::uint32_t kOfPolicy = 8, kOfBudget = 9;

// What of check `number` is known: "holds", "fails", "not reached".
std::string_view ResultOf(const Consideration& all, std::uint32_t number) {
  if (number < all.check) return "holds";
  if (number > all.check) return "not reached";
  return all.status.ok() ? "holds" : "fails";
}

std::string Epsilon(std::uint64_t milli) {
  char text[40];
  std::snprintf(text, sizeof text, "%llu.%03llu", static_cast<unsigned long long>(milli / 1'000),
                static_cast<unsigned long long>(milli % 1'000));
  return text;
}

// Further lines of a message as far right as the first.
std::string Indented(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 19)
    text.insert(at + 1, 18, ' ');
  return text;
}

std::string Rules(const charter::PolicyVerdict& policy) {
  std::string text;
  for (const auto& [rule, failing] : policy.rules)
    text += "                  rule " + rule +
            (failing.empty() ? ": all of it holds\n" : ": fails on " + failing + "\n");
  return text;
}

std::string Budget(const Explanation& explanation) {
  const charter::BudgetEntry& asked = explanation.considered.asked;
  const charter::BudgetCeilings& ceilings = explanation.considered.ceilings;
  const std::string indent(18, ' ');
  std::string text =
      indent + std::to_string(asked.wall_ms / 1'000) + " s of training under the rule " + asked.rule +
      "; other jobs have " + std::to_string(WallOf(explanation.ledger, asked.rule, asked.job) / 1'000) +
      (ceilings.wall_ms ? " of " + std::to_string(*ceilings.wall_ms / 1'000) + " s\n" : " s\n");
  for (const auto& [certificate, ceiling] : ceilings.epsilon_milli) {
    text += indent + "epsilon " + Epsilon(asked.epsilon_milli) + " of " + certificate.Hex() +
            "; other jobs have " + Epsilon(EpsilonOf(explanation.ledger, certificate, asked.job)) + " of " +
            Epsilon(ceiling) + "\n";
  }
  return text;
}

ordered_json BudgetJson(const Explanation& explanation) {
  const Consideration& all = explanation.considered;
  if (all.check < kOfBudget) return nullptr;
  ordered_json json{{"rule", all.asked.rule},
                    {"wall_s", all.asked.wall_ms / 1'000},
                    {"wall_s_promised", WallOf(explanation.ledger, all.asked.rule, all.asked.job) / 1'000},
                    {"wall_s_ceiling", nullptr},
                    {"certificates", ordered_json::array()}};
  if (all.ceilings.wall_ms) json["wall_s_ceiling"] = *all.ceilings.wall_ms / 1'000;
  for (const auto& [certificate, ceiling] : all.ceilings.epsilon_milli) {
    json["certificates"].push_back(
        {{"certificate", certificate.Hex()},
         {"epsilon_milli", all.asked.epsilon_milli},
         {"epsilon_milli_promised", EpsilonOf(explanation.ledger, certificate, all.asked.job)},
         {"epsilon_milli_ceiling", ceiling}});
  }
  return json;
}

}  // namespace

Status Explanation::Decision() const {
  ACCORD_RETURN_IF_ERROR(considered.status);
  return ApprovedOrNot(job, considered.policy.needs_approval, approval);
}

std::string ExplanationText(const Explanation& explanation) {
  const Consideration& all = explanation.considered;
  std::string text = explanation.name + "  " + explanation.job.Hex() + "\n";
  for (std::uint32_t number = 1; number <= charter::kChecks.size(); ++number) {
    char line[200];
    std::snprintf(line, sizeof line, "  %u  %-11s  %s\n", number, std::string(ResultOf(all, number)).c_str(),
                  std::string(charter::kChecks.at(number - 1)).c_str());
    text += line;
    if (number == all.check && !all.status.ok())
      text += "                  " + all.status.error() + ": " + Indented(all.status.message()) + "\n";
    if (number == kOfPolicy) text += Rules(all.policy);
    if (number == kOfBudget && all.check >= kOfBudget) text += Budget(explanation);
  }
  text += "A person's approval: " + std::string(Name(explanation.approval)) + "\n";
  const Status decision = explanation.Decision();
  if (decision.ok()) return text + "This node takes part.\n";
  const std::string why = decision.message();
  text += "This node does not take part: " + decision.error() + ", " + why.substr(0, why.find('\n')) + "\n";
  return text + (decision.hint().empty() ? "" : "hint:  " + decision.hint() + "\n");
}

std::string ExplanationJson(const Explanation& explanation) {
  const Consideration& all = explanation.considered;
  const Status decision = explanation.Decision();
  ordered_json json{{"ok", true},
                    {"job", explanation.job.Hex()},
                    {"name", explanation.name},
                    {"takes_part", decision.ok()},
                    {"error", decision.error()},
                    {"why", decision.message()},
                    {"checks", ordered_json::array()},
                    {"rules", ordered_json::array()},
                    {"policy_sha256", all.policy_hash ? all.policy_hash->Hex() : ""},
                    {"approval", Name(explanation.approval)},
                    {"budget", BudgetJson(explanation)}};
  for (std::uint32_t number = 1; number <= charter::kChecks.size(); ++number) {
    const bool failed = number == all.check && !all.status.ok();
    json["checks"].push_back({{"check", number},
                              {"what", charter::kChecks.at(number - 1)},
                              {"result", ResultOf(all, number)},
                              {"why", failed ? all.status.message() : ""}});
  }
  for (const auto& [rule, failing] : all.policy.rules)
    json["rules"].push_back({{"rule", rule}, {"fails", failing}});
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace accord::node
