// Attacks on a node of a federation whose members decide, by whoever holds the coordinator and its log
// (governance.md, section 4; docs/attacks.md): each is refused by its name, what proves it stays on the disk,
// and no step is trained. The coordinator is one that lies (liar.h); the node is a real one.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "charter/receipt.h"
#include "charter/round_commit.h"
#include "charter/round_proof.h"
#include "charter/vote.h"
#include "config/job_file.h"
#include "crypto/sha256.h"
#include "ledger/note.h"
#include "ledger/witness.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/safetensors.h"
#include "node/log_pin.h"
#include "node/offer_book.h"
#include "tests/integration/federation/federation.h"
#include "tests/integration/federation/governed_node.h"
#include "tests/integration/federation/liar.h"
#include "tests/unit/charter/scene.h"
#include "update/global_state.h"

namespace accord::testing {
namespace {

namespace fs = std::filesystem;

using charter::kDay, charter::JobBundle, charter::Scene;
using ledger::Envelope;

// Members, charter, log and a job of now, all of whose keys the test holds; the node is of ke.
struct Decision : Scene {
  Decision() {
    at = Now();
    charter.not_before = at - kDay;
    charter.not_after = at + 30 * kDay;
    charter.min_cohort = charter.min_group = 1;
    charter.members[1].trust_domain = "test.accord";  // ke's, whose CA certified the node
    charters = {charter::Signed(charter, All(charter))};
    pinned.genesis = charters[0].Id();
    plan = JobText({.rounds = 4, .min_nodes = 1, .min_survivors = 1});
    proposal.charter = charters[0].Id();
    proposal.not_before = at - 60;
    proposal.not_after = at + kDay;
    proposal.init = *update::FirstModel(*config::ParseJob(plan, "job"));
    proposal.plan = crypto::Sha256::Of(plan);
    log.Append(EncodeEnvelope(charters[0]));
    pinned.head = log.Head();
  }
  // A version of the charter that `change` makes of the newest, signed by these.
  void Amend(const std::function<void(charter::Charter&)>& change, const std::vector<std::string>& signers) {
    charter.version = static_cast<std::uint32_t>(charters.size()) + 1;
    charter.prev = charters.back().Id();
    change(charter);
    charters.push_back(charter::Signed(charter, signers));
  }
};

class AttackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    node_ = &fed_.AddNode("nairobi",
                          {.before_round = [this](std::uint64_t, const std::stop_token&) { ++trained_; }});
    fed_.StopNode(*node_);
    fed_.StopCoordinator();
    const auto spec = config::ParseJob(truth_.plan, "job");
    const ModelLayout layout = *model::BuildLayout(spec->model);
    std::vector<float> weights(layout.size);
    model::InitialWeights(layout, 99, weights);
    made_ = model::ModelHash(layout, weights);
    Bytes file = model::SafetensorsPrefix(layout);
    const ByteView bytes = model::WeightBytes(weights);
    file.insert(file.end(), bytes.begin(), bytes.end());
    liar_ = std::make_unique<Liar>(fed_.Path("coordinator"), "test.accord", made_, std::move(file));
    Govern();
    ASSERT_NO_FATAL_FAILURE(StartNode());
  }
  void TearDown() override {
    fed_.StopNode(*node_);  // what was training by then has been counted
    EXPECT_EQ(trained_, may_train_) << "steps that nothing allowed";
  }

  void Govern() {
    const fs::path data = fed_.Path("data");
    fs::create_directories(data);
    std::ofstream(data / "table.csv") << "a,b\n";
    certificate_ = CertifyData(data, fed_.Path("certificate"), "ke", "1");
    truth_.proposal.datasets = {{"ke", certificate_}};
    WriteLabPolicy(fed_.Path("policy.toml"), truth_.pinned.genesis, certificate_);
    EXPECT_TRUE(charter::KeyOf("witness ke").Save(fed_.Path("witness.key")).ok());
    config::NodeConfig& config = node_->config;
    config.node.coordinator = liar_->address();
    config.data["toy"].path = data / "table.csv";
    config.certificates["toy"] = {
        .file = fed_.Path("certificate"), .directory = data, .keys = {charter::GovVkeyOf("ke").Format()}};
    config.governance = {truth_.pinned.genesis.Hex(), "ke", fed_.Path("witness.key"),
                         fed_.Path("policy.toml")};
  }
  // And it cosigns the log as far as the truth says that it has.
  void StartNode() {
    fed_.StartNode(*node_);
    ASSERT_NO_FATAL_FAILURE(liar_->AwaitNode());
    const auto pin = node::LoadLogPin(state(), truth_.pinned.genesis, "ke");
    if (pin->pinned.head.size == 0) {
      EXPECT_EQ(AskToCosign(truth_, 0), 200U);
    }
  }
  void RestartNode() {
    fed_.StopNode(*node_);
    StartNode();
  }
  [[nodiscard]] const fs::path& state() const { return node_->config.node.state; }

  // The node's answer to the whole log of `shown`, as a witness of `from`.
  std::uint32_t AskToCosign(Decision& shown, std::uint64_t from) {
    ledger::AddCheckpoint request{.old_size = from};
    request.checkpoint = *ledger::Note::Parse(shown.log.Checkpoint({}, shown.charter, shown.at));
    if (from > 0) request.proof = *ledger::ProveConsistency(from, shown.log.leaves.size(), shown.log);
    const std::string body = request.Format();
    rpc::AddCheckpoint message{.body = Bytes(body.begin(), body.end()), .charters = {}};
    for (const Envelope& one : shown.charters) message.charters.push_back(Entry(one));
    liar_->Tell(message);
    return std::get<0>(liar_->Await<rpc::CheckpointAnswer>()).status;
  }
  [[nodiscard]] static JobId IdOf(const Decision& decision) { return {decision.Proposed().Id().bytes}; }
  // The id of what the node answers to a job that comes with this; "" when it is prepared.
  std::string AnswerTo(const Decision& decision, std::optional<JobBundle> bundle) {
    rpc::Prepare offer{.job = IdOf(decision), .plan = Bytes(decision.plan.begin(), decision.plan.end())};
    if (bundle) offer.bundle = std::make_shared<const JobBundle>(*std::move(bundle));
    if (!bundle) offer.token = Bytes(16, 1);
    liar_->Tell(offer);
    const auto answer = liar_->Await<rpc::Prepared, rpc::Declined>();
    const auto* no = std::get_if<rpc::Declined>(&answer);
    return no == nullptr ? "" : std::string(no->error.error());
  }
  // One lie, about a job of its own, in a copy of the log; then the node is told to train all the same.
  std::string Lie(
      const std::function<void(Decision&)>& decide,
      const std::function<void(std::optional<JobBundle>&)>& spoil = [](auto&) {}) {
    Decision lie = truth_;
    lie.proposal.nonce = {++nonce_};
    decide(lie);
    std::optional<JobBundle> bundle = lie.Bundle();
    spoil(bundle);
    std::string refusal = AnswerTo(lie, std::move(bundle));
    liar_->Tell(rpc::Train{.job = IdOf(lie), .round = {1}, .model_hash = lie.proposal.init});
    return refusal;
  }
  std::string LieIn(const std::function<void(std::optional<JobBundle>&)>& spoil) {
    return Lie([](Decision&) {}, spoil);
  }
  std::string AmendAndLie(const std::function<void(charter::Charter&)>& change,
                          const std::vector<std::string>& signers = {"be", "ke", "np", "pe", "rw"}) {
    return Lie([&](Decision& d) { d.Amend(change, signers); });
  }

  // The truth, and its first round; the receipt of the node's part in it.
  void Begin() {
    ASSERT_EQ(AnswerTo(truth_, truth_.Bundle()), "");
    Train({.job = IdOf(truth_), .round = {1}, .model_hash = truth_.proposal.init});
    const auto receipt = std::get<0>(liar_->Await<rpc::RoundReceipt>());
    receipt_ = std::string(AsText(receipt.receipt));
    liar_->Await<rpc::Update>();
    may_train_ = 1;
  }
  // With what asks for its update at once.
  void Train(rpc::Train message) {
    message.collect = rpc::Train::Collect{{1}, {liar_->node()}};
    liar_->Tell(std::move(message));
  }
  [[nodiscard]] charter::RoundCommit Committed() const {
    return {.job = truth_.Proposed().Id(),
            .round = 1,
            .model_in = truth_.proposal.init,
            .model_out = made_,
            .cohort = {liar_->node_name()},
            .receipts_root = charter::ReceiptsRoot(std::vector{receipt_}),
            .time = truth_.at};
  }
  // Round 2, told with a commit of round 1 that a log says.
  [[nodiscard]] rpc::Train Following(Decision& log, const charter::RoundCommit& commit) const {
    Envelope envelope{std::string(charter::kRoundCommitType), Encode(commit), {}};
    ledger::Sign(envelope, charter::KeyOf("log"), "");
    charter::RoundProof proof{.commit = log.Logged(envelope)};
    const std::uint64_t size = log.log.leaves.size();
    proof.commit.inclusion = *ledger::ProveInclusion(proof.commit.index, size, log.log);
    proof.consistency = *ledger::ProveConsistency(log.pinned.head.size, size, log.log);
    proof.checkpoint = log.log.Checkpoint(log.witnesses, log.charter, log.at);
    rpc::Train train{.job = IdOf(truth_), .round = {2}, .model_hash = made_};
    train.logged = std::make_shared<const charter::RoundProof>(std::move(proof));
    return train;
  }
  // The id of what it declines the round for; "" when it says that it has trained.
  std::string RefusalOf(rpc::Train message) {
    Train(std::move(message));
    const auto answer = liar_->Await<rpc::Declined, rpc::Trained, rpc::Update>();
    const auto* no = std::get_if<rpc::Declined>(&answer);
    return no == nullptr ? "" : std::string(no->error.error());
  }
  [[nodiscard]] std::size_t Evidence() const {
    std::error_code none;
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(state() / "evidence", none), fs::directory_iterator()));
  }

  Federation fed_;
  Decision truth_;
  Digest made_, certificate_;  // a model that the liar serves; of the node's data
  std::unique_ptr<Liar> liar_;
  TestNode* node_ = nullptr;
  std::atomic<int> trained_ = 0;
  int may_train_ = 0;  // how often
  std::uint8_t nonce_ = 100;
  std::string receipt_;
};

// Without it, all that follows could be refused for another reason.
TEST_F(AttackTest, WhatMembersDecidedIsTrained) {
  Begin();
  EXPECT_EQ(RefusalOf(Following(truth_, Committed())), "");
  may_train_ = 2;
}

// 13
TEST_F(AttackTest, WhatIsLeftOutIsARefusal) {
  EXPECT_EQ(LieIn([](auto& b) { b.reset(); }), "bundle.missing");
  EXPECT_EQ(LieIn([](auto& b) { b->charters.clear(); }), "bundle.missing");
  EXPECT_EQ(LieIn([](auto& b) { b->votes.clear(); }), "bundle.missing");
  EXPECT_EQ(LieIn([](auto& b) { b->checkpoint.clear(); }), "bundle.missing");
  EXPECT_EQ(LieIn([](auto& b) { b->votes.pop_back(); }), "proposal.votes");
  EXPECT_EQ(LieIn([](auto& b) { b->votes[1].inclusion.clear(); }), "log.proof");
  EXPECT_EQ(LieIn([](auto& b) { b->proposal.index += 1; }), "log.proof");
  EXPECT_EQ(LieIn([](auto& b) { b->consistency.clear(); }), "log.proof");
  EXPECT_EQ(Evidence(), 0U);
}

// 6 to 10, 14
TEST_F(AttackTest, VotesThatDoNotCountDecideNothing) {
  const auto of_rw = [](const std::function<void(charter::Vote&)>& change, const std::string& signer) {
    return [=](Decision& d) {
      d.approve = {"be", "ke", "np"};
      charter::Vote vote = *charter::ParseVote(d.Voted("rw", true).payload);
      change(vote);
      d.more = {charter::Signed(charter::kVoteType, Encode(vote), {signer})};
    };
  };
  const auto as_it_is = [](charter::Vote&) {};
  EXPECT_EQ(Lie(of_rw(as_it_is, "pe")), "proposal.votes") << "6: forged";
  EXPECT_EQ(Lie(of_rw(as_it_is, "stranger")), "proposal.votes");
  EXPECT_EQ(Lie([](Decision& d) {
              d.approve = {"be", "ke", "np"};
              d.more = {d.Voted("np", true)};
            }),
            "proposal.votes")
      << "7: twice";
  EXPECT_EQ(Lie(of_rw([](charter::Vote& v) { v.job = crypto::Sha256::Of("another"); }, "rw")),
            "proposal.votes")
      << "8: of another job";
  EXPECT_EQ(Lie(of_rw([](charter::Vote& v) { v.federation = "another"; }, "rw")), "proposal.votes");
  EXPECT_EQ(Lie(of_rw([](charter::Vote& v) { v.charter_version = 2; }, "rw")), "proposal.votes");
  EXPECT_EQ(Lie(of_rw(
                [](charter::Vote& v) {
                  v.expires_at = v.issued_at - 600;
                  v.issued_at -= kDay;
                },
                "rw")),
            "proposal.votes")
      << "8: expired";
  EXPECT_EQ(Lie([](Decision& d) {
              d.approve = {"be", "ke", "np"};
              Envelope vote = d.Voted("rw", true);
              vote.payload_type = charter::kReceiptType;
              d.more = {vote};
            }),
            "proposal.votes")
      << "10";
  EXPECT_EQ(Lie([](Decision& d) { d.reject = {"pe"}; }), "proposal.rejected");
  EXPECT_EQ(Lie([](Decision& d) { d.approve = {"be", "np", "pe", "rw"}; }), "proposal.own_vote") << "14";
}

// 9: and both votes stay where the lab finds them.
TEST_F(AttackTest, TwoVotesOfOneMemberAreARejectionAndAreKept) {
  Digest job;
  EXPECT_EQ(Lie([&](Decision& d) {
              d.reject = {"rw"};
              job = d.Proposed().Id();
            }),
            "proposal.rejected");
  const auto book = node::OfferBook::OpenKnown(state());
  ASSERT_TRUE(book.ok()) << Describe(book.status());
  const auto offer = (*book)->Find(JobId{job.bytes});
  ASSERT_TRUE(offer.ok()) << Describe(offer.status());
  std::map<bool, int> said;
  for (const charter::LoggedEntry& one : offer->message.bundle->votes) {
    const auto vote = charter::ParseVote(ledger::ParseEnvelope(AsBytes(one.entry))->payload);
    if (vote->voter == "rw") ++said[vote->approve];
  }
  EXPECT_EQ(said, (std::map<bool, int>{{false, 1}, {true, 1}}));
}

// 11, 12
TEST_F(AttackTest, ChartersThatDoNotHoldDecideNothing) {
  using charter::Charter;
  EXPECT_EQ(AmendAndLie([&](Charter& c) { c.not_after = truth_.at - 400; }), "charter.expired");
  EXPECT_EQ(AmendAndLie([&](Charter& c) { c.not_before = truth_.at + 400; }), "charter.not_yet");
  EXPECT_EQ(AmendAndLie([](Charter& c) { ++c.version; }), "charter.chain");
  EXPECT_EQ(AmendAndLie([](Charter& c) { c.prev = crypto::Sha256::Of("another"); }), "charter.chain");
  EXPECT_EQ(AmendAndLie([](Charter& c) { c.quorum.job = 1; }), "charter.invalid");
  const auto four_more = [](Charter& c) {
    for (const char* id : {"aa", "bb", "cc", "dd"}) c.members.push_back(charter::MemberOf(id));
    c.quorum = {6, 6, 6, 6, 1, 6};
  };
  EXPECT_EQ(AmendAndLie(four_more, {"aa", "bb", "cc", "dd", "be", "ke"}), "charter.signatures");
  EXPECT_EQ(Lie([](Decision& d) { d.at += 3'600; }), "proposal.votes") << "votes of a time that has not come";
  EXPECT_EQ(Lie([](Decision&) {},
                [&](std::optional<JobBundle>& b) {  // the node's clock was put back, after members voted
                  ledger::Note note = *ledger::Note::Parse(b->checkpoint);
                  for (std::size_t i = 1; i < note.signatures.size(); ++i) {
                    const std::string& id = truth_.witnesses[i - 1];
                    note.signatures[i] =
                        ledger::SignAsWitness("fed.example/witness/" + id, charter::KeyOf("witness " + id),
                                              truth_.at + 3'600, note.text);
                  }
                  b->checkpoint = note.Format();
                }),
            "clock.behind");
}

// 12, 3: an older charter or log than the node has seen, also after a restart.
TEST_F(AttackTest, NeitherCharterNorLogGoesBack) {
  const Decision before = truth_;
  truth_.Amend([](charter::Charter& c) { c.min_cohort = 2; }, All(truth_.charter));
  truth_.log.Append(EncodeEnvelope(truth_.charters.back()));
  ASSERT_EQ(AskToCosign(truth_, truth_.pinned.head.size), 200U);
  truth_.pinned.head = truth_.log.Head();
  for (const bool restarted : {false, true}) {
    if (restarted) RestartNode();
    Decision old = before;
    EXPECT_EQ(AnswerTo(old, old.Bundle()), "charter.rollback");
    old.charters = truth_.charters;
    old.charter = truth_.charter;
    old.log = before.log;  // whose head is an older one than the node cosigned
    JobBundle bundle = truth_.Bundle();
    bundle.checkpoint = old.log.Checkpoint(old.witnesses, old.charter, old.at);
    EXPECT_EQ(AnswerTo(truth_, bundle), "log.rollback");
    EXPECT_EQ(AskToCosign(old, 0), 409U);
  }
  EXPECT_EQ(Evidence(), 0U);
}

// 15, 20, 21
TEST_F(AttackTest, OnlyWhatWasVotedOnAndAllowedIsTrained) {
  const auto planned = [&](const std::string& from, const std::string& to) {
    return Lie([&](Decision& d) {
      const std::size_t found = d.plan.find(from);
      ASSERT_NE(found, std::string::npos) << from;
      d.plan.replace(found, from.size(), to);
    });
  };
  EXPECT_EQ(planned("local_steps = 1", "local_steps = 2"), "proposal.plan");
  EXPECT_EQ(planned("clip = 1.0", "clip = 9.0"), "proposal.plan");
  EXPECT_EQ(planned("min_nodes = 1", "min_nodes = 1 "), "proposal.plan") << "one byte";
  const Decision voted = truth_;
  truth_.plan = JobText({.rounds = 51, .min_nodes = 1, .min_survivors = 1});
  truth_.proposal.plan = crypto::Sha256::Of(truth_.plan);
  EXPECT_EQ(LieIn([](auto&) {}), "policy.denied") << "members agreed, the lab's policy did not";
  truth_ = voted;
  EXPECT_EQ(Lie([](Decision& d) {
              d.proposal.datasets = {{"ke", crypto::Sha256::Of("other data")}};
            }),
            "dataset.not_named");
  WriteLabPolicy(fed_.Path("policy.toml"), truth_.pinned.genesis, certificate_, "surprise = 1\n");
  EXPECT_EQ(LieIn([](auto&) {}), "policy.invalid");
  fs::remove(fed_.Path("policy.toml"));
  EXPECT_EQ(LieIn([](auto&) {}), "store.io");
  WriteLabPolicy(fed_.Path("policy.toml"), truth_.pinned.genesis, certificate_);
  std::ofstream(fed_.Path("data") / "table.csv") << "a,c\n";
  EXPECT_EQ(LieIn([](auto&) {}), "dataset.changed");
}

// 1, 2
TEST_F(AttackTest, ASplitLogStopsTheNode) {
  EXPECT_EQ(Lie([](Decision& d) { d.witnesses = {"be", "ke", "np"}; }), "log.quorum");
  EXPECT_EQ(Evidence(), 0U);
  Begin();
  Decision fork = truth_;
  fork.log = {};
  for (std::uint64_t i = 0; i < truth_.pinned.head.size; ++i) fork.log.Append("another history");
  fork.witnesses = {"be", "np", "rw"};  // one less than it takes
  EXPECT_EQ(RefusalOf(Following(fork, Committed())), "log.split") << "in the middle of a job";
  EXPECT_EQ(Evidence(), 2U) << "both heads";
  EXPECT_EQ(RefusalOf(Following(truth_, Committed())), "log.split") << "nor by the other one any more";
  EXPECT_EQ(LieIn([](auto&) {}), "log.split");
  RestartNode();
  EXPECT_EQ(LieIn([](auto&) {}), "log.split");
}

TEST_F(AttackTest, ASecondHeadOfOneSizeIsNeverCosigned) {
  Decision fork = truth_;
  fork.log = {};
  fork.log.Append("another beginning");
  EXPECT_EQ(AskToCosign(fork, truth_.pinned.head.size), 422U);
  EXPECT_EQ(Evidence(), 2U);
  EXPECT_EQ(LieIn([](auto&) {}), "log.split");
}

// 16, 22
TEST_F(AttackTest, RoundsThatTheLogDoesNotSayAreNotTrained) {
  ASSERT_EQ(AnswerTo(truth_, truth_.Bundle()), "");
  EXPECT_EQ(RefusalOf({.job = IdOf(truth_), .round = {1}, .model_hash = made_}), "round.unlogged")
      << "the first, from another model";
  Begin();
  rpc::Train second{.job = IdOf(truth_), .round = {2}, .model_hash = made_};
  EXPECT_EQ(RefusalOf(second), "round.unlogged") << "nothing of the first is shown";
  second = Following(truth_, Committed());
  second.model_hash = truth_.proposal.init;
  EXPECT_EQ(RefusalOf(second), "round.unlogged") << "from another model than it made";
  second = Following(truth_, Committed());
  second.round = {3};
  EXPECT_EQ(RefusalOf(second), "round.unlogged") << "one is skipped";
  charter::RoundCommit forged = Committed();
  forged.receipts_root = charter::ReceiptsRoot(std::vector<std::string>{"another"});
  EXPECT_EQ(RefusalOf(Following(truth_, forged)), "receipt.omitted");
  liar_->Tell(rpc::Train{.job = IdOf(truth_), .round = {1}, .model_hash = truth_.proposal.init});
  liar_->Await<rpc::Trained>();  // the first again: its update is there, and no second one is made
  EXPECT_EQ(RefusalOf({.job = IdOf(truth_), .round = {1}, .model_hash = made_}), "round.unlogged");
}

}  // namespace
}  // namespace accord::testing
