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
  return {{"train", TrainTold{Round(1)}},
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
          {"erase", Erase{}}};
}
static_assert(std::variant_size_v<Event> == 13, "a new event needs its column below");
static_assert(std::variant_size_v<Activity> == 8);

// One letter an event, in the order of Events(): a accepted, r rejected, d discarded.
std::string Letters(Task& task) {
  std::string letters;
  for (const Named& named : Events()) {
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
  //                                   check, failed | lab: stop allow erase
  const std::vector<std::string> fates{
      "arra"
      "dddddd"
      "ada",  // idle
      "dara"
      "aadddd"
      "ada",  // training
      "dara"
      "dddddd"
      "ada",  // trained
      "ddra"
      "ddadda"
      "ada",  // encoding
      "daaa"
      "dddada"
      "ada",  // sending
      "daaa"
      "dddddd"
      "ada",  // sent
      "ddda"
      "ddddaa"
      "ada",  // checking
      "ddda"
      "dddddd"
      "ada"};  // checked
  std::vector<Task> tasks = AllActivities();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    ASSERT_EQ(tasks[i].state.activity.index(), i);
    EXPECT_EQ(Letters(tasks[i]), fates[i]) << tasks[i].activity();
  }
}

TEST(TaskFates, AnEndedJobHearsNothingMoreButTheLab) {
  for (Task task : AllActivities()) {
    task.Do(EndTold{});
    EXPECT_EQ(Letters(task), "ddddddddddada");
    EXPECT_EQ(Says(Outstanding(task.state)), "[]");
  }
}

TEST(TaskFates, AStoppedJobAnswersThatTheLabStoppedIt) {
  for (Task task : AllActivities()) {
    task.Do(Stop{});
    EXPECT_EQ(Letters(task), "rrradddddddaa");
    const std::string stopped = Says({SayDeclined{{0}, "task.stopped"}});
    for (const Event& event : std::vector<Event>{TrainTold{Round(1)}, Collect(1, 0), CommitOf(1, 0)}) {
      EXPECT_EQ(task.Fate(event), Rejects(Reason::kStopped));
      EXPECT_EQ(task.answer, stopped);
    }
    EXPECT_EQ(Says(Outstanding(task.state)), stopped);
  }
}

TEST(TaskFates, WordsOfAnOlderRoundChangeNothing) {
  Task task = InChecked();
  task.Do(TrainTold{Round(2)});
  for (const Event& event : std::vector<Event>{
           TrainTold{Round(1)}, Collect(1, 0), Collect(1, 7), CommitOf(1, 0), TrainDone{{1}, kDelta},
           TrainFailed{{1}, ""}, Encoded(1, 0), SendDone{{1}, {0}}, CheckedAs(1, 0), Failed{{1}, {0}, ""}}) {
    EXPECT_EQ(task.Fate(event), Discards(Reason::kStale)) << event.index();
    EXPECT_EQ(task.answer, "[]");
  }
}

TEST(TaskFates, OnlyWhatComesBeforeBytesLeaveAndTheLabsWordWaitForTheDisk) {
  for (const Named& named : Events()) {
    const bool must =
        named.name == "encode done" || named.name == "stop" || named.name == "allow" || named.name == "erase";
    EXPECT_EQ(MustBeDurable(named.event), must) << named.name;
  }
}

}  // namespace
}  // namespace accord::task
