#include "charter/node_policy.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace accord::charter {
namespace {

// How much a coordinator can see: less is stronger.
int Strength(SecureMode mode) {
  switch (mode) {
    case SecureMode::kOff:
      return 0;
    case SecureMode::kSemiHonest:
      return 1;
    case SecureMode::kMalicious:
      return 2;
  }
  return 0;
}

bool Has(const std::vector<std::string>& list, const std::string& word) {
  return std::ranges::find(list, word) != list.end();
}

bool HasAll(const std::vector<std::string>& list, const std::vector<Digest>& certificates) {
  return !certificates.empty() && std::ranges::all_of(certificates, [&](const Digest& one) {
    return Has(list, "sha256:" + one.Hex());
  });
}

// Days since 1970 of a day of the calendar (proleptic Gregorian), as std::chrono counts them.
UnixSeconds EndOf(const config::Date& date) {
  const std::chrono::sys_days day = std::chrono::year(date.year) / date.month / date.day;
  const auto end = std::chrono::sys_seconds(day + std::chrono::days(1)).time_since_epoch().count();
  return end > 0 ? static_cast<UnixSeconds>(end) : 0;
}

bool WithinPrivacy(const PolicyRule& rule, const PolicyQuestion& job) {
  if (!job.epsilon) return rule.allow_without_dp;
  return *job.epsilon <= rule.max_epsilon && job.delta <= rule.max_delta;
}

bool WithinWork(const PolicyRule& rule, const PolicyQuestion& job) {
  return job.local_epochs > 0 ? job.local_epochs <= rule.max_local_epochs
                              : job.local_steps <= rule.max_local_steps;
}

// The predicates of the rule that fail, by their keys; "" when all hold.
std::string Failing(const PolicyRule& rule, const PolicyQuestion& job) {
  const std::pair<const char*, bool> predicates[] = {
      {"submitters", Has(rule.submitters, "member:" + job.proposer)},
      {"model_kinds", Has(rule.model_kinds, job.model_kind)},
      {"datasets", HasAll(rule.datasets, job.certificates)},
      {"purposes", Has(rule.purposes, job.purpose)},
      {"min_cohort", job.cohort >= rule.min_cohort},
      {"min_group", job.group >= rule.min_group},
      {"min_secure", Strength(job.secure) >= Strength(rule.min_secure)},
      {job.epsilon ? "max_epsilon" : "allow_without_dp", WithinPrivacy(rule, job)},
      {"max_rounds", job.rounds <= rule.max_rounds},
      {job.local_epochs > 0 ? "max_local_epochs" : "max_local_steps", WithinWork(rule, job)},
      {"code", Has(rule.code, job.code)},
      {"max_wall_s", job.wall_s <= rule.max_wall_s},
      {"max_mem_mb", job.mem_mb <= rule.max_mem_mb},
      {"gpu", !job.gpu || rule.gpu},
      {"require_own_vote", job.own_vote || !rule.require_own_vote},
      {"valid_until", rule.valid_until && job.now < EndOf(*rule.valid_until)}};
  std::string failing;
  for (const auto& [key, holds] : predicates)
    if (!holds) failing += (failing.empty() ? "" : ", ") + std::string(key);
  return failing;
}

// What no rule can allow; "" when it is within.
std::string BeyondLimits(const NodePolicy& policy, const PolicyQuestion& job) {
  if (job.genesis.Hex() != policy.federation) return "the policy is for another federation";
  if (job.running >= policy.max_concurrent_jobs)
    return "limits.max_concurrent_jobs: " + std::to_string(job.running) + " are open";
  if (job.epsilon && job.epsilon_spent + *job.epsilon > policy.max_epsilon_total)
    return "limits.max_epsilon_total: " + std::to_string(job.epsilon_spent) + " of " +
           std::to_string(policy.max_epsilon_total) + " are spent";
  return "";
}

}  // namespace

PolicyVerdict Judge(const NodePolicy& policy, const PolicyQuestion& question) {
  PolicyVerdict verdict{.reason = BeyondLimits(policy, question)};
  std::vector<const PolicyRule*> matching;
  for (const PolicyRule& rule : policy.rules) {
    std::string failing = Failing(rule, question);
    if (failing.empty()) matching.push_back(&rule);
    verdict.rules.emplace_back(rule.id, std::move(failing));
  }
  if (!verdict.reason.empty()) return verdict;
  if (matching.empty()) {
    verdict.reason = "no rule allows it";
  } else if (matching.size() > 1) {
    verdict.reason =
        "rules " + matching[0]->id + " and " + matching[1]->id + " both match: which one decides?";
  } else {
    verdict.allowed = true;
    verdict.rule = matching[0]->id;
    verdict.needs_approval = matching[0]->require_approval;
  }
  return verdict;
}

}  // namespace accord::charter
