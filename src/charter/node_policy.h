// What a lab lets its node take part in (governance.md 2c): a TOML file of its own, default deny. A job runs
// here only when exactly one rule allows it, within ceilings that no rule can raise. What is missing, unknown
// or cannot be read denies everything. The file itself never leaves the lab: others see its hash. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/status.h"
#include "charter/charter.h"
#include "config/document.h"

namespace accord::charter {

inline constexpr std::size_t kMaxPolicyBytes = 1 << 20;
inline constexpr std::size_t kMaxRules = 1'000;

// [[allow]]: every predicate of it has to hold.
struct PolicyRule {
  std::string id;
  std::vector<std::string> submitters;   // "member:ke"
  std::vector<std::string> model_kinds;  // as jobs name them
  std::vector<std::string> datasets;     // "sha256:HEX" of certificates, each exactly
  std::vector<std::string> purposes;
  std::uint32_t min_cohort = 1, min_group = 1;
  SecureMode min_secure = SecureMode::kMalicious;
  double max_epsilon = 0.0, max_delta = 0.0;
  bool allow_without_dp = false;  // a job without differential privacy has no epsilon
  std::uint64_t max_rounds = 0;
  std::uint32_t max_local_epochs = 0;
  std::uint64_t max_local_steps = 0;
  std::vector<std::string> code;  // "builtin", "torchscript"
  std::uint64_t max_wall_s = 0, max_mem_mb = 0;
  std::uint64_t max_wall_s_total = 0;  // of all jobs under the rule (budget.h); 0: without end
  bool gpu = false;
  bool require_own_vote = true;
  bool require_approval = false;  // by a person of the lab, each job
  std::optional<config::Date> valid_until;
};

struct NodePolicy {
  std::uint32_t version = 1;
  std::string rule_otherwise = "deny";  // `default`: nothing else is possible
  std::string federation;               // the hash of the first charter
  double max_epsilon_total = 0.0;       // [limits]: of one certificate over all jobs
  std::uint32_t max_concurrent_jobs = 1;
  std::vector<PolicyRule> rules;
  Digest hash;  // of the file
};

// `policy.invalid` with every error and its line. `name` is what the file is called.
[[nodiscard]] Result<NodePolicy> ParsePolicy(ByteView text, std::string_view name);

// A job, as far as a policy asks. Of this node's nation alone: the certificates.
struct PolicyQuestion {
  Digest genesis;
  std::string proposer;  // member id
  std::string model_kind, purpose, code;
  std::vector<Digest> certificates;
  std::uint32_t cohort = 0, group = 0;  // the least that the plan allows
  SecureMode secure = SecureMode::kOff;
  std::optional<double> epsilon;  // none: no differential privacy
  double delta = 0.0;
  std::uint64_t rounds = 0;
  std::uint32_t local_epochs = 0;  // 0: counted in steps
  std::uint64_t local_steps = 0;
  std::uint64_t wall_s = 0, mem_mb = 0;
  bool gpu = false;
  bool own_vote = false;
  std::uint32_t running = 0;   // other jobs that are open at this node
  double epsilon_spent = 0.0;  // the most of any of the certificates
  UnixSeconds now = 0;
};

struct PolicyVerdict {
  bool allowed = false;
  std::string rule;             // that allows it
  bool needs_approval = false;  // of a person, before it begins
  std::string reason;           // of a refusal, for the lab alone
  // Each rule with those of its predicates that fail, with ", " between; empty: all hold.
  std::vector<std::pair<std::string, std::string>> rules;
};
[[nodiscard]] PolicyVerdict Judge(const NodePolicy& policy, const PolicyQuestion& question);

}  // namespace accord::charter
