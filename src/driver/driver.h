// The loop that coordinator, node and simulation share: journal -> effects, and replay.
//
// An event is stepped at once, so that the next one sees its state, but nothing that anyone outside can
// notice happens before the event is durable: neither its effects nor the answer to who brought it. That
// holds for repeats too: the answer to a duplicate waits until the original is on disk. Rejected and
// discarded events are not journalled, since they change nothing; their effects only repeat an answer.
//
// An event that releases nothing, and is told again when lost, need not wait for the disk (the machine's
// MustBeDurable gives false for it and its effects): it is written with the next one that must, or soon.
//
// When the journal fails, the state in memory is ahead of the disk: the driver is then broken, answers every
// waiting caller with the failure, and takes no more events. What was on its way behind that does not reach
// the disk (it is one Line); the owner hears of the failure after the last of it, and then makes a new driver
// by replay. Who was told of the failure sends again.
//
// Thread rule: all calls on one strand; `post` brings the journal's callbacks back to it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accord/clock.h"
#include "accord/status.h"
#include "base/check.h"
#include "driver/journal.h"
#include "round/round.h"

namespace accord::driver {

// M is a machine: types State, Event, Effect and Transition{next, effects, why}, and
//   Transition Step(const State&, const Event&, TimePoint) const;
//   std::vector<Append> Records(TimePoint, const Event&) const;  the event in its stream, ledgers beside it
//   bool MustBeDurable(const Event&, const std::vector<Effect>&) const;
// `why` has a `verdict` of round::Verdict.
template <class M>
class Driver : public std::enable_shared_from_this<Driver<M>> {
 public:
  using State = typename M::State;
  using Event = typename M::Event;
  using Effect = typename M::Effect;
  using Why = decltype(std::declval<typename M::Transition>().why);
  using Done = std::function<void(Result<Why>)>;

  struct Options {
    M machine;
    Journal* journal = nullptr;                       // outlives the driver
    std::function<void(std::function<void()>)> post;  // to the strand
    std::function<void(std::vector<Effect>)> run;     // effects of durable events, in order
    std::function<void(const Status&)> on_broken;     // once, when nothing is on its way to the disk any more
  };

  Driver(Options options, State state) : options_(std::move(options)), state_(std::move(state)) {}

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const M& machine() const { return options_.machine; }
  [[nodiscard]] bool idle() const { return waiting_.empty(); }
  [[nodiscard]] bool broken() const { return !broken_.ok(); }  // the state was never on the disk

  // Steps `event`; `done` (may be empty) gets its fate once that is durable, or the journal's failure.
  void Handle(const Event& event, TimePoint now, Done done = {}) {
    if (!broken_.ok()) return Answer(done, broken_);
    typename M::Transition step = options_.machine.Step(state_, event, now);
    const bool accepted = step.why.verdict == round::Verdict::kAccepted;
    if (accepted) state_ = std::move(step.next);
    const bool durable = options_.machine.MustBeDurable(event, step.effects);
    Pending pending{std::move(step.effects), AnswerWith(step.why, std::move(done))};
    if (accepted) Write(event, now, durable);
    if (waiting_.empty() && !(accepted && durable)) return Release(std::move(pending));
    waiting_.push_back({std::move(pending), accepted && durable});
  }

 private:
  struct Pending {
    std::vector<Effect> effects;
    std::function<void(const Status&)> answer;
  };
  struct Waiting {
    Pending pending;
    bool written_by_itself = false;  // else it only keeps its place behind the one before it
  };

  static void Answer(const Done& done, Result<Why> result) {
    if (done) done(std::move(result));
  }
  static std::function<void(const Status&)> AnswerWith(Why why, Done done) {
    if (!done) return {};
    return [why, done = std::move(done)](const Status& status) {
      done(status.ok() ? Result<Why>(why) : Result<Why>(status));
    };
  }

  void Write(const Event& event, TimePoint now, bool durable) {
    std::vector<Append> batch = options_.machine.Records(now, event);
    if (!durable) return options_.journal->WriteSoon(std::move(batch), line_);
    options_.journal->Write(
        std::move(batch),
        [weak = this->weak_from_this(), post = options_.post](Status status) {
          post([weak, status = std::move(status)] {
            if (auto self = weak.lock()) self->OnWritten(status);
          });
        },
        line_);
  }

  void Release(Pending pending) {
    if (broken_.ok()) options_.run(std::move(pending.effects));
    if (pending.answer) pending.answer(broken_);
  }

  // The first waiting event is on disk, or failed; those behind it that only kept their place go with it.
  void OnWritten(const Status& status) {
    ACCORD_CHECK(!waiting_.empty() && waiting_.front().written_by_itself);
    if (broken_.ok()) broken_ = status;
    do {
      Pending pending = std::move(waiting_.front().pending);
      waiting_.pop_front();
      Release(std::move(pending));
    } while (!waiting_.empty() && !waiting_.front().written_by_itself);
    if (!broken_.ok() && waiting_.empty()) options_.on_broken(broken_);
  }

  const Options options_;
  const LinePtr line_ = std::make_shared<Line>();
  State state_;
  std::deque<Waiting> waiting_;  // in order; the first is on its way to the disk
  Status broken_;
};

}  // namespace accord::driver
