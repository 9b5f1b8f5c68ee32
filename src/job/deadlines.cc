#include "job/deadlines.h"

#include <algorithm>

#include "job/rounds.h"

namespace accord::job {
namespace {

constexpr std::int64_t kMargin = 2;                 // a phase may take so many times what it took before
constexpr std::size_t kMeasuredRounds = 3;          // of which the slowest counts
constexpr std::uint64_t kLinkBytes = 262'144;       // a second: the slowest link that is waited for
constexpr std::uint64_t kChunkBytes = 524'288;      // the step in which an upload grows (proto/accord/v1)
constexpr Millis kSlack = std::chrono::minutes(1);  // for what is no transfer

// What nodes do in p1. The three differ by any factor.
enum class Work : std::uint8_t { kOneStep, kWholeRound, kEvaluation };

Work WorkOf(const Plan& plan, std::uint64_t round, bool evaluates) {
  if (evaluates) return Work::kEvaluation;
  return round <= plan.synchronous ? Work::kOneStep : Work::kWholeRound;
}

Wait Measured(const Plan& plan, const Progress& progress, Millis Took::*what, Millis first) {
  static const std::vector<RoundSummary> kNone;
  const std::vector<RoundSummary>& history = progress.history ? *progress.history : kNone;
  const Work work = WorkOf(plan, progress.committed + 1, progress.committed >= plan.rounds);
  Wait wait{first, Millis(0)};
  std::size_t measured = 0;
  for (auto round = history.rbegin(); round != history.rend() && measured < kMeasuredRounds; ++round) {
    const bool evaluated = round->purpose == round::Purpose::kEvaluate;
    if (what == &Took::train && WorkOf(plan, round->round.value, evaluated) != work) continue;
    const Millis took = round->took.*what;
    if (took > Millis(0)) ++measured;
    wait.took = std::max(wait.took, took);
  }
  if (measured > 0) wait.length = std::clamp(kMargin * wait.took, plan.min_wait, plan.max_wait);
  return wait;
}

Millis Took::*SlotOf(round::Phase phase) {
  switch (phase) {
    case round::Phase::kTrain:
      return &Took::train;
    case round::Phase::kAdvertise:
    case round::Phase::kShare:
    case round::Phase::kSurvivors:
    case round::Phase::kUnmask:
      return &Took::exchange;
    case round::Phase::kCollect:
      return &Took::collect;
    case round::Phase::kCommit:
      return &Took::commit;
    case round::Phase::kGather:
    case round::Phase::kClosed:
      break;
  }
  return nullptr;
}

// 0 stands for "not measured".
void Note(Took& took, round::Phase phase, Millis length) {
  Millis Took::*slot = SlotOf(phase);
  if (slot != nullptr) took.*slot = std::max({took.*slot, length, Millis(1)});
}

bool SameAttempt(const round::State& before, const round::State& after) {
  const round::Attempt* a = round::AttemptOf(before);
  const round::Attempt* b = round::AttemptOf(after);
  return a == nullptr || b == nullptr || a->id == b->id;
}

// Whether a deadline that passed led the round on, rather than to another attempt or its end.
bool GoesOn(const round::State& before, const round::State& after) {
  if (const auto* closed = std::get_if<round::Closed>(&after)) return closed->committed;
  return SameAttempt(before, after) && after.index() >= before.index();
}

// "41s", "850ms".
std::string Rounded(Millis span) {
  if (span < std::chrono::seconds(1)) return FormatDuration(span);
  return FormatDuration(std::chrono::ceil<std::chrono::seconds>(span));
}

std::string Bounded(const Plan& plan, const Wait& wait) {
  std::string why = std::to_string(kMargin) + " x the " + Rounded(wait.took) +
                    " that the slowest of the last rounds took for it";
  if (kMargin * wait.took < plan.min_wait)
    return why + ", but at least min_wait = " + FormatDuration(plan.min_wait);
  if (kMargin * wait.took > plan.max_wait)
    return why + ", but at most max_wait = " + FormatDuration(plan.max_wait);
  return why;
}

std::string First(const Plan& plan, round::Phase phase, const Wait& wait) {
  if (phase == round::Phase::kGather) return "max_wait: nobody knows when nodes come";
  if (phase == round::Phase::kTrain) return "max_wait: no round of this kind was measured yet";
  const bool sends = phase == round::Phase::kCollect || phase == round::Phase::kCommit;
  if (wait.length == plan.max_wait) return "max_wait: nothing was measured yet, and longer is not allowed";
  if (wait.length == plan.min_wait) return "min_wait: nothing was measured yet, and shorter is not allowed";
  return FormatDuration(kSlack) + (sends ? " and the time of " + FormatBytes(plan.upload_bytes) + " at " +
                                               FormatBytes(kLinkBytes) + "/s, since nothing was measured yet"
                                         : " for small messages, since nothing was measured yet");
}

}  // namespace

Millis StatedWait(std::uint64_t bytes) {
  return kSlack + Millis(static_cast<std::int64_t>(bytes / kLinkBytes * 1000));
}

Waits WaitsOf(const Plan& plan, const Progress& progress) {
  return {.gather = {plan.max_wait, Millis(0)},
          .train = Measured(plan, progress, &Took::train, plan.max_wait),
          .exchange = Measured(plan, progress, &Took::exchange, plan.exchange_wait),
          .collect = Measured(plan, progress, &Took::collect, plan.transfer_wait),
          .commit = Measured(plan, progress, &Took::commit, plan.transfer_wait)};
}

Wait WaitOf(const Waits& waits, round::Phase phase) {
  switch (phase) {
    case round::Phase::kGather:
      return waits.gather;
    case round::Phase::kTrain:
      return waits.train;
    case round::Phase::kCollect:
      return waits.collect;
    case round::Phase::kCommit:
      return waits.commit;
    case round::Phase::kClosed:
      return {};
    default:
      return waits.exchange;
  }
}

Millis StallWait(const Plan& plan, const Wait& collect) {
  const auto chunks = static_cast<std::int64_t>(plan.upload_bytes / kChunkBytes + 1);
  const Millis chunk = std::max(StatedWait(kChunkBytes), kMargin * collect.took / chunks);
  return std::min(collect.length, std::max(chunk, plan.min_wait));
}

std::string WaitReason(const Plan& plan, const Waits& waits, round::Phase phase) {
  const Wait wait = WaitOf(waits, phase);
  if (phase == round::Phase::kClosed) return "";
  return wait.took > Millis(0) ? Bounded(plan, wait) : First(plan, phase, wait);
}

void Measure(Pace& pace, const round::State& before, const round::Event& event, const round::State& after,
             TimePoint now) {
  const auto since = [now](TimePoint then) {
    return std::max(Millis(0), std::chrono::duration_cast<Millis>(now - then));
  };
  const round::Phase phase = round::PhaseOf(before);
  const bool late = std::holds_alternative<round::Trained>(event) && phase > round::Phase::kTrain;
  if (const auto* restarted = std::get_if<round::Restarted>(&event)) {
    pace.trains += std::max(Millis(0), restarted->away);
    pace.asked += std::max(Millis(0), restarted->away);
  } else if (IsWordOfNode(event)) {
    Note(pace.took, late ? round::Phase::kTrain : phase, since(late ? pace.trains : pace.asked));
  } else if (std::holds_alternative<round::Tick>(event) && !GoesOn(before, after)) {
    Note(pace.took, phase, since(pace.asked));  // at least
  }
  if (before.index() == after.index() && SameAttempt(before, after)) return;
  pace.asked = pace.began = now;
  if (std::holds_alternative<round::Train>(after)) pace.trains = now;
}

Took Longest(const Took& a, const Took& b) {
  return {.train = std::max(a.train, b.train),
          .exchange = std::max(a.exchange, b.exchange),
          .collect = std::max(a.collect, b.collect),
          .commit = std::max(a.commit, b.commit)};
}

}  // namespace accord::job
