// fuzz-deps: accord_job
// A story of a job at the coordinator, written by the input (job_author.h). Whatever it is: an event that is
// not accepted changes nothing and has no effect; a record reads back as it was, and the journal gives the
// live state; no wait is without an end, nor longer than the job allows; rounds and attempts only grow, and a
// number of masks stands for one cohort; a round commits once, out of p7, and the next one starts from its
// model; of one model one survivor set is told; a pause keeps the rounds and their time; a state that ended
// stays.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "job/codec.h"
#include "tests/fuzz/job_author.h"
#include "tests/support/dump.h"

namespace accord::job {
namespace {

using round::Verdict;
using testing::Dump;

constexpr int kMostEvents = 300;
constexpr TimePoint kBegin{Millis(1'000'000)};

const OpenRounds& RoundsIn(const State& state) {
  const auto* paused = std::get_if<Paused>(&state);
  return paused != nullptr ? paused->rounds : RoundsOf(state);
}
const OpenRound* Find(const OpenRounds& rounds, std::uint32_t group) {
  const auto found = std::ranges::find(rounds, group, &OpenRound::group);
  return found == rounds.end() ? nullptr : &*found;
}
bool IsClosed(const OpenRound& open) { return std::holds_alternative<round::Closed>(open.state); }

// What must hold of the whole story.
class Invariants {
 public:
  explicit Invariants(const Plan& plan) : plan_(plan) {}

  // That time went back, or that the coordinator was away: waits may be longer by as much.
  void Lengthen(Millis by) { longer_ += by; }

  void SeeAccepted(const State& before, const Event& event, const Transition& step, TimePoint now) {
    ACCORD_CHECK(!IsTerminal(before));
    const bool ends = std::ranges::any_of(
        step.effects, [](const Effect& effect) { return std::holds_alternative<Ended>(effect); });
    ACCORD_CHECK(ends == IsTerminal(step.next));
    SeeEvent(before, event);
    SeeProgress(before, event, step.next);
    SeeHistory(before, event, step.next);
    for (const OpenRound& open : RoundsIn(step.next)) SeeUploads(open, false);
    for (const Effect& effect : step.effects) SeeEffect(before, step.next, effect);
    SeeState(before, step, now);
    SeePause(before, event, step.next, now);
    if (MustBeDurable(event, step.effects)) uncertain_.clear();
  }
  // Only what was on the disk is left.
  void SeeRestart(const State& state) {
    for (const auto& key : std::exchange(uncertain_, {})) roots_.erase(key);
    newest_.clear();
    for (const OpenRound& open : RoundsIn(state)) {
      SeeRound(open);
      SeeUploads(open, true);
    }
  }

 private:
  using Place = std::tuple<std::uint32_t, RoundId, AttemptId>;
  using OnModel = std::tuple<std::uint32_t, Digest, round::Purpose>;  // a set is signed on it

  void SeeEvent(const State& before, const Event& event) {
    if (const auto* in = std::get_if<InRound>(&event)) {
      const auto* restarted = std::get_if<round::Restarted>(&in->event);
      if (restarted != nullptr) Lengthen(std::max(Millis(0), restarted->away));
    }
    const auto* resume = std::get_if<Resume>(&event);
    if (resume != nullptr && resume->free && !IsCatchingUp(before)) sets_.clear();
    if (const auto* caught = std::get_if<CaughtUp>(&event)) {
      const auto purpose =
          caught->round.value > plan_.rounds ? round::Purpose::kEvaluate : round::Purpose::kTrain;
      for (std::uint32_t group = 0; group < caught->groups.size(); ++group) {  // the nodes know better
        if (!caught->groups[group].bound.empty())
          sets_[{group, caught->model_hash, purpose}] = caught->groups[group].bound;
      }
    }
  }

  // A step commits one round at most, but where nodes were ahead of a backup.
  void SeeProgress(const State& before, const Event& event, const State& after) const {
    const Progress& was = ProgressOf(before);
    const Progress& is = ProgressOf(after);
    const std::uint64_t steps = is.committed - was.committed;
    ACCORD_CHECK(is.committed >= was.committed && is.committed <= plan_.rounds);
    ACCORD_CHECK(steps <= 1 || std::holds_alternative<CaughtUp>(event));
    const bool starts = std::holds_alternative<Start>(event);
    ACCORD_CHECK(steps > 0 || starts || is.model_hash == was.model_hash);
    ACCORD_CHECK(is.evaluated >= was.evaluated);
    ACCORD_CHECK(!is.evaluated || is.committed == plan_.rounds);
    if (PhaseOf(after) == Phase::kFinished)
      ACCORD_CHECK(is.committed == plan_.rounds && (is.evaluated || !plan_.final_evaluation));
    if (PhaseOf(after) < Phase::kRunning) ACCORD_CHECK(PhaseOf(after) >= PhaseOf(before));
    if (PhaseOf(after) >= Phase::kRunning && !IsTerminal(after))
      ACCORD_CHECK(is.groups.size() == plan_.groups);
  }

  void SeeHistory(const State& before, const Event& event, const State& after) {
    const auto& was = HistoryOf(before);
    const auto& is = HistoryOf(after);
    ACCORD_CHECK(is.size() >= was.size());
    if (!was.empty()) ACCORD_CHECK(Dump(is[was.size() - 1].round) == Dump(was.back().round));
    for (std::size_t i = was.size(); i < is.size(); ++i) {
      const RoundSummary& summary = is[i];
      ACCORD_CHECK(i == 0 || summary.round >= is[i - 1].round);
      ACCORD_CHECK(summary.took.train >= Millis(0) && summary.took.commit >= Millis(0));
      if (!summary.committed) continue;
      ACCORD_CHECK(committed_.insert(summary.round).second);
      if (summary.restored) {
        ACCORD_CHECK(std::holds_alternative<CaughtUp>(event));
      } else {
        SeeCommit(before, event, summary, ProgressOf(after));
      }
    }
    ACCORD_CHECK(std::holds_alternative<CaughtUp>(event) || is.size() - was.size() <= 1);
  }
  // Of enough updates that enough nodes came to the model of.
  void SeeCommit(const State& before, const Event& event, const RoundSummary& summary,
                 const Progress& after) const {
    ACCORD_CHECK(summary.model_hash == after.model_hash);
    if (plan_.groups > 1) {
      ACCORD_CHECK(std::holds_alternative<Combined>(event) && IsCombining(before));
      const auto sums =
          std::ranges::count_if(summary.groups, [](const auto& group) { return group.survivors > 0; });
      ACCORD_CHECK(sums >= plan_.min_groups);
      return;
    }
    const auto* commit = std::get_if<round::Commit>(&RoundsIn(before).at(0).state);
    ACCORD_CHECK(commit != nullptr && commit->outcome.model_hash == summary.model_hash);
    ACCORD_CHECK(summary.survivors >= plan_.min_survivors && summary.survivors == commit->uploads.size());
  }

  // ---------------------------------------------------------------- effects

  void SeeEffect(const State& before, const State& after, const Effect& effect) {
    const auto* in = std::get_if<RoundEffect>(&effect);
    if (in == nullptr) return;
    const OpenRound* from = Find(RoundsIn(before), in->group);
    const OpenRound* to = Find(RoundsIn(after), in->group);
    ACCORD_CHECK((from != nullptr && from->plan.round == in->round) ||
                 (to != nullptr && to->plan.round == in->round));
    if (const auto* sum = std::get_if<round::TakeSum>(&in->effect)) SeeSum(*in, *sum);
  }
  void SeeSum(const RoundEffect& in, const round::TakeSum& sum) {
    ACCORD_CHECK(sum.survivors.size() >= plan_.min_survivors);
    ACCORD_CHECK(std::ranges::includes(sum.cohort, sum.survivors));
    for (const NodeId& node : sum.survivors)
      ACCORD_CHECK(roots_.contains({{in.group, in.round, sum.attempt}, node}));
  }

  // Counted: its bytes are the same for ever, also when they are lost and come again.
  void SeeUpload(const OpenRound& open, AttemptId attempt, NodeId node, const Digest& root, bool durable) {
    const auto key = std::pair(Place{open.group, open.plan.round, attempt}, node);
    const auto [known, fresh] = roots_.try_emplace(key, root);
    ACCORD_CHECK(fresh || known->second == root);
    if (fresh && !durable) uncertain_.push_back(key);
  }
  void SeeUploads(const OpenRound& open, bool durable) {
    const round::Attempt* attempt = round::AttemptOf(open.state);
    const AttemptId id = attempt != nullptr ? attempt->id : open.plan.first_attempt;
    const auto see = [&](const round::Uploads& uploads) {
      for (const auto& [node, upload] : uploads) SeeUpload(open, id, node, upload.root, durable);
    };
    std::visit(
        [&](const auto& state) {
          if constexpr (requires { state.uploads; }) see(state.uploads);
          if constexpr (requires { state.lost; }) see(state.lost);
        },
        open.state);
  }

  // ---------------------------------------------------------------- states

  void SeeState(const State& before, const Transition& step, TimePoint now) {
    for (const OpenRound& open : RoundsIn(step.next)) {
      SeeRound(open);
      SeeWait(open, now);
      ACCORD_CHECK(open.plan.model_hash == ProgressOf(step.next).model_hash);
      ACCORD_CHECK(open.plan.round.value == ProgressOf(step.next).committed + 1);
      const OpenRound* was = Find(RoundsIn(before), open.group);
      const bool gathers = std::holds_alternative<round::Gather>(open.state);
      if (!gathers || (was != nullptr && std::holds_alternative<round::Gather>(was->state))) continue;
      ACCORD_CHECK(Has<AskCandidates>(step.effects));
      SeeOpened(open);
    }
    const auto* running = std::get_if<Running>(&step.next);
    if (running != nullptr) {
      ACCORD_CHECK(!running->rounds.empty());
      if (IsCombining(step.next)) {
        ACCORD_CHECK(plan_.groups > 1);
        ACCORD_CHECK((IsCombining(before) && !std::holds_alternative<Paused>(before)) ||
                     Has<Combine>(step.effects));
      }
    }
    if (const auto* paused = std::get_if<Paused>(&step.next)) {
      ACCORD_CHECK(paused->reason != Reason::kNone);
      ACCORD_CHECK(!IsCatchingUp(step.next) || paused->rounds.empty());
    }
  }
  template <class E>
  static bool Has(const std::vector<Effect>& effects) {
    return std::ranges::any_of(effects,
                               [](const Effect& effect) { return std::holds_alternative<E>(effect); });
  }

  // Someone is awaited until a time that the job allows, or the round is at work itself.
  void SeeWait(const OpenRound& open, TimePoint now) const {
    const auto deadline = round::DeadlineOf(open.state);
    if (deadline) {
      ACCORD_CHECK(*deadline <= now + plan_.max_wait + longer_);
      return;
    }
    const auto* unmask = std::get_if<round::Unmask>(&open.state);
    const bool sums = unmask != nullptr && (plan_.mode == SecureMode::kOff || unmask->summing);
    ACCORD_CHECK(IsClosed(open) || sums);
  }

  // No masks were made yet for a number that the new try may use.
  void SeeOpened(const OpenRound& open) const {
    const auto later = cohorts_.lower_bound({open.group, open.plan.round, open.plan.first_attempt});
    ACCORD_CHECK(later == cohorts_.end() || std::get<0>(later->first) != open.group ||
                 std::get<1>(later->first) != open.plan.round);
  }

  // Attempts grow, over all tries of a round; a masked one has one cohort; a model has one signed set.
  void SeeRound(const OpenRound& open) {
    const round::Attempt* attempt = round::AttemptOf(open.state);
    const AttemptId id = attempt != nullptr ? attempt->id : open.plan.first_attempt;
    const auto [newest, fresh] = newest_.try_emplace(open.group, open.plan.round, id);
    ACCORD_CHECK(fresh || std::pair(open.plan.round, id) >= newest->second);
    newest->second = {open.plan.round, id};
    if (attempt == nullptr || plan_.mode == SecureMode::kOff || attempt->cohort.empty()) return;
    const auto [cohort, first] = cohorts_.try_emplace({open.group, open.plan.round, id}, attempt->cohort);
    ACCORD_CHECK(first || cohort->second == attempt->cohort);
    const round::Uploads* survivors = round::SurvivorsOf(open.state);
    if (survivors == nullptr || IsClosed(open)) return;
    round::NodeSet u3;
    for (const auto& [node, upload] : *survivors) u3.insert(node);
    const auto [set, told] = sets_.try_emplace({open.group, open.plan.model_hash, open.plan.purpose}, u3);
    ACCORD_CHECK(told || set->second == u3);
  }

  // It keeps the rounds as they stood, and gives each the time that it had left.
  static void SeePause(const State& before, const Event& event, const State& after, TimePoint now) {
    const auto* paused = std::get_if<Paused>(&after);
    if (std::holds_alternative<Pause>(event) && PhaseOf(before) == Phase::kRunning)
      ACCORD_CHECK(paused != nullptr && Dump(paused->rounds) == Dump(RoundsOf(before)) &&
                   paused->since == now);
    const auto* was = std::get_if<Paused>(&before);
    if (was == nullptr || !std::holds_alternative<Running>(after) || !was->dropped.empty()) return;
    const Millis away = std::max(Millis(0), std::chrono::duration_cast<Millis>(now - was->since));
    for (const OpenRound& open : was->rounds) {
      const OpenRound* is = Find(RoundsOf(after), open.group);
      if (is == nullptr || is->plan.round != open.plan.round || is->state.index() != open.state.index())
        continue;
      const auto left = round::DeadlineOf(open.state);
      const bool extends = left && std::holds_alternative<round::Train>(open.state);
      if (extends) ACCORD_CHECK(round::DeadlineOf(is->state) == *left + away);
    }
  }

  const Plan& plan_;
  Millis longer_{0};
  std::map<std::uint32_t, std::pair<RoundId, AttemptId>> newest_;
  std::map<Place, round::NodeSet> cohorts_;
  std::map<OnModel, round::NodeSet> sets_;
  std::map<std::pair<Place, NodeId>, Digest> roots_;
  std::vector<std::pair<Place, NodeId>> uncertain_;  // of roots: not on the disk for sure
  std::set<RoundId> committed_;
};

// The coordinator's journal of the job: what of it a crash may lose.
class Journal {
 public:
  void Write(const Event& event, bool durable, TimePoint now) {
    const Bytes bytes = Encode({now, event});
    const auto read = Decode(bytes);
    Event expected = event;
    if (auto* in = std::get_if<InRound>(&expected);
        in != nullptr && std::holds_alternative<round::Tick>(in->event))
      in->event = round::Tick{.due = true};  // journalled, since it was accepted
    ACCORD_CHECK(read.ok() && read->time == now && Dump(std::get<Event>(read->content)) == Dump(expected));
    ACCORD_CHECK(Encode(*read) == bytes);
    records_.push_back(bytes);
    if (durable) durable_ = records_.size();
  }
  // Up to so many of what need not be on the disk yet; what is left is what the disk has.
  void Lose(std::size_t most) {
    records_.resize(std::max(durable_, records_.size() - std::min(records_.size(), most)));
    durable_ = records_.size();
  }
  [[nodiscard]] State Replay(const Plan& plan) const {
    State state = Submit(kBegin);
    for (const Bytes& bytes : records_) {
      const auto record = Decode(bytes);
      Transition step = Step(plan, state, std::get<Event>(record->content), record->time);
      ACCORD_CHECK(step.why.verdict == Verdict::kAccepted);
      state = std::move(step.next);
    }
    return state;
  }

 private:
  std::vector<Bytes> records_;
  std::size_t durable_ = 0;
};

// "running p4 collect p8 closed", for people.
std::string WhereIs(const State& state) {
  std::string text(Name(PhaseOf(state)));
  if (PhaseOf(state) == Phase::kPaused) text += " " + std::string(Name(ReasonOf(state)));
  for (const OpenRound& open : RoundsIn(state))
    text += " " + std::string(round::Name(round::PhaseOf(open.state)));
  return text;
}

class Coordinator {
 public:
  explicit Coordinator(const Plan& plan) : plan_(plan), invariants_(plan_) {
    fuzz::Tell([&] { return Dump(plan_); });
  }

  void Wait(Millis later, bool until_deadline) {
    if (later < Millis(0)) invariants_.Lengthen(-later);
    now_ += later;
    const auto deadline = DeadlineOf(state_);
    if (until_deadline && deadline) now_ = std::max(now_, *deadline);
  }

  void Hear(const Event& event) {
    Transition step = Step(plan_, state_, event, now_);
    const bool accepted = step.why.verdict == Verdict::kAccepted;
    fuzz::Tell([&] {
      return Dump(now_) + " " + WhereIs(state_) + ": " + Dump(event) + " -> " +
             std::string(round::Name(step.why.reason)) + ", " + WhereIs(step.next) + " " + Dump(step.effects);
    });
    CheckFate(event, accepted);
    if (!accepted) {
      ACCORD_CHECK(Dump(step.next) == Text() && step.effects.empty());
      return;
    }
    journal_.Write(event, MustBeDurable(event, step.effects), now_);
    invariants_.SeeAccepted(state_, event, step, now_);
    state_ = std::move(step.next);
    text_.clear();
  }
  void Restart(std::uint8_t lost) {
    fuzz::Tell([&] { return "restart, " + std::to_string(lost) + " lost"; });
    CheckReplay();
    journal_.Lose(lost);
    state_ = journal_.Replay(plan_);
    text_.clear();
    invariants_.SeeRestart(state_);
  }
  void CheckReplay() { ACCORD_CHECK(Dump(journal_.Replay(plan_)) == Text()); }
  [[nodiscard]] const State& state() const { return state_; }

 private:
  // A deadline that passed leads on, one that did not changes nothing; who was heard after a backup is
  // followed.
  void CheckFate(const Event& event, bool accepted) const {
    if (std::holds_alternative<CaughtUp>(event) && IsCatchingUp(state_)) ACCORD_CHECK(accepted);
    const auto* in = std::get_if<InRound>(&event);
    if (in == nullptr || !std::holds_alternative<round::Tick>(in->event)) return;
    const OpenRound* open = RoundOf(state_, in->group);
    const bool asked = open != nullptr && open->plan.round == in->round;
    const auto deadline = asked ? round::DeadlineOf(open->state) : std::nullopt;
    ACCORD_CHECK(accepted == (deadline && now_ >= *deadline));
  }
  const std::string& Text() {
    if (text_.empty()) text_ = Dump(state_);
    return text_;
  }

  const Plan& plan_;
  TimePoint now_ = kBegin;
  State state_ = Submit(kBegin);
  std::string text_;  // of the state, when it was asked for
  Journal journal_;
  Invariants invariants_;
};

}  // namespace
}  // namespace accord::job

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::job;
  accord::fuzz::Script script({data, size});
  Author author(script);
  Coordinator coordinator(author.plan());
  for (int i = 0; i < kMostEvents && !script.Over(); ++i) {
    const Author::Act act = author.Draw(coordinator.state());
    coordinator.Wait(act.later, act.at_deadline);
    act.event ? coordinator.Hear(*act.event) : coordinator.Restart(script.Below(8));
  }
  coordinator.CheckReplay();
  return 0;
}
