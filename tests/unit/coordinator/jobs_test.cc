// Jobs on a clock that the test turns: who is cut, who is late, what people are told meanwhile.
#include <gmock/gmock.h>

#include "base/errors.h"
#include "tests/unit/coordinator/office.h"

namespace accord::coordinator {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Text {
  std::string secure = "off";
  std::uint64_t hidden = 4;
  std::string round = "min_nodes = 3\nmin_survivors = 2\n";
  std::string max_wait = "2h";
};
std::string JobText(const Text& text) {
  return "version = 1\nname = \"j\"\npurpose = \"demo\"\nsecure = \"" + text.secure +
         "\"\n[model]\nkind = \"mlp\"\ninput = [512]\nhidden = [" + std::to_string(text.hidden) +
         "]\nclasses = 2\n[data]\ndataset = \"d\"\n[inner]\nlr = 0.1\nlocal_epochs = 1\n[update]\nclip = "
         "1.0\n"
         "max_examples = 100\n[round]\ncount = 2\n" +
         text.round + "max_wait = \"" + text.max_wait + "\"\n";
}

class JobsTest : public ::testing::Test {
 protected:
  // A round in p1 whose nodes are these.
  void Begin(const Text& text, const std::vector<std::string>& nodes) {
    office.Submit(JobText(text));
    for (const std::string& node : nodes) office.Connect(node);
  }
  void Train(const std::vector<std::string>& nodes) {
    for (const std::string& node : nodes) office.Say(node, rpc::Trained{office.job(), {1}});
  }
  Office office;
};

// ---------------------------------------------------------------- uploads that stop

class StalledUploadTest : public JobsTest {
 protected:
  StalledUploadTest() {
    Begin({.hidden = 4096, .round = "min_nodes = 3\nmin_survivors = 2\ngoal = 2\nover_selection = 1\n"},
          {"a", "b", "c"});  // p4 may take two minutes
    Train({"a", "b", "c"});
    words = office.View().current->nodes[0].bytes_total / 8;
  }
  std::shared_ptr<rpc::UploadSink> Begun(const std::string& node) {
    auto sink = office.Open(node, {1}, words);
    if (sink == nullptr) return nullptr;
    sink->OnCut([this](const Status& why) { cut.emplace_back(why.error()); });
    Put(*sink, 0);
    return sink;
  }
  void Put(rpc::UploadSink& sink, std::uint64_t seq) const {
    const Bytes chunk(rpc::ChunkSize(words, seq), 1);
    const ByteView view(chunk);
    EXPECT_TRUE(sink.Put(seq, std::span(&view, 1)).ok());
  }
  void Whole(const std::string& node) {
    const auto sink = office.Open(node, {1}, words);
    crypto::MerkleTree tree;
    for (std::uint64_t seq = 0; seq < rpc::ChunkCount(words); ++seq) {
      Put(*sink, seq);
      tree.Add(Bytes(rpc::ChunkSize(words, seq), 1));
    }
    sink->Finish(tree.Root(), [](const Status& status) { EXPECT_TRUE(status.ok()) << Describe(status); });
    office.Settle();
  }
  std::uint64_t words = 0;
  std::vector<std::string> cut;
};

TEST_F(StalledUploadTest, LosesItsSlotAndItsStreamAfterTheWaitForAChunk) {
  ASSERT_TRUE(office.Told<rpc::Collect>("a"));
  ASSERT_FALSE(office.Told<rpc::Collect>("b")) << "there is one slot";
  auto sink = Begun("a");
  office.Pass(std::chrono::seconds(60));
  EXPECT_THAT(cut, IsEmpty()) << "a chunk may take 62 s";
  office.Pass(std::chrono::seconds(20));
  EXPECT_THAT(cut, ElementsAre("upload.stalled"));
  EXPECT_TRUE(office.Told<rpc::Collect>("b"));
  EXPECT_EQ(office.Node("a").state, "stalled");
  EXPECT_TRUE(office.Node("a").awaited);
  EXPECT_THAT(office.Log("upload.stalled"), ElementsAre(HasSubstr("a: ")));

  sink.reset();  // the stream has ended; the node comes back within the phase
  sink = Begun("a");
  EXPECT_EQ(sink->NextSeq(), 1U) << "where it stopped";
  Put(*sink, 1);
  office.Pass(std::chrono::seconds(16));
  EXPECT_EQ(office.Node("a").state, "uploading");
}

TEST_F(StalledUploadTest, IsNoneWhileChunksCome) {
  auto sink = Begun("a");
  office.Pass(std::chrono::seconds(50));
  Put(*sink, 1);
  office.Pass(std::chrono::seconds(25));
  EXPECT_THAT(cut, IsEmpty());
  EXPECT_THAT(office.Log("upload.stalled"), IsEmpty());
}

TEST_F(StalledUploadTest, EndsAtOnceWhenTheRoundGoesOnWithoutIt) {
  const auto sink = Begun("a");
  Whole("b");
  EXPECT_THAT(cut, IsEmpty());
  Whole("c");  // the goal, at once: who is not through has no time left
  office.Pass(Millis(1));
  EXPECT_THAT(cut, AllOf(Not(IsEmpty()), Each("upload.closed"))) << "until the stream has ended";
}

TEST_F(StalledUploadTest, EndsWithItsAttempt) {
  const auto sink = Begun("a");
  office.Pass(std::chrono::minutes(3));
  EXPECT_THAT(cut, ElementsAre("upload.stalled", "upload.closed"));
}

// ---------------------------------------------------------------- late nodes

TEST_F(JobsTest, OverSelectionClosesTrainingSoonAfterTheGoalAndNamesTheLate) {
  Begin({.round = "min_nodes = 3\nmin_survivors = 2\ngoal = 2\nover_selection = 1\n"}, {"a", "b", "c"});
  office.Pass(std::chrono::seconds(80));
  Train({"a", "b"});
  const auto view = *office.View().current;
  EXPECT_EQ(view.phase, round::Phase::kTrain);
  EXPECT_EQ(view.deadline - office.View().time, std::chrono::seconds(10));
  EXPECT_THAT(view.why, HasSubstr("2 updates that it wants"));
  EXPECT_THAT(view.wait_why, HasSubstr("an eighth"));
  EXPECT_TRUE(office.Node("c").awaited);
  office.Pass(std::chrono::seconds(10));
  EXPECT_EQ(office.View().current->phase, round::Phase::kCollect);
  EXPECT_EQ(office.Node("c").state, "late");
  EXPECT_THAT(office.Log("node.late"), ElementsAre(HasSubstr("c: round.late: the deadline of p1 train")));
}

TEST_F(JobsTest, AResultOfARoundThatIsOverIsDiscardedByName) {
  Begin({.max_wait = "1m"}, {"a", "b", "c"});
  office.Pass(std::chrono::minutes(1));
  EXPECT_EQ(office.Log("node.late").size(), 3U) << "of the round that failed, too";
  office.Say("c", rpc::Trained{office.job(), {1}});
  EXPECT_EQ(office.Node("c").state, "trained") << "the same number is tried again";
  for (int i = 0; i < 2; ++i) office.Pass(std::chrono::minutes(1));
  EXPECT_EQ(office.View().reason.error(), "job.rounds_failing");
  EXPECT_THAT(office.View().outlook, HasSubstr("a person resumes"));
  office.Say("b", rpc::Trained{office.job(), {1}});
  EXPECT_THAT(office.Log("node.late").back(), AllOf(HasSubstr("b: "), HasSubstr("round.late")));
}

// ---------------------------------------------------------------- why it waits

TEST_F(JobsTest, ExplainsSinceWhenAndWhyUntilThen) {
  Begin({}, {"a", "b", "c"});
  office.Pass(std::chrono::seconds(5));
  const rpc::RoundView first = *office.View().current;
  EXPECT_EQ(first.phase, round::Phase::kTrain);
  EXPECT_EQ(office.View().time - first.phase_since, std::chrono::seconds(5));
  EXPECT_EQ(first.deadline - first.phase_since, std::chrono::hours(2));
  EXPECT_EQ(first.wait_why, "max_wait: no round of this kind was measured yet");
}

// What a job without its quorum says, and to whom it goes on.
void Vanish(Office& office) {
  for (const char* node : {"a", "b", "c"}) office.Connect(node);
  office.Disconnect("c");
  for (const char* node : {"a", "b"})
    office.Say(node, rpc::Declined{office.job(), {1}, Fail(errors::kTaskFailed, "x")});
  office.Pass(std::chrono::minutes(2));
}

TEST_F(JobsTest, WithoutQuorumPausesSaysWhoIsMissingAndGoesOnByItself) {
  office.Submit(JobText({.round = "min_nodes = 3\nmin_survivors = 3\n", .max_wait = "1m"}));
  Vanish(office);
  const rpc::JobView view = office.View();
  ASSERT_EQ(view.state, job::Phase::kPaused);
  EXPECT_EQ(view.reason.error(), "job.no_quorum");
  EXPECT_THAT(view.outlook, AllOf(HasSubstr("2 of 3 nodes are connected and willing (a, b); missing: c"),
                                  HasSubstr("by itself")));
  office.Connect("c");
  EXPECT_EQ(office.View().state, job::Phase::kRunning);
}

TEST_F(JobsTest, AMaskedJobWaitsForNodesThatPinnedARegistry) {
  office.Submit(
      JobText({.secure = "malicious", .round = "min_nodes = 3\nmin_survivors = 3\n", .max_wait = "1m"}));
  Vanish(office);
  const rpc::JobView view = office.View();
  ASSERT_EQ(view.state, job::Phase::kPaused);
  EXPECT_EQ(view.reason.error(), "job.no_quorum");
  EXPECT_THAT(view.outlook,
              HasSubstr("0 of 3 nodes are connected and willing, with a registry pinned; missing: a, b, c"));
}

}  // namespace
}  // namespace accord::coordinator
