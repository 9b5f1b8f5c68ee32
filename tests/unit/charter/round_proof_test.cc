// What a node has to be shown of the round before (governance.md 4, tests 16 and 22), and what a log takes of
// it.
#include "charter/round_proof.h"

#include <functional>

#include "charter/record.h"
#include "ledger/dsse.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/charter/test_log.h"

namespace accord::charter {
namespace {

const Digest kJob = crypto::Sha256::Of("job");

RoundCommit CommitOf(const Digest& job, std::uint64_t round) {
  return {.job = job,
          .round = round,
          .model_in = crypto::Sha256::Of("model " + std::to_string(round - 1)),
          .model_out = crypto::Sha256::Of("model " + std::to_string(round)),
          .cohort = {"spiffe://ke.fed.example/node/nairobi"},
          .receipts_root = ReceiptsRoot(std::vector<std::string>{"receipt"}),
          .time = kNow};
}

ledger::Envelope SignedByLog(const RoundCommit& commit, const crypto::Ed25519Key& key = KeyOf("log")) {
  ledger::Envelope envelope{std::string(kRoundCommitType), Encode(commit), {}};
  Sign(envelope, key, "");
  return envelope;
}

// A node that cosigned the log at its second entry, and is told to begin round 3.
struct RoundProofTest : ::testing::Test {
  RoundProofTest() {
    log.Append("one");
    log.Append("two");
    pinned.head = log.Head();
    Log(SignedByLog(CommitOf(kJob, 2)));
  }
  void Log(const ledger::Envelope& envelope) {
    proof.commit.entry = EncodeEnvelope(envelope);
    proof.commit.index = log.Append(proof.commit.entry);
    Prove();
  }
  void Prove() {
    const std::uint64_t size = log.leaves.size();
    proof.commit.inclusion = *ledger::ProveInclusion(proof.commit.index, size, log);
    if (pinned.head.size <= size) proof.consistency = *ledger::ProveConsistency(pinned.head.size, size, log);
    proof.checkpoint = log.Checkpoint(witnesses, charter);
  }
  [[nodiscard]] std::string Error() const {
    return std::string(CheckRoundProof(start, proof, pinned, charter).status().error());
  }

  Charter charter = CharterOf();
  std::vector<std::string> witnesses{"be", "ke", "np", "rw"};
  TestLog log;
  Pinned pinned;
  RoundStart start{.job = kJob, .round = 3, .model_in = crypto::Sha256::Of("model 2")};
  RoundProof proof;
};

TEST_F(RoundProofTest, ARoundThatFollowsTheLogBegins) {
  EXPECT_EQ(*CheckRoundProof(start, proof, pinned, charter), CommitOf(kJob, 2));
}

TEST_F(RoundProofTest, ARoundPlayedAgainOrSkippedDoesNotBegin) {
  start.round = 2;
  EXPECT_EQ(Error(), "round.unlogged");
  start.round = 4;
  EXPECT_EQ(Error(), "round.unlogged");
}

TEST_F(RoundProofTest, ARoundFromAnotherModelDoesNotBegin) {
  start.model_in = crypto::Sha256::Of("another");
  EXPECT_EQ(Error(), "round.unlogged");
}

TEST_F(RoundProofTest, ARoundOfAnotherJobProvesNothing) {
  start.job = crypto::Sha256::Of("another");
  EXPECT_EQ(Error(), "round.unlogged");
}

TEST_F(RoundProofTest, OnlyTheLogSaysWhatARoundMade) {
  Log(SignedByLog(CommitOf(kJob, 2), KeyOf("another")));
  EXPECT_EQ(Error(), "round.unlogged");
  Log(Signed("text/plain", Encode(CommitOf(kJob, 2)), {"ke"}));
  EXPECT_EQ(Error(), "round.unlogged");
}

TEST_F(RoundProofTest, TheCommitHasToBeInTheLog) {
  ++proof.commit.index;
  EXPECT_EQ(Error(), "log.proof");
  --proof.commit.index;
  proof.commit.entry = EncodeEnvelope(SignedByLog([] {
    RoundCommit other = CommitOf(kJob, 2);
    other.dropped = {"spiffe://rw.fed.example/node/kigali"};
    return other;
  }()));
  EXPECT_EQ(Error(), "log.proof");
}

TEST_F(RoundProofTest, TheLogHasToGoOnAndToBeWitnessed) {
  witnesses.pop_back();
  Prove();
  EXPECT_EQ(Error(), "log.quorum");
  witnesses.emplace_back("rw");
  Prove();
  pinned.head.root = crypto::Sha256::Of("another log");
  EXPECT_EQ(Error(), "log.split");
  log.Append("more");
  pinned.head = log.Head();
  EXPECT_EQ(Error(), "log.rollback");
}

// ---------------------------------------------------------------- what a log takes

struct LoggedRoundsTest : ::testing::Test {
  LoggedRoundsTest() {
    const Charter charter = CharterOf();
    const ledger::Envelope first = Signed(charter, All(charter));
    Proposal proposed = ProposalOf(first.Id());
    proposed.init = CommitOf(kJob, 1).model_in;
    proposal = Signed(kProposalType, Encode(proposed), {"ke"});
    Add(first);
    Add(proposal);
  }
  void Add(const ledger::Envelope& envelope) {
    EXPECT_TRUE(record.Add(AsBytes(EncodeEnvelope(envelope))).ok());
  }
  [[nodiscard]] std::string Refusal(const RoundCommit& commit) const {
    return std::string(record.Check(AsBytes(EncodeEnvelope(SignedByLog(commit))), kNow).status().error());
  }
  [[nodiscard]] RoundCommit Of(std::uint64_t round) const { return CommitOf(proposal.Id(), round); }

  ledger::Envelope proposal;
  Record record;
};

TEST_F(LoggedRoundsTest, FollowOneAnother) {
  EXPECT_EQ(Refusal(Of(2)), "round.unlogged");
  EXPECT_EQ(Refusal(Of(1)), "");
  RoundCommit other = Of(1);
  other.model_in = crypto::Sha256::Of("another");
  EXPECT_EQ(Refusal(other), "round.unlogged") << "members voted on the model to begin from";
  Add(SignedByLog(Of(1)));
  EXPECT_EQ(Refusal(Of(1)), "round.unlogged") << "each once";
  EXPECT_EQ(Refusal(Of(2)), "");
  RoundCommit elsewhere = Of(2);
  elsewhere.model_in = crypto::Sha256::Of("another");
  EXPECT_EQ(Refusal(elsewhere), "round.unlogged");
  Add(SignedByLog(Of(2)));
  EXPECT_EQ(record.matters().at(proposal.Id()).commits.size(), 2U);
  EXPECT_EQ(record.matters().at(proposal.Id()).commits[1].index, 3U);
}

TEST_F(LoggedRoundsTest, AreOfJobsThatWereProposed) {
  EXPECT_EQ(Refusal(CommitOf(kJob, 1)), "proposal.unknown");
}

}  // namespace
}  // namespace accord::charter
