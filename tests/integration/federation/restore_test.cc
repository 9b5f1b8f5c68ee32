// A coordinator that goes back to a backup in the middle of a job: it asks its nodes, and the job ends with
// the model that it would have come to, no round trained twice.
#include "coordinator/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <latch>
#include <mutex>
#include <numeric>
#include <span>

#include "base/errors.h"
#include "coordinator/backup.h"
#include "coordinator/fsck_log.h"
#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/log_storage.h"
#include "ledger/log_writer.h"
#include "ledger/note.h"
#include "store/state_dir.h"
#include "tests/integration/federation/federation.h"
#include "tests/support/door.h"

namespace accord::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t kRounds = 5;
constexpr TimePoint kNow{Millis(1'900'000'000'000)};

JobChanges Changes(const std::string& secure) {
  JobChanges changes;
  changes.secure = secure;
  changes.rounds = kRounds;
  if (secure != "off") changes.features = 3'000;  // a model of more than one part
  return changes;
}

// Three nodes that train on command: "ke" stops before the rounds that it is told to, until it may go on.
class RestoreTest : public ::testing::TestWithParam<const char*> {
 protected:
  struct Gate {
    std::latch reached{1}, open{1};
  };

  RestoreTest() {
    others_ = {&federation_.AddNode("br", {.step = -0.02F, .examples = 400, .before_round = Count("br")}),
               &federation_.AddNode("no", {.step = 0.3F, .examples = 999, .before_round = Count("no")})};
    federation_.AddNode("ke", {.step = 0.013F,
                               .examples = 17,
                               .before_round = [this](std::uint64_t round, const std::stop_token& stop) {
                                 Count("ke")(round, stop);
                                 if (!armed_) return;
                                 Gate* const gate = GateOf(round);
                                 if (gate == nullptr) return;
                                 gate->reached.count_down();
                                 gate->open.wait();
                               }});
    federation_.PinAll();
  }
  ~RestoreTest() override {
    for (Gate& gate : gates_) {
      if (!gate.open.try_wait()) gate.open.count_down();
    }
  }

  // The same job, undisturbed.
  Digest Undisturbed() {
    const auto job = federation_.Submit(JobText(Changes(GetParam())));
    const rpc::JobView end = federation_.WaitForEnd(*job);
    EXPECT_EQ(end.state, job::Phase::kFinished);
    const std::lock_guard lock(mutex_);
    trained_.clear();
    return end.model_hash;
  }
  rpc::JobView SubmitGated() {
    armed_ = true;
    const auto job = federation_.Submit(JobText(Changes(GetParam())));
    EXPECT_TRUE(job.ok()) << Describe(job.status());
    return *job;
  }
  void BackUp() {
    const auto made = coordinator::BackUp(federation_.config().store.state, backups_ / "one");
    ASSERT_TRUE(made.ok()) << Describe(made.status());
  }
  void ExpectEveryRoundTrainedOnce() {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, rounds] : trained_) {
      std::vector<std::uint64_t> all(kRounds);
      std::iota(all.begin(), all.end(), 1);
      EXPECT_EQ(rounds, all) << name;
    }
  }
  Gate& At(std::uint64_t round) { return *GateOf(round); }

  Federation federation_;
  std::vector<TestNode*> others_;  // than "ke"
  TempDir backups_;

 private:
  std::function<void(std::uint64_t, std::stop_token)> Count(const std::string& name) {
    return [this, name](std::uint64_t round, const std::stop_token&) {
      const std::lock_guard lock(mutex_);
      trained_[name].push_back(round);
    };
  }
  Gate* GateOf(std::uint64_t round) {
    if (round == 2) return &gates_[0];
    return round == 4 ? &gates_[1] : nullptr;
  }

  std::array<Gate, 2> gates_;
  std::atomic<bool> armed_{false};
  std::mutex mutex_;
  std::map<std::string, std::vector<std::uint64_t>> trained_;
};

TEST_P(RestoreTest, GoesOnFromTheModelOfTheNodes) {
  const Digest undisturbed = Undisturbed();
  const rpc::JobView job = SubmitGated();
  At(2).reached.wait();
  BackUp();
  At(2).open.count_down();
  At(4).reached.wait();  // two rounds after the backup, training a third
  federation_.StopCoordinator();
  federation_.Restore(backups_ / "one");
  federation_.StartCoordinator();
  At(4).open.count_down();
  const rpc::JobView end = federation_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished);
  EXPECT_EQ(end.model_hash, undisturbed);
  ExpectEveryRoundTrainedOnce();
  ASSERT_EQ(end.history.size(), kRounds + 1);
  for (const std::size_t lost : {1U, 2U}) {
    EXPECT_TRUE(end.history[lost].committed);
    EXPECT_THAT(end.history[lost].warnings, ElementsAre(HasSubstr("after the backup")));
  }
  EXPECT_THAT(end.history[3].warnings, IsEmpty());
  EXPECT_EQ(end.history[2].model_hash == Digest(), false);
}

TEST_P(RestoreTest, GoesOnAsBeforeWhenNobodyIsAhead) {
  const Digest undisturbed = Undisturbed();
  const rpc::JobView job = SubmitGated();
  At(2).reached.wait();
  BackUp();
  federation_.StopCoordinator();
  federation_.Restore(backups_ / "one");
  federation_.StartCoordinator();
  At(2).open.count_down();
  At(4).open.count_down();
  const rpc::JobView end = federation_.WaitForEnd(job);
  EXPECT_EQ(end.model_hash, undisturbed);
  ExpectEveryRoundTrainedOnce();
  for (const rpc::RoundResultView& round : end.history) EXPECT_THAT(round.warnings, IsEmpty());
}

// Weights live in a node's memory: after a restart of all of them nobody has the later model.
TEST_P(RestoreTest, SaysSoWhenNobodyHasTheModel) {
  const rpc::JobView job = SubmitGated();
  At(2).reached.wait();
  BackUp();
  At(2).open.count_down();
  At(4).reached.wait();
  federation_.StopCoordinator();
  At(4).open.count_down();
  federation_.RestartNodes();
  federation_.Restore(backups_ / "one");
  federation_.StartCoordinator();
  const rpc::JobView paused = federation_.WaitFor(
      job, [](const rpc::JobView& view) { return view.reason.error() == errors::kModelAhead.id; });
  EXPECT_EQ(paused.state, job::Phase::kPaused);
  EXPECT_EQ(paused.rounds_done, 1U);
  EXPECT_THAT(paused.reason.message(), HasSubstr("heard 3 of 3 nodes"));
  EXPECT_EQ(federation_.client().CancelJob(job.id.Hex(), "").status().error(), "");
}

// The other two come back later. Without masks nothing that a node says of the model can be checked.
TEST_P(RestoreTest, OneNodeAloneIsBelievedOnAProofOnly) {
  const Digest undisturbed = Undisturbed();
  const rpc::JobView job = SubmitGated();
  At(2).reached.wait();
  BackUp();
  At(2).open.count_down();
  At(4).reached.wait();
  federation_.StopCoordinator();
  for (TestNode* node : others_) federation_.StopNode(*node);
  federation_.Restore(backups_ / "one");
  federation_.StartCoordinator();
  federation_.WaitFor(job, [](const rpc::JobView& view) {
    return view.reason.message().find("heard 1 of 3 nodes, awaits br, no until") != std::string::npos;
  });
  if (GetParam() == std::string("malicious")) {
    EXPECT_TRUE(federation_.client().ResumeJob(job.id.Hex(), false).ok());
    federation_.WaitFor(job, [](const rpc::JobView& view) { return view.rounds_done == 3; });
  }
  for (TestNode* node : others_) federation_.StartNode(*node);
  At(4).open.count_down();
  const rpc::JobView end = federation_.WaitForEnd(job);
  EXPECT_EQ(end.model_hash, undisturbed);
}

INSTANTIATE_TEST_SUITE_P(Modes, RestoreTest, ::testing::Values("off", "malicious"), [](const auto& mode) {
  return mode.param == std::string("off") ? "Off" : "Masked";
});

// Nobody is there yet: people see whom the job awaits.
TEST(RestoreWaitTest, NamesWhomItAwaitsAndGoesOnWithTwoWhenAPersonSaysSo) {
  // Two are enough for a job, which could be over before the third is prepared: so they wait for it.
  Door others;
  others.Close();
  std::latch training(1), go_on(1);
  Federation federation;
  TempDir backups;
  std::vector<TestNode*> nodes;
  for (const char* name : {"br", "no"}) {
    nodes.push_back(&federation.AddNode(
        name, {.before_round = [&](std::uint64_t, const std::stop_token& stop) { others.Pass(stop); }}));
  }
  nodes.push_back(&federation.AddNode("ke", {.before_round = [&](std::uint64_t, const std::stop_token&) {
                                        if (!training.try_wait()) training.count_down();
                                        go_on.wait();
                                      }}));
  JobChanges changes;
  changes.min_nodes = changes.min_survivors = 2;
  const auto job = federation.Submit(JobText(changes));
  federation.UntilPrepared("ke");  // and in the next round at the latest
  others.Open();
  training.wait();
  ASSERT_TRUE(coordinator::BackUp(federation.config().store.state, backups / "one").ok());
  federation.StopCoordinator();
  go_on.count_down();
  federation.StopNode(*nodes[0]);
  federation.StopNode(*nodes[2]);
  federation.Restore(backups / "one");
  federation.StartCoordinator();
  federation.WaitFor(*job, [](const rpc::JobView& view) {
    const std::string& why = view.reason.message();
    return view.reason.error() == errors::kJobCatchingUp.id && why.find("heard 1 of 3 nodes") != why.npos &&
           why.find("awaits") != why.npos && why.find("br") != why.npos && why.find("ke") != why.npos;
  });
  EXPECT_TRUE(federation.client().ResumeJob(job->id.Hex(), false).ok());
  federation.StartNode(*nodes[0]);  // two are more than may be corrupt; the third is not waited for
  EXPECT_EQ(federation.WaitForEnd(*job).state, job::Phase::kFinished);
}

// ---------------------------------------------------------------- accordd restore

class RestoreStateTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = std::make_unique<TempDir>();
    const Federation federation;
    ASSERT_TRUE(coordinator::BackUp(federation.config().store.state, *dir_ / "good").ok());
  }
  static void TearDownTestSuite() { dir_.reset(); }

  RestoreStateTest() : backup_(work_ / "backup"), state_(work_ / "state") {
    fs::copy(*dir_ / "good", backup_, fs::copy_options::recursive);
  }
  [[nodiscard]] std::string Restored(const fs::path& aside = {}) const {
    return coordinator::Restore({backup_, state_, aside, kNow}).status().error();
  }

  static std::unique_ptr<TempDir> dir_;
  TempDir work_;
  const fs::path backup_, state_;
};
std::unique_ptr<TempDir> RestoreStateTest::dir_;

TEST_F(RestoreStateTest, PutsTheBackupInItsPlace) {
  fs::create_directory(state_);  // empty: as good as none
  EXPECT_EQ(Restored(), "");
  EXPECT_TRUE(fs::exists(state_ / "journal.db"));
  EXPECT_EQ(fs::status(state_).permissions(), fs::perms::owner_all);
  EXPECT_TRUE(coordinator::CheckState(state_).ok());
}

TEST_F(RestoreStateTest, ADamagedBackupIsRefusedBeforeAnythingIsTouched) {
  std::ofstream(backup_ / "members.db", std::ios::app) << "x";
  EXPECT_EQ(Restored(), errors::kStoreCorrupt.id);
  fs::remove(backup_ / "SHA256SUMS");
  EXPECT_EQ(Restored(), errors::kCliFile.id);
  std::ofstream(backup_ / "SHA256SUMS") << std::string(64, '0') << "  ../outside\n";
  EXPECT_EQ(Restored(), errors::kStoreCorrupt.id);
  EXPECT_FALSE(fs::exists(state_));
  EXPECT_FALSE(fs::exists(state_.string() + ".partial"));
}

TEST_F(RestoreStateTest, AStateThatIsThereStaysOrIsSetAside) {
  fs::create_directory(state_);
  std::ofstream(state_ / "old") << "x";
  EXPECT_EQ(Restored(), errors::kCliExists.id);
  EXPECT_FALSE(fs::exists(state_ / "journal.db"));
  EXPECT_EQ(Restored(work_ / "aside"), "");
  EXPECT_TRUE(fs::exists(state_ / "journal.db"));
  EXPECT_FALSE(fs::exists(state_ / "old"));
  EXPECT_TRUE(fs::exists(work_ / "aside" / "old"));
}

TEST_F(RestoreStateTest, TheLogDoesNotGoBackWithTheState) {
  fs::copy(backup_, state_, fs::copy_options::recursive);
  ledger::LogDirectory files(state_ / "log");
  const auto key = crypto::Ed25519Key::Load(state_ / "log.key");
  const auto head = ledger::Checkpoint::Parse(ledger::Note::Parse(AsText(*files.Read("checkpoint")))->text);
  auto log = ledger::LogWriter::Open(files, head->origin, *key);
  ASSERT_TRUE(log.ok()) << Describe(log.status());
  const ByteView entry = AsBytes("said after the backup");
  ASSERT_TRUE(log->Append(std::span(&entry, 1)).ok());
  EXPECT_EQ(Restored(work_ / "aside"), "");
  EXPECT_EQ(coordinator::CheckLog(state_).entries, head->size + 1) << "of the state that is set aside";
  EXPECT_TRUE(fs::exists(state_ / "log.restored")) << "held until its witnesses know it";
  const auto named = coordinator::Restore(
      {.backup = backup_, .state = work_ / "other", .aside = {}, .now = kNow, .log = work_ / "aside"});
  ASSERT_TRUE(named.ok()) << Describe(named.status());
  EXPECT_EQ(named->log_entries, head->size + 1);
  fs::remove_all(work_ / "aside" / "log" / "tile");
  const auto damaged = coordinator::Restore(
      {.backup = backup_, .state = work_ / "third", .aside = {}, .now = kNow, .log = work_ / "aside"});
  EXPECT_EQ(damaged.status().error(), errors::kLogDamaged.id);
  EXPECT_FALSE(fs::exists(work_ / "third"));
}

TEST_F(RestoreStateTest, AStateInUseIsNotTouched) {
  ASSERT_EQ(Restored(), "");
  const auto held = store::StateDir::Open(state_);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(Restored(work_ / "aside"), errors::kStoreLocked.id);
}

}  // namespace
}  // namespace accord::testing
