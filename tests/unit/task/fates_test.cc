// Every activity meets every kind of event: the whole table of fates. What is not accepted must leave the
// state as it was; it may repeat an answer.
#include "tests/unit/task/fixture.h"

namespace accord::task {
namespace {

struct Named {
  std::string name;
  Event event;
};
std::vector<Named> Events() {
  return {{"train", Told(Round(1))},
          {"collect", Collect(1, 0)},
          {"commit", CommitOf(1, 0)},
          {"end", EndTold{}},
          {"train done", TrainDone{{1}, kDelta}},
          {"train failed", TrainFailed{{1}, "task.failed"}},
          {"encode done", Encoded(1, 0)},
          {"send done", SendDone{{1}, {0}}},
          {"check done", CheckedAs(1, 0)},
          {"failed", Failed{{1}, {0}, "task.failed"}},
          {"stop", Stop{}},
          {"allow", Allow{}},
          {"erase", Erase{}},
          {"offer", Offered(1, 0)},
          {"roster", Rostered(1, 0)},
          {"survivors", Survived(1, 0)},
          {"certificate", Certified(1, 0)},
          {"aborted", Aborted{{1}, {0}, "secagg.bad_share"}},
          {"memory lost", MemoryLost{}},
          {"free", Free{}},
          {"graph", Drawn(1, 0)},
          {"delta lost", DeltaLost{{1}, {0}}}};
}
static_assert(std::variant_size_v<Event> == 22, "a new event needs its column below");
static_assert(std::variant_size_v<Activity> == 13);

// Those that a masked round has in other words.
std::vector<Named> MaskedEvents() {
  std::vector<Named> events = Events();
  for (Named& named : events) {
    if (named.name == "train") named.event = Told(MaskedRound(1));
    if (named.name == "commit") named.event = OpenedCommit(1, 0);
    if (named.name == "encode done") named.event = Masked(1, 0);
    if (named.name == "check done") named.event = ProvenAs(1, 0);
  }
  return events;
}

// One letter an event, in the order of `events`: a accepted, r rejected, d discarded.
std::string Letters(Task& task, const std::vector<Named>& events = Events()) {
  std::string letters;
  for (const Named& named : events) {
    const Transition step = Step(task.state, named.event);
    letters += "ard"[static_cast<std::size_t>(step.why.verdict)];
    if (step.why.verdict != Verdict::kAccepted) {
      EXPECT_EQ(Dump(step.next), Dump(task.state)) << task.activity() << ", " << named.name;
      EXPECT_NE(step.why.reason, Reason::kNone) << task.activity() << ", " << named.name;
    } else if (named.name != "erase") {
      EXPECT_NE(Dump(step.next), Dump(task.state)) << task.activity() << ", " << named.name;
    }
  }
  return letters;
}

TEST(TaskFates, EveryEventHasItsFateInEveryActivity) {
  //                                   told: train collect commit end | done: train, failed, encode, send,
  //                                   check, failed | lab: stop allow erase | masked, which has no place
  //                                   here, and delta lost
  const std::vector<std::string> fates{
      "arra"
      "dddddd"
      "ada"
      "rrrrdddrd",  // idle
      "dara"
      "aadddd"
      "ada"
      "rrrrdddrd",  // training
      "dara"
      "dddddd"
      "ada"
      "rrrrdddra",  // trained
      "ddra"
      "ddadda"
      "ada"
      "rrrrdddra",  // encoding
      "daaa"
      "dddada"
      "ada"
      "rrrrdddra",  // sending
      "daaa"
      "dddddd"
      "ada"
      "rrrrdddrd",  // sent
      "ddda"
      "ddddaa"
      "ada"
      "rrrrdddrd",  // checking
      "ddda"
      "dddddd"
      "ada"
      "rrrrdddrd"};  // checked
  std::vector<Task> tasks = AllActivities();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    EXPECT_EQ(Letters(tasks[i]), fates[i]) << tasks[i].activity();
  }
}

TEST(TaskFates, EveryEventHasItsFateInEveryActivityOfAMaskedRound) {
  // told: train collect commit end | done: train, failed, encode, send, check, failed | lab: stop allow erase
  // | masked: offer roster survivors certificate, aborted, memory lost, free, graph, delta lost
  const std::vector<std::string> fates{
      "arra"
      "dddddd"
      "ada"
      "rrrrdddrd",  // idle
      "drra"
      "aadddd"
      "ada"
      "rrrrdddrd",  // training
      "drra"
      "dddddd"
      "ada"
      "arrrdddra",  // trained
      "drra"
      "dddddd"
      "ada"
      "darraadrd",  // advertised
      "drra"
      "dddddd"
      "ada"
      "ddrraadad",  // drawing
      "dara"
      "dddddd"
      "ada"
      "ddrraaddd",  // shared
      "ddra"
      "ddadda"
      "ada"
      "ddrraadda",  // encoding
      "dara"
      "dddada"
      "ada"
      "ddaraadda",  // sending
      "dara"
      "dddddd"
      "ada"
      "ddaraaddd",  // sent
      "ddra"
      "dddddd"
      "ada"
      "dddaaaadd",  // signed
      "ddaa"
      "dddddd"
      "ada"
      "ddddaaadd",  // unmasked
      "ddda"
      "ddddaa"
      "ada"
      "ddddaaadd",  // checking
      "ddda"
      "dddddd"
      "ada"
      "ddddadadd",  // checked
  };
  std::vector<Task> tasks = AllMaskedActivities();
  ASSERT_EQ(tasks.size(), fates.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    ASSERT_EQ(tasks[i].state.activity.index(), i);
    EXPECT_EQ(Letters(tasks[i], MaskedEvents()), fates[i]) << tasks[i].activity();
  }
}

TEST(TaskFates, AnEndedJobHearsNothingMoreButTheLab) {
  for (Task task : AllActivities()) {
    task.Do(EndTold{});
    EXPECT_EQ(Letters(task),
              "ddddddddddada"
              "ddddddddd");
    EXPECT_EQ(Says(Outstanding(task.state)), "[]");
  }
}

TEST(TaskFates, AStoppedJobAnswersThatTheLabStoppedIt) {
  for (Task task : AllActivities()) {
    task.Do(Stop{});
    EXPECT_EQ(Letters(task),
              "rrradddddddaa"
              "rrrrdddrd");
    const std::string stopped = Says({SayDeclined{{0}, "task.stopped"}});
    for (const Event& event : std::vector<Event>{Told(Round(1)), Collect(1, 0), CommitOf(1, 0)}) {
      EXPECT_EQ(task.Fate(event), Rejects(Reason::kStopped));
      EXPECT_EQ(task.answer, stopped);
    }
    EXPECT_EQ(Says(Outstanding(task.state)), stopped);
  }
}

TEST(TaskFates, WordsOfAnOlderRoundChangeNothing) {
  Task task = InChecked();
  task.Do(Told(Round(2)));
  for (const Event& event : std::vector<Event>{
           Told(Round(1)), Collect(1, 0), Collect(1, 7), CommitOf(1, 0), TrainDone{{1}, kDelta},
           TrainFailed{{1}, ""}, Encoded(1, 0), SendDone{{1}, {0}}, CheckedAs(1, 0), Failed{{1}, {0}, ""},
           Offered(1, 0), Offered(1, 7), Rostered(1, 0), Survived(1, 0), Certified(1, 0),
           Aborted{{1}, {0}, ""}, Drawn(1, 0), DeltaLost{{1}, {0}}}) {
    EXPECT_EQ(task.Fate(event), Discards(Reason::kStale)) << event.index();
    EXPECT_EQ(task.answer, "[]");
  }
}

TEST(TaskFates, OnlyWhatComesBeforeBytesLeaveAndTheLabsWordWaitForTheDisk) {
  const std::set<std::string> kMust{"encode done", "stop",      "allow",       "erase", "offer",
                                    "roster",      "survivors", "certificate", "free",  "graph"};
  for (const Named& named : Events()) {
    const bool must = kMust.contains(named.name);
    EXPECT_EQ(MustBeDurable(named.event), must) << named.name;
  }
  EXPECT_TRUE(MustBeDurable(ProvenAs(1, 0))) << "what this node signed of a sum is in the ledger first";
}

}  // namespace
}  // namespace accord::task
