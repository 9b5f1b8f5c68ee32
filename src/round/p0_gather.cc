// p0 gather: wait until enough nodes are connected, prepared and willing; then the training cohort is fixed.
// Where a round takes fewer than are ready, they take turns, a round after the other. Next: p1 train.
// Otherwise p8 closed, when no quorum came before the deadline.
#include <algorithm>

#include "round/phases.h"

namespace accord::round {

State Open(const Plan& plan, TimePoint now) { return Gather{now, now + plan.gather_wait}; }

namespace p0 {
namespace {

// A set that signed on this model comes again whole, or not at all.
bool Enough(const Plan& plan, const NodeSet& ready) {
  if (!plan.bound.empty()) return std::ranges::includes(ready, plan.bound);
  return ready.size() >= plan.min_nodes && (plan.mode == SecureMode::kOff || CanMask(plan, ready.size()));
}

// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t Mix(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// The order that nodes take turns in. After a round that failed one that is drawn anew: those who cannot take
// part, and never say so, would otherwise be among the same others each time.
std::vector<NodeId> RingOf(const Plan& plan, const NodeSet& ready) {
  std::vector<NodeId> ring(ready.begin(), ready.end());
  if (plan.failures == 0) return ring;
  const auto place = [&](const NodeId& node) {
    std::uint64_t draw = plan.failures;
    for (const std::uint8_t byte : node.bytes) draw = Mix(draw ^ byte);
    return draw;
  };
  std::ranges::stable_sort(ring, {}, place);
  return ring;
}

// At most plan.max_nodes of them, in a ring that begins where the round before ended: all come to the same
// share.
NodeSet Select(const Plan& plan, const NodeSet& ready) {
  if (!plan.bound.empty()) return plan.bound;
  if (plan.max_nodes == 0 || ready.size() <= plan.max_nodes) return ready;
  const std::vector<NodeId> ring = RingOf(plan, ready);
  const std::uint64_t first = (plan.round.value - 1) % ring.size() * plan.max_nodes;
  NodeSet cohort;
  for (std::uint64_t i = 0; i < plan.max_nodes; ++i) cohort.insert(ring[(first + i) % ring.size()]);
  return cohort;
}

}  // namespace

Transition On(const Plan& plan, const Gather& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{
          [&](const Candidates& e) {
            if (!Enough(plan, e.ready)) return Discarded(state, Reason::kNoQuorum);
            return p1::Enter(plan, Select(plan, e.ready), e.registry, now);
          },
          [&](const Tick& e) {
            if (!IsDue(e, state, now)) return Discarded(state, Reason::kNone);
            return p8::Abort(plan, {}, NoAttempt(plan), Reason::kNoQuorum, now);
          },
          [&](const Cancel&) { return p8::Abort(plan, {}, NoAttempt(plan), Reason::kCancelled, now); },
          [&](const Restarted& e) { return Extended(state, e); },
          [&](const OneOf<Trained, Dropped, Uploaded, UploadsLost, Summed, SumFailed, Verified, Advertised,
                          Shared, SharesStored, SurvivorsSigned, Opened, LeftAttempt, NonceOpened> auto&) {
            return Rejected(state, Reason::kWrongPhase);
          }},
      event);
}

}  // namespace p0
}  // namespace accord::round
