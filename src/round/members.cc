// Sets of nodes that several phases need.
#include <algorithm>
#include <iterator>

#include "round/phases.h"
#include "secagg/encoding.h"
#include "secagg/graph.h"
#include "secagg/params.h"

namespace accord::round {
namespace {

std::uint32_t CorruptOf(const Plan& plan, std::uint32_t n) {
  return plan.corrupt.value_or(secagg::DefaultCorrupt(n));
}

secagg::Thresholds ThresholdsOf(const Plan& plan, const Attempt& attempt) {
  const auto n = static_cast<std::uint32_t>(attempt.cohort.size());
  return secagg::Thresholds::Of(n, CorruptOf(plan, n), plan.mode);
}

}  // namespace

bool CanMask(const Plan& plan, std::size_t nodes) {
  const auto n = static_cast<std::uint32_t>(nodes);
  return n >= 3 && n <= secagg::kMaxCohort && CorruptOf(plan, n) <= n - 2;
}

bool HasGraph(const Attempt& attempt) { return attempt.cohort.size() > secagg::kFullGraphNodes; }

bool AwaitsNonces(const Share& state) {
  return HasGraph(state.attempt) && state.nonces.size() < state.roster.size();
}

std::size_t LeastSurvivors(const Plan& plan, const Attempt& attempt) {
  if (plan.mode == SecureMode::kOff) return plan.min_survivors;
  if (!attempt.signing.empty()) return attempt.signing.size();
  return std::max(plan.min_survivors, ThresholdsOf(plan, attempt).u_min);
}

std::size_t Quorum(const Plan& plan, const Attempt& attempt) { return ThresholdsOf(plan, attempt).t; }

std::size_t LeastVerified(const Plan& plan, const Attempt& attempt) {
  return plan.mode == SecureMode::kOff ? plan.min_survivors : Quorum(plan, attempt);
}

NodeSet Suspects(const Plan& plan, const Attempt& attempt) {
  const std::uint32_t corrupt = CorruptOf(plan, static_cast<std::uint32_t>(attempt.cohort.size()));
  NodeSet suspects;
  for (const auto& [accused, accusers] : attempt.accused) {
    suspects.insert(accused);
    if (accusers.size() <= corrupt) suspects.insert(accusers.begin(), accusers.end());
  }
  return suspects;
}

Reason CheckMember(const Members& members, NodeId node) {
  if (!members.cohort.contains(node)) return Reason::kNotInCohort;
  if (const auto dropped = members.dropped.find(node); dropped != members.dropped.end())
    return dropped->second;
  return Reason::kNone;
}

NodeSet Living(const Members& members, const NodeSet& cohort) {
  NodeSet living;
  std::ranges::copy_if(cohort, std::inserter(living, living.end()),
                       [&](const NodeId& node) { return !members.dropped.contains(node); });
  return living;
}

NodeSet Present(const Members& members, const Attempt& attempt) {
  return Minus(Living(members, attempt.active), attempt.left);
}

bool Leave(Attempt& attempt, const LeftAttempt& event) {
  if (!attempt.left.insert(event.node).second) return false;
  if (!event.blamed.IsZero() && event.blamed != event.node) attempt.accused[event.blamed].insert(event.node);
  return true;
}

NodeSet Minus(const NodeSet& all, const NodeSet& without) {
  NodeSet rest;
  std::ranges::set_difference(all, without, std::inserter(rest, rest.end()));
  return rest;
}

NodeSet Awaited(const Collect& state) {
  if (state.again) {
    return Minus(Minus(Living(state.members, Keys(state.lost)), state.attempt.left), Keys(state.uploads));
  }
  return Minus(Present(state.members, state.attempt), Keys(state.uploads));
}

NodeSet Awaited(const Commit& state) {
  return Minus(Minus(Living(state.members, Keys(state.uploads)), state.attempt.left), state.verified);
}

}  // namespace accord::round
