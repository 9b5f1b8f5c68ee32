// The state of version 1, frozen: a coordinator's and a node's journal of one finished job, as the programs
// wrote them. Every later version must read them and come to the same end. `--write DIR` runs such a job and
// writes them anew; done once, for version 1, and never again.
#include <gtest/gtest.h>

#include <fstream>

#include "base/errors.h"
#include "base/file.h"
#include "config/job_file.h"
#include "job/codec.h"
#include "job/job_id.h"
#include "model/layout.h"
#include "node/machine.h"
#include "store/journal_reader.h"
#include "store/members.h"
#include "tests/integration/federation/federation.h"

namespace accord::testing {
namespace {

const std::filesystem::path kFrozen = std::filesystem::path(ACCORD_SOURCE_DIR) / "tests/golden/federation-v1";

// Files of the golden directory, copied to where they may be opened.
class FrozenStateTest : public ::testing::Test {
 protected:
  FrozenStateTest() {
    std::filesystem::copy(
        kFrozen, dir_.path(),
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
    std::ifstream(kFrozen / "model_hash") >> model_hash_;
  }
  std::vector<Bytes> Read(const std::string& file, const std::string& stream) {
    auto reader = store::JournalReader::Open(dir_ / file);
    EXPECT_TRUE(reader.ok()) << Describe(reader.status());
    auto records = (*reader)->Read(stream);
    EXPECT_TRUE(records.ok()) << Describe(records.status());
    return *std::move(records);
  }
  std::string OnlyJob(const std::string& file) {
    auto reader = store::JournalReader::Open(dir_ / file);
    EXPECT_TRUE(reader.ok());
    const auto streams = (*reader)->Streams("job/");
    EXPECT_TRUE(streams.ok() && streams->size() == 1);
    return streams->front();
  }

  TempDir dir_;
  std::string model_hash_;
};

TEST_F(FrozenStateTest, TheCoordinatorsJournalReplaysToTheSameModel) {
  const std::vector<Bytes> records = Read("coordinator.db", OnlyJob("coordinator.db"));
  ASSERT_GT(records.size(), 10U);
  const auto first = job::Decode(records.front());
  ASSERT_TRUE(first.ok());
  const auto& submission = std::get<job::Submission>(first->content);
  EXPECT_EQ("job/" + job::MakeJobId(submission.plan, submission.token).Hex(), OnlyJob("coordinator.db"));
  const auto spec = config::ParseJob(AsText(submission.plan), "frozen");
  ASSERT_TRUE(spec.ok()) << Describe(spec.status());
  const job::Plan plan = job::PlanOf(*spec, model::BuildLayout(spec->model)->size);
  job::State state = job::Submit(first->time);
  for (std::size_t i = 1; i < records.size(); ++i) {
    const auto record = job::Decode(records[i]);
    ASSERT_TRUE(record.ok()) << i << ": " << Describe(record.status());
    job::Transition step = job::Step(plan, state, std::get<job::Event>(record->content), record->time);
    ASSERT_EQ(step.why.verdict, round::Verdict::kAccepted) << i;
    state = std::move(step.next);
  }
  EXPECT_EQ(job::PhaseOf(state), job::Phase::kFinished);
  EXPECT_EQ(job::ProgressOf(state).model_hash.Hex(), model_hash_);
  EXPECT_EQ(job::HistoryOf(state).size(), 4U);
}

TEST_F(FrozenStateTest, TheNodesJournalReplaysToTheEndAndItsLedgerIsWhole) {
  task::State state;
  bool taken = false;
  for (const Bytes& bytes : Read("node.db", OnlyJob("node.db"))) {
    const auto record = task::DecodeRecord(bytes);
    ASSERT_TRUE(record.ok()) << Describe(record.status());
    taken = taken || std::holds_alternative<task::Taken>(record->content);
    if (const auto* event = std::get_if<task::Event>(&record->content))
      state = task::Step(state, *event).next;
  }
  EXPECT_TRUE(taken);
  EXPECT_TRUE(state.ended);
  EXPECT_EQ(state.round, RoundId{4});
  EXPECT_EQ(Read("node.db", node::kEgressStream).size(), 4U);
}

TEST_F(FrozenStateTest, TheMembersAreThere) {
  const auto members = store::Members::Open(dir_ / "members.db");
  ASSERT_TRUE(members.ok()) << Describe(members.status());
  EXPECT_EQ((*members)->List()->size(), 4U);  // three nodes and the operator
}

// Runs the job whose state is frozen and copies it to `out`.
void WriteFrozen(const std::filesystem::path& out) {
  Federation federation;
  std::vector<TestNode*> nodes;
  for (const char* name : {"ke", "br", "no"}) nodes.push_back(&federation.AddNode(name));
  const auto job = federation.Submit(JobText());
  const rpc::JobView end = federation.WaitForEnd(*job);
  for (TestNode* node : nodes) federation.StopNode(*node);
  federation.StopCoordinator();
  const auto copy = [&](const std::filesystem::path& from, const char* to) {
    std::filesystem::copy_file(from, out / to, std::filesystem::copy_options::overwrite_existing);
  };
  copy(federation.Path("coordinator") / "journal.db", "coordinator.db");
  copy(federation.Path("coordinator") / "members.db", "members.db");
  copy(federation.Path("ke") / "journal.db", "node.db");
  std::ofstream(out / "model_hash") << end.model_hash.Hex() << "\n";
}

}  // namespace
}  // namespace accord::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc == 3 && std::string(argv[1]) == "--write") {
    accord::testing::WriteFrozen(argv[2]);
    return 0;
  }
  return RUN_ALL_TESTS();
}
