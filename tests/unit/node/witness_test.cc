// A node as a witness of its federation's log: what it cosigns, what it never does, and what it keeps of a
// log that contradicts itself (governance.md 4, tests 1 to 5).
#include "ledger/witness.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "base/file.h"
#include "config/job_file.h"
#include "ledger/note.h"
#include "node/governance.h"
#include "node/log_pin.h"
#include "tests/unit/node/governed_lab.h"

namespace accord::node {
namespace {

namespace fs = std::filesystem;

using charter::kNow;
using charter::TestLog;
using ledger::WitnessVerdict;

class SetClock final : public Clock {
 public:
  [[nodiscard]] TimePoint Now() const override { return TimePoint(std::chrono::seconds(kNow)); }
};

// The node of ke has its member's witness key, and its log the charter as its first entry.
struct WitnessNodeTest : ::testing::Test, GovernedLab {
  WitnessNodeTest() {
    config.governance.witness_key = dir / "witness.key";
    EXPECT_TRUE(charter::KeyOf("witness ke").Save(config.governance.witness_key).ok());
    WritePolicy();
    log.Append(EncodeEnvelope(charters[0]));
    Restart();
  }
  void Restart() {
    governance = nullptr;
    auto opened = Governance::Open(config, clock, "spiffe://ke.fed.example/node/nairobi");
    ASSERT_TRUE(opened.ok()) << Describe(opened.status());
    governance = *std::move(opened);
  }
  // The request to cosign all of `shown`, which a witness of its first `from` entries takes.
  [[nodiscard]] static std::string RequestOf(const charter::Charter& charter, TestLog& shown,
                                             std::uint64_t from) {
    ledger::AddCheckpoint request{.old_size = from};
    request.checkpoint = *ledger::Note::Parse(shown.Checkpoint({}, charter));
    if (from > 0) request.proof = *ledger::ProveConsistency(from, shown.leaves.size(), shown);
    return request.Format();
  }
  rpc::CheckpointAnswer Ask(const std::string& body) {
    rpc::AddCheckpoint message{.body = Bytes(body.begin(), body.end()), .charters = {}};
    for (const ledger::Envelope& one : charters) {
      const std::string entry = EncodeEnvelope(one);
      message.charters.emplace_back(entry.begin(), entry.end());
    }
    return governance->OnAddCheckpoint(message);
  }
  std::uint32_t Ask(TestLog& shown, std::uint64_t from) {
    return Ask(RequestOf(charter, shown, from)).status;
  }
  // A node in this state that cosigned the whole log of today.
  void Cosign(std::uint64_t from) { ASSERT_EQ(Ask(log, from), 200U); }
  [[nodiscard]] ledger::TreeHead Kept() const {
    return LoadLogPin(config.node.state, pinned.genesis, "ke")->pinned.head;
  }
  // By suffix.
  [[nodiscard]] std::map<std::string, std::string> Evidence() const {
    std::map<std::string, std::string> files;
    std::error_code none;
    for (const auto& one : fs::directory_iterator(dir / "evidence", none))
      files[one.path().extension()] = std::string(AsText(*ReadFile(one.path())));
    return files;
  }
  // What it says to a decision that holds, under a head that continues the one it cosigned.
  std::string AnswerToADecision() {
    if (pinned.head.size == 0) pinned.head = Kept();
    const rpc::Prepare offer = Offered();
    return std::string(governance->Admit(offer, *config::ParseJob(plan, "job"), 0).error());
  }

  SetClock clock;
  std::unique_ptr<Governance> governance;
};

TEST_F(WitnessNodeTest, CosignsWhatContinuesItsHead) {
  const auto answer = Ask(RequestOf(charter, log, 0));
  ASSERT_EQ(answer.status, 200U) << AsText(answer.body);
  EXPECT_EQ(Kept(), log.Head());
  const std::vector<ledger::VerifierKey> keys{*charter.members[1].witness};
  const auto taken = ledger::TakeCosignatures(AsText(answer.body),
                                              ledger::Note::Parse(log.Checkpoint({}, charter))->text, keys);
  EXPECT_TRUE(taken.ok()) << Describe(taken.status());
  log.Append("more");
  Cosign(1);
  EXPECT_EQ(AnswerToADecision(), "");
  EXPECT_TRUE(Evidence().empty());
}

// 1
TEST_F(WitnessNodeTest, TwoRootsOfOneSizeAreKeptAndStopIt) {
  TestLog other = log;
  log.Append("to some");
  other.Append("to others");
  Cosign(0);
  EXPECT_EQ(Ask(other, 0), static_cast<std::uint32_t>(WitnessVerdict::kConflict)) << "nor is it cosigned";
  EXPECT_EQ(Ask(other, 2), static_cast<std::uint32_t>(WitnessVerdict::kInconsistent));
  EXPECT_EQ(Kept(), log.Head());
  // Both heads, as the log signed them: that is all that anybody needs.
  const auto evidence = Evidence();
  for (const auto& [suffix, shown] : {std::pair(".known", &log), {".shown", &other}}) {
    const std::string& text = evidence.at(suffix);
    const auto note = ledger::Note::Parse(text.substr(text.find(charter.log_origin)));
    const auto head = ledger::OpenCheckpoint(*note, *charter.log);
    ASSERT_TRUE(head.ok()) << Describe(head.status());
    EXPECT_EQ((ledger::TreeHead{head->size, head->root}), shown->Head());
  }
  EXPECT_EQ(AnswerToADecision(), "log.split");
  Restart();
  EXPECT_EQ(AnswerToADecision(), "log.split") << "until a person has looked";
  fs::remove_all(dir / "evidence");
  EXPECT_EQ(AnswerToADecision(), "");
}

// 1: a longer log that is said to continue this one.
TEST_F(WitnessNodeTest, ALongerForkIsKeptAndStopsIt) {
  TestLog fork = log;
  log.Append("to some");
  Cosign(0);
  fork.Append("to others");
  fork.Append("and more");
  EXPECT_EQ(Ask(fork, 2), static_cast<std::uint32_t>(WitnessVerdict::kInconsistent));
  EXPECT_EQ(Kept(), log.Head());
  // What it kept shows it to every witness that knows the first of them.
  const auto decision = ledger::DecideAddCheckpoint(Evidence().at(".shown"), [&](std::string_view) {
    return std::optional(ledger::WitnessedLog{{*charter.log}, log.Head()});
  });
  EXPECT_EQ(decision.verdict, WitnessVerdict::kInconsistent) << decision.why;
  EXPECT_EQ(AnswerToADecision(), "log.split");
}

// 2: with a job, and with too few cosignatures.
TEST_F(WitnessNodeTest, AForkThatComesWithAJobIsKeptAndStopsIt) {
  Cosign(0);
  pinned.head = Kept();
  GovernedLab::Scene forked = *this;
  forked.log = {};
  forked.log.Append("another beginning");
  forked.witnesses = {"be", "np"};
  const std::string error(
      governance->Admit(Offered(forked.Bundle()), *config::ParseJob(plan, "job"), 0).error());
  EXPECT_EQ(error, "log.split");
  EXPECT_EQ(Evidence().size(), 2U);
  EXPECT_EQ(AnswerToADecision(), "log.split");
}

// 3
TEST_F(WitnessNodeTest, NeverGoesBackAlsoAfterARestart) {
  const std::string first = RequestOf(charter, log, 0);
  Cosign(0);
  pinned.head = Kept();
  const rpc::Prepare old = Offered();
  log.Append("later");
  Cosign(1);
  Restart();
  EXPECT_EQ(Ask(first).status, static_cast<std::uint32_t>(WitnessVerdict::kConflict));
  EXPECT_EQ(AsText(Ask(first).body), std::to_string(log.leaves.size()) + "\n") << "where it stands";
  EXPECT_EQ(governance->Admit(old, *config::ParseJob(plan, "job"), 0).error(), "log.rollback");
  EXPECT_EQ(Kept(), log.Head());
  EXPECT_TRUE(Evidence().empty()) << "an older head contradicts nothing";
}

// 5
TEST_F(WitnessNodeTest, RefusesAProofWhereThereIsNothingToProve) {
  log.Append("more");
  ledger::AddCheckpoint request{.proof = {Digest{}}};
  request.checkpoint = *ledger::Note::Parse(log.Checkpoint({}, charter));
  EXPECT_EQ(Ask(request.Format()).status, static_cast<std::uint32_t>(WitnessVerdict::kInconsistent));
  EXPECT_EQ(Kept().size, 0U);
  EXPECT_TRUE(Evidence().empty()) << "there is no head yet that it could contradict";
}

// 4: the requests of two sizes, in either order.
TEST_F(WitnessNodeTest, OfTwoRequestsAtOnceOneWins) {
  Cosign(0);
  log.Append("N");
  const std::string shorter = RequestOf(charter, log, 1);
  log.Append("N + K");
  const std::string longer = RequestOf(charter, log, 1);
  EXPECT_EQ(Ask(longer).status, 200U);
  EXPECT_EQ(Ask(shorter).status, static_cast<std::uint32_t>(WitnessVerdict::kConflict));
  EXPECT_EQ(Kept(), log.Head());
}

// A cosignature over what is not on the disk could be followed by one that contradicts it.
TEST_F(WitnessNodeTest, CosignsNothingThatItCannotKeep) {
  fs::create_directories(dir / "log.pin" / "in the way");
  const auto answer = Ask(RequestOf(charter, log, 0));
  EXPECT_EQ(answer.status, 503U);
  EXPECT_TRUE(answer.body.empty());
}

TEST_F(WitnessNodeTest, ADamagedPinIsNoFreshOne) {
  Cosign(0);
  Bytes bytes = *ReadFile(dir / "log.pin");
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileAtomic(dir / "log.pin", bytes, FileMode::kPrivate).ok());
  EXPECT_EQ(Governance::Open(config, clock, "spiffe://ke.fed.example/node/nairobi").status().error(),
            "store.corrupt");
  config.governance.genesis = crypto::Sha256::Of("another").Hex();
  fs::remove(dir / "log.pin");
  Restart();
  EXPECT_EQ(Ask(log, 0), static_cast<std::uint32_t>(WitnessVerdict::kUnknownLog)) << "of another federation";
}

TEST_F(WitnessNodeTest, WitnessesForItsMemberWhileTheCharterSaysSo) {
  const auto as = [&](const std::function<void(charter::Member&)>& change) {
    charter::Charter next = charter;
    next.version = 2;
    next.prev = charters[0].Id();
    change(next.members[1]);
    charters.resize(1);
    charters.push_back(charter::Signed(next, All(next)));
    return Ask(log, 0);
  };
  const auto unknown = static_cast<std::uint32_t>(WitnessVerdict::kUnknownLog);
  EXPECT_EQ(as([](charter::Member& ke) { ke.suspended = true; }), unknown);
  EXPECT_EQ(as([](charter::Member& ke) {
              ke.witness = ledger::WitnessKey("fed.example/witness/ke", charter::KeyOf("new").PublicKey());
            }),
            unknown)
      << "its key was replaced: it was stolen, say";
  EXPECT_EQ(as([](charter::Member&) {}), 200U);
  charters.resize(1);
  EXPECT_EQ(Ask(log, 1), unknown) << "the version before: charters do not go back";
}

}  // namespace
}  // namespace accord::node
