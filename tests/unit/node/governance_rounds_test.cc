// Rounds of jobs that members decided on, as a node begins and signs them (governance.md 4, tests 13, 16,
// 22, 23).
#include <gtest/gtest.h>

#include <memory>

#include "base/errors.h"
#include "charter/round_commit.h"
#include "charter/round_proof.h"
#include "config/job_file.h"
#include "node/governance.h"
#include "tests/unit/node/governed_lab.h"

namespace accord::node {
namespace {

using charter::kNow;

const std::string kNode = "spiffe://ke.fed.example/node/nairobi";

class SetClock final : public Clock {
 public:
  [[nodiscard]] TimePoint Now() const override { return TimePoint(std::chrono::seconds(now)); }
  charter::UnixSeconds now = kNow;
};

// The node took the job, and its first round is over.
struct GovernanceRoundsTest : ::testing::Test, GovernedLab {
  GovernanceRoundsTest() {
    WritePolicy();
    governance = *Governance::Open(config, clock, kNode);
    const rpc::Prepare offer = OfferedFirst();
    job = offer.job;
    spec = *config::ParseJob(plan, "job");
    const Status taken = governance->Admit(offer, spec, 0);
    EXPECT_TRUE(taken.ok()) << Describe(taken);
    part.round = {1};
    part.receipt = *governance->SignReceipt(
        job, {.round = 1, .node = kNode, .model_in = proposal.init, .local_steps = 2}, key);
    commit = {.job = Digest{job.bytes},
              .round = 1,
              .model_in = proposal.init,
              .model_out = kMade,
              .cohort = {kNode},
              .receipts_root = charter::ReceiptsRoot(std::vector{part.receipt}),
              .time = kNow};
  }
  // Round 2, with what the log would say of round 1.
  [[nodiscard]] rpc::Train Begun() {
    ledger::Envelope envelope{std::string(charter::kRoundCommitType), Encode(commit), {}};
    ledger::Sign(envelope, charter::KeyOf("log"), "");
    charter::RoundProof proof{.commit = Logged(envelope)};
    proof.commit.inclusion = *ledger::ProveInclusion(proof.commit.index, log.leaves.size(), log);
    proof.checkpoint = log.Checkpoint(witnesses, charter);
    proof.receipt = path;
    rpc::Train train{.job = job, .round = {2}, .model_hash = kMade};
    train.logged = std::make_shared<const charter::RoundProof>(std::move(proof));
    return train;
  }
  [[nodiscard]] std::string Error(const rpc::Train& train) const {
    return std::string(governance->BeginRound(train, part, kNode).error());
  }

  const Digest kMade = crypto::Sha256::Of("made");
  const crypto::Ed25519Key key = charter::KeyOf("node");
  SetClock clock;
  std::unique_ptr<Governance> governance;
  JobId job;
  JobSpec spec;
  RoundPart part;
  charter::RoundCommit commit;
  ledger::Proof path;
};

TEST_F(GovernanceRoundsTest, NoneBeginsOnceAPersonSaidNo) {
  const rpc::Train train{.job = job, .round = {1}, .model_hash = proposal.init};
  ASSERT_EQ(Error(train), "");
  ASSERT_TRUE((*OfferBook::OpenKnown(config.node.state))->Decide(job, false, clock.Now()).ok());
  EXPECT_EQ(Error(train), "policy.denied");
  ASSERT_TRUE((*OfferBook::OpenKnown(config.node.state))->Decide(job, true, clock.Now()).ok());
  EXPECT_EQ(Error(train), "");
}

TEST_F(GovernanceRoundsTest, TheFirstBeginsFromTheModelThatWasVotedOn) {
  rpc::Train train{.job = job, .round = {1}, .model_hash = proposal.init};
  EXPECT_EQ(Error(train), "");
  train.model_hash = kMade;
  EXPECT_EQ(Error(train), "round.unlogged");
  train.job = JobId{kMade.bytes};
  EXPECT_EQ(Error(train), "bundle.missing") << "a job that no decision was shown for";
}

TEST_F(GovernanceRoundsTest, LaterOnesBeginFromTheLog) {
  EXPECT_EQ(Error(Begun()), "");
  rpc::Train train = Begun();
  train.logged = nullptr;
  EXPECT_EQ(Error(train), "round.unlogged");
  train = Begun();
  train.model_hash = proposal.init;
  EXPECT_EQ(Error(train), "round.unlogged");
  train = Begun();
  train.round = {3};
  EXPECT_EQ(Error(train), "round.unlogged");
}

TEST_F(GovernanceRoundsTest, AReceiptThatIsNotCountedStopsTheNode) {
  commit.receipts_root = charter::ReceiptsRoot(std::vector<std::string>{"another"});
  EXPECT_EQ(Error(Begun()), "receipt.omitted") << "named, with another's root";
  commit.cohort = {"spiffe://rw.fed.example/node/kigali"};
  EXPECT_EQ(Error(Begun()), "") << "its update may have come too late";
  part.made = kMade;
  EXPECT_EQ(Error(Begun()), "receipt.omitted") << "this very model was made with its update";
}

TEST_F(GovernanceRoundsTest, ACharterOutOfDateBeginsNoRound) {
  const rpc::Train train = Begun();
  clock.now = charter.not_after + charter::kDay;
  EXPECT_EQ(Error(train), "charter.expired");
}

TEST_F(GovernanceRoundsTest, AClockThatWasPutBackBeginsNoRound) {
  const rpc::Train train = Begun();
  clock.now = kNow - charter.max_clock_skew;
  EXPECT_EQ(Error(train), "");
  --clock.now;
  EXPECT_EQ(Error(train), "clock.behind");
}

TEST_F(GovernanceRoundsTest, AReceiptSaysWhoAndUnderWhat) {
  const auto envelope = ledger::ParseEnvelope(AsBytes(part.receipt));
  const auto receipt = charter::ParseReceipt(envelope->payload);
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->member, "ke");
  EXPECT_EQ(receipt->dataset, listed[0]);
  EXPECT_EQ(receipt->policy, crypto::Sha256::Of(*ReadFile(config.governance.policy)));
  const charter::ReceiptFor wanted{Digest{job.bytes}, 1, proposal.init};
  EXPECT_TRUE(charter::CheckReceipt(*envelope, *receipt, wanted, kNode, key.PublicKey()).ok());
}

// ---------------------------------------------------------------- groups that are dealt anew (test 23)

const std::string kDealt =
    "[eval]\nmetrics = [\"loss\"]\n[groups]\nmin_groups = 2\nreshuffle = true\n"
    "[groups.east]\nnodes = [\"a\", \"b\", \"c\"]\n[groups.west]\nnodes = [\"d\", \"e\", \"f\"]\n";

struct DealtGroupsTest : ::testing::Test, GovernedLab {
  DealtGroupsTest() { WritePolicy(); }

  // The members' charter is like that, and they decide on a job whose groups are dealt anew.
  void Agree(bool consents, std::uint32_t min_group = 3) {
    charter.contribution_scores = consents;
    charter.min_group = min_group;
    charters = {charter::Signed(charter, charter::All(charter))};
    config.governance.genesis = charters[0].Id().Hex();
    pinned.genesis = proposal.charter = charters[0].Id();
    plan = PlanText("malicious") + kDealt;
    proposal.plan = crypto::Sha256::Of(plan);
    WritePolicy();
    governance = *Governance::Open(config, clock, kNode);
  }
  std::string Taken() {
    const rpc::Prepare offer = OfferedFirst();
    job = offer.job;
    return std::string(governance->Admit(offer, *config::ParseJob(plan, "job"), 0).error());
  }
  // What a node says to round 2, when the log has the first with this seed.
  std::string Begins(const std::optional<Digest>& seed) {
    const Digest made = crypto::Sha256::Of("made");
    const charter::RoundCommit commit{.job = Digest{job.bytes},
                                      .round = 1,
                                      .model_in = proposal.init,
                                      .model_out = made,
                                      .cohort = {"spiffe://rw.fed.example/node/kigali"},
                                      .group_seed = seed,
                                      .receipts_root = made,
                                      .time = kNow};
    ledger::Envelope envelope{std::string(charter::kRoundCommitType), Encode(commit), {}};
    ledger::Sign(envelope, charter::KeyOf("log"), "");
    charter::RoundProof proof{.commit = Logged(envelope)};
    proof.commit.inclusion = *ledger::ProveInclusion(proof.commit.index, log.leaves.size(), log);
    proof.checkpoint = log.Checkpoint(witnesses, charter);
    rpc::Train train{.job = job, .round = {2}, .model_hash = made};
    train.logged = std::make_shared<const charter::RoundProof>(std::move(proof));
    return std::string(governance->BeginRound(train, {.round = {1}}, kNode).error());
  }

  SetClock clock;
  std::unique_ptr<Governance> governance;
  JobId job;
};

TEST_F(DealtGroupsTest, NeedTheCharter) {
  Agree(false);
  EXPECT_EQ(Taken(), "groups.consent");
  Agree(true, 4);
  EXPECT_EQ(Taken(), "groups.consent") << "a group may be smaller than the charter asks for";
  Agree(true);
  EXPECT_EQ(Taken(), "");
}

TEST_F(DealtGroupsTest, TheLogHasThoseThatTheNodeDraws) {
  Agree(true);
  ASSERT_EQ(Taken(), "");
  const auto draw = governance->DrawOf(job);
  ASSERT_NE(draw, nullptr);
  EXPECT_EQ(draw->job, Digest{job.bytes});
  EXPECT_EQ(draw->nonces.size(), 4U) << "four of five decide";
  EXPECT_EQ(Begins(draw->SeedOf(1)), "");
  EXPECT_EQ(Begins(draw->SeedOf(2)), "groups.draw");
  EXPECT_EQ(Begins(std::nullopt), "groups.draw");
}

TEST_F(DealtGroupsTest, ALogThatDealsGroupsOfItsOwnIsRefused) {
  Agree(true);
  plan = PlanText("malicious");
  proposal.plan = crypto::Sha256::Of(plan);
  ASSERT_EQ(Taken(), "");
  EXPECT_EQ(governance->DrawOf(job), nullptr) << "this job's nodes are all together";
  EXPECT_EQ(Begins(std::nullopt), "");
  EXPECT_EQ(Begins(crypto::Sha256::Of("a seed")), "groups.draw");
}

}  // namespace
}  // namespace accord::node
