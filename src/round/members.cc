// Sets of nodes that several phases need.
#include <algorithm>
#include <iterator>

#include "round/phases.h"

namespace accord::round {

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

NodeSet Keys(const std::map<NodeId, Digest>& uploads) {
  NodeSet keys;
  for (const auto& [node, root] : uploads) keys.insert(keys.end(), node);
  return keys;
}

NodeSet Minus(const NodeSet& all, const NodeSet& without) {
  NodeSet rest;
  std::ranges::set_difference(all, without, std::inserter(rest, rest.end()));
  return rest;
}

NodeSet Awaited(const Collect& state) {
  const NodeSet due = state.again ? Keys(state.lost) : state.attempt.cohort;
  return Minus(Living(state.members, due), Keys(state.uploads));
}

NodeSet Awaited(const Commit& state) { return Minus(Living(state.members, state.survivors), state.verified); }

}  // namespace accord::round
