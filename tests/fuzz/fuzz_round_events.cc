// fuzz-deps: accord_round
// A story of a round, written by the input: which plan, what happens, to whom, when. Whatever it is, an event
// that is not accepted changes nothing, a journal record reads back as it was, no wait is without an end,
// bytes that were uploaded stay the same bytes, and no sum is taken of two sets on one model.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/codec.h"
#include "round/codec.h"
#include "round/round.h"
#include "tests/fuzz/script.h"
#include "tests/support/dump.h"

namespace accord::round {
namespace {

using fuzz::Script;
using testing::Dump;

constexpr int kMostEvents = 300;
constexpr std::uint8_t kNodes = 6;  // one of them is in no cohort

Plan PlanOf(Script& script) {
  Plan plan{.round = {7},
            .purpose = static_cast<Purpose>(script.Below(2)),
            .mode = static_cast<SecureMode>(script.Below(3)),
            .first_attempt = {script.Below(3)},
            .attempts = 1U + script.Below(3),
            .min_nodes = 1U + script.Below(4),
            .min_survivors = 1U + script.Below(3),
            .gather_wait = Millis(100),
            .train_wait = Millis(1000),
            .collect_wait = Millis(200),
            .commit_wait = Millis(300),
            .model_hash = fuzz::Hash(1),
            .exchange_wait = Millis(50)};
  if (script.Below(2) == 1) plan.corrupt = script.Below(3);
  if (script.Below(4) == 3) plan.bound = script.Nodes(kNodes - 1);
  return plan;
}

Event EventOf(Script& script, const State& state, const Plan& plan) {
  const Attempt* open = AttemptOf(state);
  AttemptId attempt = open != nullptr ? open->id : plan.first_attempt;
  const std::uint8_t kind = script.Below(static_cast<std::uint8_t>(std::variant_size_v<Event>));
  const std::uint8_t how = script.Next();
  const NodeId node = fuzz::Node(how % kNodes);
  if (how >= 240) attempt = {attempt.value + 1};
  if (how < 8 && attempt.value > 0) attempt = {attempt.value - 1};
  const auto choice = static_cast<std::uint8_t>(how / 64);
  switch (kind) {
    case 0:
      return Candidates{script.Nodes(kNodes), fuzz::Hash(9)};
    case 1:
      return Trained{node};
    case 2:
      return Dropped{node, Reason::kDeclined};
    case 3:
      return Uploaded{node, attempt, fuzz::Hash(choice == 0 ? 3 : 2), {}};
    case 4:
      return UploadsLost{script.Nodes(kNodes)};
    case 5:
      return Summed{
          attempt,
          {.sum = fuzz::Hash(4), .words = 8, .model_hash = fuzz::Hash(5), .metrics = {}, .opened = {}}};
    case 6:
      return SumFailed{attempt};
    case 7:
      return Verified{node, attempt, fuzz::Hash(choice == 0 ? 6 : 5), {1}};
    case 8:
      return Cancel{};
    case 9:
      return Restarted{Millis(how)};
    case 10:
      return Advertised{node, attempt};
    case 11:
      return Shared{node, attempt};
    case 12:
      return SharesStored{attempt, fuzz::Hash(7)};
    case 13:
      return SurvivorsSigned{node, attempt, {2}};
    case 14:
      return Opened{node, attempt};
    case 15:
      return LeftAttempt{node, attempt, choice == 0 ? NodeId{} : fuzz::Node(choice)};
    case 16:
      return NonceOpened{node, attempt};
    default:
      return Tick{};
  }
}

Bytes Encoded(const Event& event) {
  Writer out;
  Encode(event, out);
  return std::move(out).Take();
}

// What must hold of the whole story.
class Invariants {
 public:
  explicit Invariants(const Plan& plan) : plan_(plan) {}

  void See(const State& before, const Event& event, const Transition& step) {
    const Bytes record = Encoded(event);
    Reader in(record);
    Event read = event;
    if (std::holds_alternative<Tick>(event)) read = Tick{.due = true};  // journalled, since it was accepted
    ACCORD_CHECK(Dump(Decode(in)) == Dump(read) && in.Done());
    if (step.why.verdict != Verdict::kAccepted) {
      ACCORD_CHECK(Dump(step.next) == Dump(before) && step.effects.empty());
      return;
    }
    ACCORD_CHECK(!std::holds_alternative<Closed>(before));
    SeeState(step.next);
    if (const auto* upload = std::get_if<Uploaded>(&event)) SeeUpload(before, step.next, *upload);
    for (const Effect& effect : step.effects) {
      if (const auto* sum = std::get_if<TakeSum>(&effect)) SeeSum(*sum);
    }
  }

 private:
  void SeeState(const State& state) {
    const auto* unmask = std::get_if<Unmask>(&state);
    const bool own = std::holds_alternative<Closed>(state) ||
                     (unmask != nullptr && (plan_.mode == SecureMode::kOff || unmask->summing));
    ACCORD_CHECK(own || DeadlineOf(state).has_value());
    if (const Attempt* attempt = AttemptOf(state)) {
      ACCORD_CHECK(attempt->id >= newest_);
      newest_ = attempt->id;
    }
    const auto* closed = std::get_if<Closed>(&state);
    if (closed == nullptr || !closed->committed) return;
    ACCORD_CHECK(closed->survivors == summed_ && closed->reason == Reason::kNone);
  }

  // Counted: its bytes are the same for ever.
  void SeeUpload(const State& before, const State& next, const Uploaded& upload) {
    const Members* was = MembersOf(before);
    const Members* is = MembersOf(next);
    if (was->trained != is->trained && !std::holds_alternative<Train>(before))
      return;  // only its word counted
    const auto [known, fresh] = roots_.try_emplace({upload.attempt, upload.node}, upload.root);
    ACCORD_CHECK(fresh || known->second == upload.root);
  }

  void SeeSum(const TakeSum& sum) {
    ACCORD_CHECK(sum.survivors.size() >= plan_.min_survivors);
    ACCORD_CHECK(std::ranges::includes(sum.cohort, sum.survivors));
    for (const NodeId& node : sum.survivors) ACCORD_CHECK(roots_.contains({sum.attempt, node}));
    const bool again = !summed_.empty() && sum.survivors != summed_;
    ACCORD_CHECK(plan_.mode == SecureMode::kOff || !again);
    summed_ = sum.survivors;
  }

  const Plan& plan_;
  AttemptId newest_;
  std::map<std::pair<AttemptId, NodeId>, Digest> roots_;
  NodeSet summed_;
};

}  // namespace
}  // namespace accord::round

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::round;
  accord::fuzz::Script script({data, size});
  const Plan plan = PlanOf(script);
  accord::TimePoint now(accord::Millis(1'000'000));
  State state = Open(plan, now);
  Invariants invariants(plan);
  for (int i = 0; i < kMostEvents && !script.Over(); ++i) {
    const std::uint8_t later = script.Next();
    now += accord::Millis(later % 64);
    const auto deadline = DeadlineOf(state);
    if (later >= 224 && deadline) now = std::max(now, *deadline);
    const Event event = EventOf(script, state, plan);
    Transition step = Step(plan, state, event, now);
    invariants.See(state, event, step);
    if (step.why.verdict == Verdict::kAccepted) state = std::move(step.next);
  }
  return 0;
}
