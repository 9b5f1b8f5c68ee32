#include "node/consideration.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "base/errors.h"
#include "base/file.h"

namespace accord::node {
namespace {

using charter::Admitted;
using charter::BudgetEntry;
using charter::NodePolicy;
using charter::PolicyQuestion;
using charter::PolicyRule;

constexpr std::uint32_t kOfPolicy = 8, kOfBudget = 9;

// The least nodes that a plan lets mask together, and the least of one of its groups.
std::pair<std::uint32_t, std::uint32_t> LeastTogether(const JobSpec& spec) {
  std::uint32_t group = spec.round.min_nodes;
  for (const auto& [name, nodes] : spec.groups.nodes)
    group = std::min(group, static_cast<std::uint32_t>(nodes.size()));
  return {spec.round.min_nodes, group};
}

PolicyQuestion QuestionOf(const Admitted& admitted, const JobSpec& spec, const Circumstances& at) {
  const charter::Proposal& proposal = admitted.proposal;
  PolicyQuestion question{.genesis = at.pinned.genesis,
                          .proposer = proposal.proposer,
                          .model_kind = spec.model.kind,
                          .purpose = spec.purpose,
                          .code = proposal.code_kind,
                          .secure = spec.secure,
                          .epsilon = std::nullopt,  // no plan adds noise yet
                          .rounds = spec.round.count,
                          .local_epochs = spec.inner.has_local_steps ? 0 : spec.inner.local_epochs,
                          .local_steps = spec.inner.local_steps,
                          .wall_s = proposal.max_wall_s,
                          .mem_mb = proposal.max_mem_mb,
                          .gpu = proposal.gpu,
                          .own_vote = admitted.tally.approvals.contains(at.pinned.member),
                          .running = at.running,
                          .now = at.now};
  std::tie(question.cohort, question.group) = LeastTogether(spec);
  for (const charter::DatasetRef& one : proposal.datasets) {
    if (one.member != at.pinned.member) continue;
    question.certificates.push_back(one.certificate);
    const std::uint64_t spent = EpsilonOf(at.ledger, one.certificate, admitted.job);
    question.epsilon_spent = std::max(question.epsilon_spent, static_cast<double>(spent) / 1'000.0);
  }
  return question;
}

std::uint64_t ToMs(std::uint64_t seconds) {
  return std::min(seconds, std::numeric_limits<std::uint64_t>::max() / 1'000) * 1'000;
}

void AskBudget(const NodePolicy& policy, const PolicyQuestion& question, Consideration& all) {
  const OwnCertificate& own = *all.certificate;
  all.asked = {.job = all.admitted->job,
               .rule = all.policy.rule,
               .certificates = {own.id},
               .epsilon_milli = question.epsilon ? charter::MilliAsked(*question.epsilon) : 0,
               .wall_ms = ToMs(question.wall_s)};
  std::uint64_t epsilon = charter::MilliAllowed(policy.max_epsilon_total);
  if (own.content.epsilon_budget_milli > 0) epsilon = std::min(epsilon, own.content.epsilon_budget_milli);
  all.ceilings.epsilon_milli[own.id] = epsilon;
  const auto rule = std::ranges::find(policy.rules, all.policy.rule, &PolicyRule::id);
  if (rule->max_wall_s_total > 0) all.ceilings.wall_ms = ToMs(rule->max_wall_s_total);
}

Status CheckGroups(const rpc::Prepare& message, const JobSpec& spec, Consideration& all) {
  all.check = kOfPolicy;
  ACCORD_RETURN_IF_ERROR(charter::CheckConsent(all.admitted->present.charter, spec));
  if (!spec.groups.reshuffle) return {};
  ACCORD_ASSIGN_OR_RETURN(all.draw, charter::DrawOf(*all.admitted, *message.bundle));
  return {};
}

Status CheckLocally(const JobSpec& spec, const Circumstances& at, Consideration& all) {
  ACCORD_ASSIGN_OR_RETURN(all.certificate,
                          CheckOwnCertificate(at.config, spec.dataset, *all.admitted, at.now));
  const std::filesystem::path& file = at.config.governance.policy;
  ACCORD_ASSIGN_OR_RETURN(const Bytes text, ReadFile(file, charter::kMaxPolicyBytes));
  ACCORD_ASSIGN_OR_RETURN(const NodePolicy policy, charter::ParsePolicy(text, file.string()));
  all.policy_hash = policy.hash;
  const PolicyQuestion question = QuestionOf(*all.admitted, spec, at);
  all.policy = charter::Judge(policy, question);
  if (!all.policy.allowed) return Fail(errors::kPolicyDenied, all.policy.reason);
  all.check = kOfBudget;
  AskBudget(policy, question, all);
  return charter::Grant(at.ledger, all.asked, all.ceilings).status();
}

}  // namespace

Consideration Consider(const rpc::Prepare& message, const JobSpec& spec, const Circumstances& at) {
  Consideration all;
  if (!message.bundle) {
    all.status = Fail(errors::kBundleMissing, "the job came without the members' decision");
    return all;
  }
  Result<Admitted> admitted = charter::Admit(at.pinned, *message.bundle, message.plan, at.now, &all.check);
  all.status = admitted.status();
  if (!admitted.ok()) return all;
  if (admitted->job.bytes != message.job.bytes) {
    all.check = 4;
    all.status =
        Fail(errors::kProposalRefused, "the decision is on another job than the one that it came with");
    return all;
  }
  all.admitted = *std::move(admitted);
  all.status = CheckGroups(message, spec, all);
  if (all.status.ok()) all.status = CheckLocally(spec, at, all);
  return all;
}

}  // namespace accord::node
