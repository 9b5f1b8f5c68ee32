// The driver over an in-memory journal whose disk the test moves by hand: nothing that anyone outside can
// notice may happen before the event is durable, whatever order disk and events come in.
#include "driver/driver.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/errors.h"

namespace accord::driver {
namespace {

using round::Reason;
using round::Verdict;

// A counter: an event adds its number, or is refused, or repeats an answer. Odd numbers need not be durable.
struct CounterMachine {
  struct State {
    int sum = 0;
  };
  struct Event {
    int add = 0;
    Verdict verdict = Verdict::kAccepted;
  };
  using Effect = std::string;
  struct Transition {
    State next;
    std::vector<Effect> effects;
    round::Why why;
  };

  [[nodiscard]] static Transition Step(const State& state, const Event& event, TimePoint) {
    if (event.verdict == Verdict::kAccepted) {
      return {{state.sum + event.add}, {"effect " + std::to_string(event.add)}, {}};
    }
    return {state, {"answer " + std::to_string(event.add)}, {event.verdict, Reason::kDuplicate}};
  }
  [[nodiscard]] static std::vector<Append> Records(TimePoint, const Event& event) {
    return {{"counter", {static_cast<std::uint8_t>(event.add)}}, {"ledger", {0}}};
  }
  [[nodiscard]] static bool MustBeDurable(const Event& event, const std::vector<Effect>&) {
    return event.add % 2 == 0;
  }
};
constexpr CounterMachine::Event Add(int n) { return {n, Verdict::kAccepted}; }
constexpr CounterMachine::Event Repeat(int n) { return {n, Verdict::kDiscarded}; }
constexpr CounterMachine::Event Refused(int n) { return {n, Verdict::kRejected}; }

class ManualJournal : public Journal {
 public:
  void Write(std::vector<Append> batch, Done done, LinePtr line) override {
    lines.insert(line);
    queue.push_back({std::move(batch), std::move(done), std::move(line)});
  }
  void WriteSoon(std::vector<Append> batch, LinePtr line) override {
    lines.insert(line);
    queue.push_back({std::move(batch), {}, std::move(line)});
  }
  Result<std::vector<Bytes>> Read(const std::string& stream) override { return disk[stream]; }
  Result<std::vector<std::string>> Streams(const std::string&) override { return std::vector<std::string>(); }

  // The disk takes the oldest Write, with what was written behind before it; or fails it, and with it its
  // line.
  void Sync(const Status& given = {}) {
    while (!queue.empty()) {
      auto [batch, done, line] = std::move(queue.front());
      queue.pop_front();
      if (done && line->failed.ok()) line->failed = given;
      const Status status = line->failed;
      if (status.ok() && given.ok()) {
        for (Append& append : batch) disk[append.stream].push_back(std::move(append.record));
      }
      if (done) return done(status);
    }
  }

  struct Pending {
    std::vector<Append> batch;
    Done done;
    LinePtr line;
  };
  std::deque<Pending> queue;
  std::map<std::string, std::vector<Bytes>> disk;
  std::set<LinePtr> lines;  // that batches came with
};

class DriverTest : public ::testing::Test {
 protected:
  using CounterDriver = Driver<CounterMachine>;

  DriverTest() { Make(); }

  void Make() {
    driver = std::make_shared<CounterDriver>(
        CounterDriver::Options{.machine = {},
                               .journal = &journal,
                               .post = [this](std::function<void()> f) { strand.push_back(std::move(f)); },
                               .run =
                                   [this](std::vector<std::string> effects) {
                                     for (std::string& effect : effects) seen.push_back(std::move(effect));
                                     if (on_effects) std::exchange(on_effects, {})();
                                   },
                               .on_broken =
                                   [this](const Status& status) {
                                     seen.push_back("broken " + status.error());
                                     if (on_broken) on_broken();
                                   }},
        CounterMachine::State{});
  }

  void Handle(CounterMachine::Event event) {
    driver->Handle(event, TimePoint(), [this, event](const Result<round::Why>& fate) {
      const std::string name = " " + std::to_string(event.add);
      if (!fate.ok()) return seen.push_back("failed" + name);
      constexpr const char* kVerdicts[] = {"accepted", "rejected", "discarded"};
      seen.push_back(kVerdicts[static_cast<std::size_t>(fate->verdict)] + name);
    });
  }
  void Sync(const Status& status = {}) {
    journal.Sync(status);
    RunStrand();
  }
  void RunStrand() {
    while (!strand.empty()) {
      auto f = std::move(strand.front());
      strand.pop_front();
      f();
    }
  }
  // What the world has seen since it was last asked.
  std::vector<std::string> Seen() { return std::exchange(seen, {}); }
  using Strings = std::vector<std::string>;

  ManualJournal journal;
  std::deque<std::function<void()>> strand;
  std::vector<std::string> seen;
  std::function<void()> on_broken, on_effects;
  std::shared_ptr<CounterDriver> driver;
  const Status full = Fail(errors::kStoreDiskFull, "no space");
};

TEST_F(DriverTest, EffectsAndAnswerComeOnlyAfterTheDisk) {
  Handle(Add(2));
  EXPECT_EQ(driver->state().sum, 2) << "the next event sees it";
  EXPECT_FALSE(driver->idle());
  EXPECT_EQ(Seen(), Strings{});
  journal.Sync();
  EXPECT_EQ(Seen(), Strings{}) << "the journal's thread only posts";
  RunStrand();
  EXPECT_EQ(Seen(), (Strings{"effect 2", "accepted 2"}));
  EXPECT_TRUE(driver->idle());
}

TEST_F(DriverTest, AllRecordsOfAnEventGoInOneBatch) {
  Handle(Add(2));
  ASSERT_EQ(journal.queue.size(), 1U);
  EXPECT_EQ(journal.queue[0].batch.size(), 2U);
}

TEST_F(DriverTest, TheAnswerToADuplicateWaitsUntilTheOriginalIsDurable) {
  Handle(Add(2));
  Handle(Repeat(3));
  Handle(Refused(5));
  EXPECT_EQ(Seen(), Strings{});
  Sync();
  EXPECT_EQ(Seen(), (Strings{"effect 2", "accepted 2", "answer 3", "discarded 3", "answer 5", "rejected 5"}));
  EXPECT_EQ(driver->state().sum, 2);
}

TEST_F(DriverTest, ADuplicateOfWhatIsDurableIsAnsweredAtOnceAndNotJournalled) {
  Handle(Add(2));
  Sync();
  Seen();
  Handle(Repeat(2));
  EXPECT_EQ(Seen(), (Strings{"answer 2", "discarded 2"}));
  EXPECT_TRUE(journal.queue.empty());
}

TEST_F(DriverTest, WhatReleasesNothingDoesNotWaitButKeepsItsPlace) {
  Handle(Add(1));
  EXPECT_EQ(Seen(), (Strings{"effect 1", "accepted 1"}));
  Handle(Add(2));
  Handle(Add(3));
  Handle(Add(4));
  EXPECT_EQ(Seen(), Strings{});
  Sync();
  EXPECT_EQ(Seen(), (Strings{"effect 2", "accepted 2", "effect 3", "accepted 3"})) << "4 has its own write";
  Sync();
  EXPECT_EQ(Seen(), (Strings{"effect 4", "accepted 4"}));
  EXPECT_EQ(journal.disk["counter"], (std::vector<Bytes>{{1}, {2}, {3}, {4}})) << "in the order of the steps";
}

TEST_F(DriverTest, AnEventFromAnEffectComesBehindThoseThatWaited) {
  on_effects = [this] { Handle(Repeat(9)); };
  Handle(Add(2));
  Handle(Repeat(3));
  Handle(Add(4));
  Sync();
  EXPECT_EQ(Seen(), (Strings{"effect 2", "accepted 2", "answer 3", "discarded 3"}));
  Sync();
  EXPECT_EQ(Seen(), (Strings{"effect 4", "accepted 4", "answer 9", "discarded 9"}));
}

TEST_F(DriverTest, EventsFromEffectsAreJournalledLikeOthers) {
  on_effects = [this] { Handle(Add(6)); };
  Handle(Add(2));
  Sync();
  EXPECT_EQ(Seen(), (Strings{"effect 2", "accepted 2"}));
  EXPECT_EQ(driver->state().sum, 8);
  Sync();
  EXPECT_EQ(Seen(), (Strings{"effect 6", "accepted 6"}));
}

TEST_F(DriverTest, AFailedJournalAnswersAllAndRunsNoEffects) {
  Handle(Add(2));
  Handle(Repeat(3));
  Handle(Add(5));
  Sync(full);
  EXPECT_EQ(Seen(), (Strings{"failed 2", "failed 3", "failed 5", "broken store.disk_full"}));
  Handle(Add(4));
  Handle(Repeat(7));
  EXPECT_EQ(Seen(), (Strings{"failed 4", "failed 7"})) << "no more events";
}

// Had space been made, what is behind the failed one could still be written: events on a state that never
// was. The owner replays when all of it is decided.
TEST_F(DriverTest, TheOwnerHearsOfTheFailureAfterTheLastWriteOnItsWay) {
  Handle(Add(2));
  Handle(Add(4));
  Handle(Add(6));
  Sync(full);
  EXPECT_EQ(Seen(), Strings{"failed 2"});
  Sync();
  EXPECT_EQ(Seen(), Strings{"failed 4"});
  Sync();
  EXPECT_EQ(Seen(), (Strings{"failed 6", "broken store.disk_full"}));
  EXPECT_TRUE(journal.disk.empty());
}

TEST_F(DriverTest, ADriverAfterABrokenOneTakesALineOfItsOwn) {
  Handle(Add(2));
  Handle(Add(3));  // written behind
  Sync(full);
  Make();
  Handle(Add(4));
  Sync();
  EXPECT_EQ(journal.disk["counter"], (std::vector<Bytes>{{4}})) << "3 came after 2, which nobody knows of";
  EXPECT_EQ(journal.lines.size(), 2U);
}

TEST_F(DriverTest, NobodyIsLeftWaitingWhenTheOwnerReplacesABrokenDriver) {
  on_broken = [this] { Make(); };
  Handle(Add(2));
  Handle(Add(4));
  Handle(Repeat(5));
  Sync(full);
  Sync(full);
  EXPECT_EQ(Seen(), (Strings{"failed 2", "failed 4", "failed 5", "broken store.disk_full"}));
  Handle(Add(8));
  Sync();
  EXPECT_EQ(Seen(), (Strings{"effect 8", "accepted 8"})) << "the new one works";
}

TEST_F(DriverTest, EffectsBeforeTheFailureHaveRun) {
  Handle(Add(2));
  Handle(Add(4));
  Sync();
  Sync(full);
  EXPECT_EQ(Seen(), (Strings{"effect 2", "accepted 2", "failed 4", "broken store.disk_full"}));
}

TEST_F(DriverTest, ADriverThatIsGoneHearsNothing) {
  Handle(Add(2));
  driver = nullptr;
  Sync();
  EXPECT_EQ(Seen(), Strings{});
}

TEST_F(DriverTest, AnswersMayBeLeftOut) {
  driver->Handle(Add(2), TimePoint());
  driver->Handle(Repeat(3), TimePoint());
  Sync(full);
  driver->Handle(Add(4), TimePoint());
  EXPECT_EQ(Seen(), Strings{"broken store.disk_full"});
}

TEST_F(DriverTest, ReplayOfTheJournalGivesTheState) {
  for (int i = 1; i < 20; ++i) {
    Handle(i % 3 == 0 ? Repeat(i) : Add(i));
    if (i % 4 == 0) Sync();
  }
  while (!journal.queue.empty()) Sync();
  CounterMachine::State replayed;
  for (const Bytes& record : journal.disk["counter"]) {
    replayed = CounterMachine::Step(replayed, Add(record[0]), TimePoint()).next;
  }
  EXPECT_EQ(replayed.sum, driver->state().sum);
}

}  // namespace
}  // namespace accord::driver
