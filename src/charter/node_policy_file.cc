// The file of a lab's policy.
#include <set>

#include "base/errors.h"
#include "charter/node_policy.h"
#include "config/schema.h"
#include "crypto/sha256.h"

namespace accord::charter {
namespace {

using config::Need;

constexpr std::string_view kDeny = "deny", kDigest = "sha256:", kMember = "member:";

std::string CheckDigest(std::string_view prefix, const std::string& text) {
  const std::string hex = text.starts_with(prefix) ? text.substr(prefix.size()) : "";
  const auto digest = Digest::FromHex(hex);
  return digest && digest->Hex() == hex ? "" : "must be " + std::string(prefix) + "64 lower-case hex digits";
}
std::string CheckSubmitter(const std::string& text) {
  return text.starts_with(kMember) && IsName(text.substr(kMember.size())) ? "" : "must be member:ID";
}

void Top(config::Schema& s, NodePolicy& policy) {
  s.Section({}, "The policy as a whole.");
  s.Key("version", config::Whole(policy.version, 1, 1), "of this format", Need::kRequired);
  s.Key("default",
        config::Text(policy.rule_otherwise, "\"deny\"",
                     [](const std::string& text) {
                       return text == kDeny ? ""
                                            : std::string("must be \"deny\": what no rule allows is denied");
                     }),
        "what happens to a job that no rule allows", Need::kRequired);
  s.Key("federation",
        config::Text(policy.federation, "SHA-256 in hex",
                     [](const std::string& text) { return CheckDigest("", text); }),
        "the hash of the federation's first charter", Need::kRequired);
  s.Section({"limits"}, "Ceilings over every rule.");
  s.Key("max_epsilon_total", config::Number(policy.max_epsilon_total, {.low = 0.0}),
        "privacy budget of one dataset certificate over all jobs");
  s.Key("max_concurrent_jobs", config::Whole(policy.max_concurrent_jobs, 1, 1'024),
        "jobs that are open at once");
}

void Bounds(config::Schema& s, PolicyRule& rule) {
  s.Key("min_cohort", config::Whole(rule.min_cohort, 1, 65'535), "least nodes in a round", Need::kRequired);
  s.Key("min_group", config::Whole(rule.min_group, 1, 65'535), "least nodes whose sum is seen",
        Need::kRequired);
  s.Key("min_secure",
        config::Choice(rule.min_secure, {{"off", SecureMode::kOff},
                                         {"semi-honest", SecureMode::kSemiHonest},
                                         {"malicious", SecureMode::kMalicious}}),
        "the weakest secure aggregation", Need::kRequired);
  s.Key("max_epsilon", config::Number(rule.max_epsilon, {.low = 0.0}), "privacy that one job may spend");
  s.Key("max_delta", config::Number(rule.max_delta, {.low = 0.0, .high = 1.0}), "and its delta");
  s.Key("allow_without_dp", config::Bool(rule.allow_without_dp), "jobs without differential privacy, too");
  s.Key("max_rounds", config::Whole(rule.max_rounds, 1), "most rounds", Need::kRequired);
  s.Key("max_local_epochs", config::Whole(rule.max_local_epochs, 0, 100'000),
        "most epochs of a round; 0: none");
  s.Key("max_local_steps", config::Whole(rule.max_local_steps, 0), "most steps of a round; 0: none");
  s.Key("max_wall_s", config::Whole(rule.max_wall_s, 1), "most seconds of the whole job", Need::kRequired);
  s.Key("max_wall_s_total", config::Whole(rule.max_wall_s_total, 0),
        "most seconds of training of all jobs under the rule, ever; 0: any number");
  s.Key("max_mem_mb", config::Whole(rule.max_mem_mb, 1), "most memory in MB", Need::kRequired);
  s.Key("gpu", config::Bool(rule.gpu), "it may use a GPU");
}

void Allow(config::Schema& s, PolicyRule& rule, std::size_t index) {
  s.Section({"allow", std::to_string(index)}, "[[allow]]: a rule. All of it has to hold.");
  s.Key("id", config::Name(rule.id), "what it is called", Need::kRequired);
  s.Key("submitters", config::TextList(rule.submitters, CheckSubmitter), "members whose proposals it allows",
        Need::kRequired);
  s.Key("model_kinds", config::TextList(rule.model_kinds), "kinds of models", Need::kRequired);
  s.Key("datasets",
        config::TextList(rule.datasets, [](const std::string& text) { return CheckDigest(kDigest, text); }),
        "dataset certificates, each exactly", Need::kRequired);
  s.Key("purposes", config::TextList(rule.purposes), "purposes, as jobs name them", Need::kRequired);
  Bounds(s, rule);
  s.Key("code", config::TextList(rule.code), "\"builtin\", \"torchscript\"", Need::kRequired);
  s.Key("require_own_vote", config::Bool(rule.require_own_vote), "this nation itself has approved the job");
  s.Key("require_approval", config::Bool(rule.require_approval), "a person of the lab approves each job");
  s.Key("valid_until", config::Day(rule.valid_until), "the last day of the rule", Need::kRequired);
}

std::size_t CountRules(const config::Document& document) {
  for (const config::Entry& entry : document.entries) {
    if (entry.keys != std::vector<std::string>{"allow"}) continue;
    const auto* tables = std::get_if<config::TableList>(&entry.value.held);
    return tables == nullptr ? 0 : tables->count;
  }
  return 0;
}

}  // namespace

Result<NodePolicy> ParsePolicy(ByteView text, std::string_view name) {
  if (text.size() > kMaxPolicyBytes)
    return Fail(errors::kPolicyInvalid, std::string(name) + " has " + FormatBytes(text.size()));
  const config::Document document = config::ReadToml(AsText(text), name);
  NodePolicy policy{.hash = crypto::Sha256::Of(text)};
  policy.rules.resize(std::min(CountRules(document), kMaxRules));
  config::Schema schema;
  Top(schema, policy);
  for (std::size_t i = 0; i < policy.rules.size(); ++i) Allow(schema, policy.rules[i], i);
  schema.Apply(document);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const std::string id = policy.rules[i].id;
    if (!id.empty() && !ids.insert(id).second)
      schema.Complain("allow." + std::to_string(i) + ".id", "another rule is called " + id);
  }
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kPolicyInvalid, name));
  return policy;
}

}  // namespace accord::charter
