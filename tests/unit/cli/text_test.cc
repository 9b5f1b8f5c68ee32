// What people read, held to tests/golden/cli/*.txt.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <sstream>

#include "cli/explain_text.h"
#include "cli/job_text.h"
#include "cli/progress.h"
#include "cli/registry_text.h"
#include "cli/view_text.h"
#include "cli/words.h"
#include "rpc/registry_view.h"
#include "tests/unit/cli/golden.h"
#include "tests/unit/cli/views.h"

namespace accord::cli {
namespace {

std::string Text(const std::vector<Line>& lines, const Style& style, std::size_t width = 0) {
  std::string out;
  for (const Line& line : lines) out += line.Render(style, width) + "\n";
  return out;
}

TEST(JobTextTest, ListsJobsInAlignedColumns) {
  ExpectGolden("job_list.txt",
               JobTable({RunningJob(), FinishedJob(), PausedJob(), FailedJob()}, PlainStyle()));
  ExpectGolden("job_list_color.txt", JobTable({FinishedJob()}, TerminalStyle()));
  ExpectGolden("job_list_empty.txt", JobTable({}, PlainStyle()));
}

TEST(JobTextTest, ShowsOneJobWithItsRounds) {
  ExpectGolden("job_show_running.txt", JobDetails(RunningJob(), PlainStyle()));
  ExpectGolden("job_show_finished.txt", JobDetails(FinishedJob(), PlainStyle()));
  ExpectGolden("job_show_paused.txt", JobDetails(PausedJob(), PlainStyle()));
}

TEST(JobTextTest, PutsARoundOnOneLine) {
  rpc::RoundResultView round = CommittedRound(3);
  round.metrics = {{"loss", 0.43118, 0}, {"accuracy", 0.8512, 0}};
  EXPECT_EQ(RoundLine(round, 6).Render(PlainStyle()),
            "round 3 of 6  loss 0.4312  accuracy 0.8512  survivors 3/3  4.2s  1.7 MiB");
}

TEST(JobTextTest, ARoundSaysWhatItsEncodingLost) {
  rpc::RoundResultView round = CommittedRound(3);
  round.metrics = {{"loss", 0.43118, 0}, {"clipped", 0.031, 0}, {"peak", 0.87, 0}};
  EXPECT_EQ(RoundLine(round, 6).Render(PlainStyle()),
            "round 3 of 6  loss 0.4312  clipped 3.1%  peak 87%  survivors 3/3  4.2s  1.7 MiB");
  EXPECT_TRUE(WarningLines(round).empty());
  round.warnings = {"3.1 % were cut\x1b[2J"};
  ASSERT_EQ(WarningLines(round).size(), 1U);
  EXPECT_EQ(WarningLines(round)[0].Render(PlainStyle()).substr(0, 25), "  warning: 3.1 % were cut");
  EXPECT_EQ(WarningLines(round)[0].Render(PlainStyle()).find('\x1b'), std::string::npos);
}

TEST(JobTextTest, AWarningIsToldWhenItBeginsAndStandsInTheDetails) {
  rpc::JobView job = RunningJob();
  for (rpc::RoundResultView& round : job.history) round.warnings = {"raise the clip"};
  const std::string told = Text(Changes().Update(job), PlainStyle());
  const auto first = told.find("warning: raise the clip");
  ASSERT_NE(first, std::string::npos) << told;
  EXPECT_EQ(told.find("warning:", first + 1), std::string::npos) << told;
  EXPECT_NE(JobDetails(job, PlainStyle()).find("warning: raise the clip"), std::string::npos);
}

TEST(JobTextTest, SharesAreWrittenAsPercentages) {
  EXPECT_EQ(Percent(0.0), "0%");
  EXPECT_EQ(Percent(0.00001), "<0.01%");
  EXPECT_EQ(Percent(0.0031), "0.31%");
  EXPECT_EQ(Percent(0.042), "4.2%");
  EXPECT_EQ(Percent(0.873), "87%");
  EXPECT_EQ(Percent(1.0), "100%");
}

TEST(JobTextTest, SaysHowAJobEnded) {
  ExpectGolden("job_ending.txt",
               JobEnding(FinishedJob(), PlainStyle()) + JobEnding(FailedJob(), PlainStyle()));
  EXPECT_EQ(JobEnding(RunningJob(), PlainStyle()), "");
}

TEST(JobTextTest, EverySurfaceOfAJobSaysHowSecureItIs) {
  for (const std::string& text :
       {JobTable({RunningJob()}, PlainStyle()), JobDetails(RunningJob(), PlainStyle()),
        JobEnding(FinishedJob(), PlainStyle()), Text(Frame(RunningJob(), PlainStyle()), PlainStyle()),
        Text(Changes().Update(RunningJob()), PlainStyle()), ModelTable(Models(), PlainStyle())}) {
    EXPECT_NE(text.find("off (no masking)"), std::string::npos) << text;
  }
}

TEST(JobTextTest, TellsValidationAndLogs) {
  ExpectGolden("job_validate.txt", ValidationText({.name = "digits",
                                                   .parameters = 215'370,
                                                   .upload = {430'816, 215'370, 12'288},
                                                   .notes = {"updates are not masked", "metrics are means"}},
                                                  PlainStyle()));
  ExpectGolden("job_logs.txt",
               LogText({kNow, {3}, "ke", "node.trained", "240 steps"}, PlainStyle()) +
                   LogText({kNow, {}, "", "job.submitted", "by alice\n\x1b[2Jnot a new line"}, PlainStyle()));
}

class ExplainTextTest : public ::testing::Test {
 protected:
  ExplainTextTest() {
    ::setenv("TZ", "XYZ-2", 1);  // two hours ahead of UTC
    ::tzset();
  }
  ~ExplainTextTest() override {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST_F(ExplainTextTest, SaysWhoIsAwaitedSinceWhenUntilWhenAndWhatComesThen) {
  ExpectGolden("job_explain_running.txt", ExplainedText({RunningJob()}, PlainStyle()));
}

TEST_F(ExplainTextTest, SaysWhatAJobWithoutARoundWaitsForAndWhatToDo) {
  rpc::JobView paused = PausedJob();
  paused.current.reset();
  rpc::JobView queued = paused;
  queued.state = job::Phase::kQueued;
  queued.reason = {};
  queued.outlook = "its first model is being made; then the first round opens";
  ExpectGolden("job_explain_waiting.txt",
               ExplainedText({paused}, PlainStyle()) + ExplainedText({queued}, PlainStyle()));
  ExpectGolden("job_explain_ended.txt",
               ExplainedText({FinishedJob()}, PlainStyle()) + ExplainedText({FailedJob()}, PlainStyle()));
  rpc::JobView cancelled = FailedJob();
  cancelled.state = job::Phase::kCancelled;
  const std::string text = ExplainedText({cancelled}, PlainStyle());
  EXPECT_NE(text.find("accord job retry 3f4041424344"), std::string::npos) << text;
}

TEST_F(ExplainTextTest, ClocksAreLocalAndNameTheDayWhenItIsAnother) {
  const TimePoint time = kNow;  // 08:53:20 UTC
  EXPECT_EQ(LocalTime(time, time), "10:53:20");
  EXPECT_EQ(LocalTime(time + std::chrono::hours(24), time), "2025-10-10 10:53:20");
}

TEST(JobTextTest, EstimatesTheTimeLeftByThePaceOfCommittedRounds) {
  rpc::JobView job = RunningJob();  // two rounds of 4.2 s, 2 s into the third, four to go
  EXPECT_EQ(TimeLeft(job), Millis(4 * 4'200 - 2'000));
  job.history.clear();
  EXPECT_EQ(TimeLeft(job), Millis(0));
  EXPECT_EQ(TimeLeft(PausedJob()), Millis(0));
}

TEST(ProgressTest, DrawsTheOpenRoundWithABarForEachNode) {
  ExpectGolden("frame.txt", Text(Frame(RunningJob(), PlainStyle()), PlainStyle()));
  ExpectGolden("frame_color.txt", Text(Frame(RunningJob(), TerminalStyle()), TerminalStyle(), 100));
}

TEST(ProgressTest, CutsTheFrameToTheTerminal) {
  rpc::JobView job = RunningJob();
  for (int i = 0; i < 50; ++i)
    job.current->nodes.push_back({"node" + std::to_string(i), true, "uploaded", 240, 240, 10, 10});
  Style small = PlainStyle();
  small.height = 12;
  small.width = 41;
  const std::vector<Line> frame = Frame(job, small);
  EXPECT_LT(frame.size(), 12U);
  EXPECT_EQ(frame.back().Render(small), "and 49 more nodes");
  const std::string text = Text(frame, small, 40);
  EXPECT_NE(text.find("- no     training"), std::string::npos) << "those that are awaited come first:\n"
                                                               << text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(Width(line), 40U);
}

TEST(ProgressTest, SaysEachChangeOnce) {
  Changes changes;
  std::string text;
  const auto see = [&](const rpc::JobView& job) { text += Text(changes.Update(job), PlainStyle()); };
  rpc::JobView job = RunningJob();
  see(job);
  see(job);                                // nothing happened
  job.current->nodes[0].steps_done = 130;  // steps are no news
  see(job);
  job.current->nodes[2].connected = true;
  see(job);
  job.history.push_back(CommittedRound(3));
  job.current->round = {4};
  see(job);
  see(PausedJob());
  see(job);
  see(FinishedJob());
  ExpectGolden("changes.txt", text);
}

TEST(ProgressTest, ALateWatchTellsOnlyTheLastRounds) {
  rpc::JobView job = RunningJob();
  job.history.assign(100, CommittedRound(1));
  EXPECT_EQ(Changes().UpdateRounds(job).size(), 5U);
}

TEST(LiveScreenTest, ReplacesTheFrameAndKeepsLines) {
  std::ostringstream out;
  {
    LiveScreen screen(out, TerminalStyle());
    screen.Draw({Line().Add("one"), Line().Add("two")});
    screen.Print({Line().Add("kept")});
    screen.Draw({Line().Add("three")});
  }
  EXPECT_EQ(out.str(), "one\ntwo\n\x1b[2A\r\x1b[Jkept\nthree\n\x1b[1A\r\x1b[J");
}

TEST(ViewTextTest, ListsAndShowsNodes) {
  ExpectGolden("node_list.txt", NodeTable(Nodes(), kNow, PlainStyle()));
  ExpectGolden("node_show.txt", NodeDetails(Nodes()[0], kNow, PlainStyle()));
  ExpectGolden("node_list_empty.txt", NodeTable({}, kNow, PlainStyle()));
}

TEST(ViewTextTest, ListsMembersAndSaysWhatChanged) {
  ExpectGolden("member_list.txt", MemberTable(Members(), kNow, PlainStyle()));
  EXPECT_EQ(MemberChange(Members()[0], PlainStyle()), "alice (operator) is active again\n");
  EXPECT_EQ(MemberChange(Members()[1], PlainStyle()), "no (node) is suspended; its connections were cut\n");
}

TEST(RegistryTextTest, ShowsTheHashThatLabsPin) {
  const auto listing = MakeListing(SomeRegistry());
  ASSERT_TRUE(listing.ok());
  EXPECT_EQ(listing->hash, rpc::ToRegistry(SomeRegistry())->Hash());
  ExpectGolden("member_registry.txt", RegistryText(*listing, kNow, PlainStyle()));
  ExpectGolden("member_registry_empty.txt",
               RegistryText(*MakeListing(rpc::RegistryView{.version = 1}), kNow, PlainStyle()));
}

TEST(RegistryTextTest, RefusesWhatIsNotARegistry) {
  rpc::RegistryView swapped = SomeRegistry();
  std::ranges::reverse(swapped.entries);
  EXPECT_EQ(MakeListing(swapped).status().error(), "secagg.bad_encoding");
  rpc::RegistryView cut = SomeRegistry();
  cut.entries[1].entry.pop_back();
  EXPECT_EQ(MakeListing(cut).status().error(), "secagg.bad_encoding");
}

TEST(ViewTextTest, PrintsATokenOnALineOfItsOwn) {
  ExpectGolden("member_invite.txt",
               InviteText({"accord1_AQ", "spiffe://demo.accord/node/ke", kNow + Millis(3'600'000)}, "node",
                          kNow, PlainStyle()));
}

TEST(ViewTextTest, ListsModelsAndContexts) {
  ExpectGolden("model_list.txt", ModelTable(Models(), PlainStyle()));
  ExpectGolden("context_list.txt", ContextTable(SomeContexts(), "demo", kNow, PlainStyle()));
  ExpectGolden("context_show.txt", ContextDetails(SomeContexts()[1], kNow, PlainStyle()));
}

}  // namespace
}  // namespace accord::cli
