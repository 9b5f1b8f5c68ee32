// A federation with a charter: members decide, nodes witness the log and check every decision for themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/errors.h"
#include "base/file.h"
#include "charter/admission.h"
#include "charter/record.h"
#include "charter/round_commit.h"
#include "config/job_file.h"
#include "coordinator/fsck.h"
#include "coordinator/issuer.h"
#include "coordinator/receipt_files.h"
#include "crypto/sha256.h"
#include "ledger/checkpoint.h"
#include "ledger/log_reader.h"
#include "ledger/tile.h"
#include "node/budget_ledger.h"
#include "node/control.h"
#include "node/offer_book.h"
#include "tests/integration/federation/federation.h"
#include "tests/integration/federation/governed_node.h"
#include "tests/support/door.h"
#include "tests/support/free_port.h"
#include "tests/unit/charter/fixture.h"
#include "update/global_state.h"

namespace accord::testing {
namespace {

using charter::UnixSeconds;
using ledger::Envelope;

const std::vector<std::string> kMembers{"be", "ke", "rw"};

class GovernedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Bytes line = Resource("key");
    const auto key = ledger::VerifierKey::Parse(Trimmed(line));
    ASSERT_TRUE(key.ok()) << Describe(key.status());
    charter_ = charter::CharterOf(kMembers);
    charter_.not_before = Now() - 60;
    charter_.not_after = Now() + charter::kDay;
    charter_.log = *key;
    charter_.log_origin = key->name();
    charter_.quorum.witness = charter_.quorum.job = 2;
    charter_.min_group = charter_.min_cohort = 1;
    for (charter::Member& member : charter_.members) member.ca_keys = {CaOf(member)};
    charter_entry_ = charter::Signed(charter_, kMembers);
    for (const std::string& id : kMembers) nodes_.push_back(&AddNode(id));
  }

  static std::string Trimmed(const Bytes& line) {
    return std::string(AsText(line).substr(0, line.size() - 1));
  }

  // A CA of the member's own, which serves; the hash of its key.
  Digest CaOf(const charter::Member& member) {
    config::CaConfig config{.member = {member.id, member.trust_domain},
                            .coordinator = {fed_.address(), fed_.Path("coordinator") / "ca.pem"}};
    config.rpc.listen = "127.0.0.1:" + std::to_string(FreePort());
    config.store.state = fed_.Path(member.id + ".ca");
    const Status made = coordinator::Issuer::Init(config);
    EXPECT_TRUE(made.ok()) << Describe(made);
    auto issuer = coordinator::Issuer::Open(config);
    EXPECT_TRUE(issuer.ok()) << Describe(issuer.status());
    EXPECT_TRUE((*issuer)->Serve().ok());
    const Digest key = (*issuer)->KeyHash();
    issuers_[member.id] = *std::move(issuer);
    return key;
  }

  TestNode& AddNode(const std::string& member) {
    const auto hold = [this](std::uint64_t, const std::stop_token& stop) { training_.Pass(stop); };
    TestNode& node =
        fed_.AddNode(member, {.before_round = hold}, issuers_.at(member)->Invite(member, Millis(0))->token);
    fed_.StopNode(node);
    const auto policy = fed_.Path(member + ".policy.toml"), witness = fed_.Path(member + ".witness.key"),
               data = fed_.Path(member + ".data");
    std::filesystem::create_directories(data);
    std::ofstream(data / "table.csv") << member;
    node.config.data["toy"].path = data / "table.csv";
    Certify(member, "1");
    node.config.certificates["toy"] = {.file = fed_.Path(member + ".certificate"),
                                       .directory = data,
                                       .keys = {charter::GovVkeyOf(member).Format()}};
    WritePolicy(member);
    EXPECT_TRUE(charter::KeyOf("witness " + member).Save(witness).ok());
    node.config.governance = {Genesis().Hex(), member, witness, policy};
    fed_.StartNode(node);
    return node;
  }

  // The member vouches for its data, anew when it has; a running node reads it with its next job.
  void Certify(const std::string& member, const std::string& version) {
    certificates_[member] =
        CertifyData(fed_.Path(member + ".data"), fed_.Path(member + ".certificate"), member, version);
  }
  void WritePolicy(const std::string& member, bool require_approval = false) {
    WriteLabPolicy(fed_.Path(member + ".policy.toml"), Genesis(), CertOf(member),
                   require_approval ? "require_approval = true\n" : "");
  }
  // As a person of the lab says it by accord-node approve or deny, while the node runs.
  void Say(const TestNode& node, bool approve) {
    const auto book = node::OfferBook::OpenKnown(node.config.node.state);
    ASSERT_TRUE(book.ok()) << Describe(book.status());
    const auto line = (*book)->Named("toy");
    ASSERT_TRUE(line.ok()) << Describe(line.status());
    EXPECT_EQ(line->approval, node::Approval::kWaiting);
    ASSERT_TRUE((*book)->Decide(line->job, approve, {}).ok());
    EXPECT_TRUE(node::AskNode(node.config.node.state, "decided", line->job.Hex()).ok());
  }

  [[nodiscard]] Digest CertOf(const std::string& member) const { return certificates_.at(member); }
  [[nodiscard]] Digest Genesis() const { return charter_entry_.Id(); }
  Bytes Resource(const std::string& path) {
    const auto content = fed_.client().GetResource(path);
    EXPECT_TRUE(content.ok()) << Describe(content.status());
    return content.ok() ? *content : Bytes();
  }
  rpc::Appended Append(const Envelope& envelope, const std::string& plan = "") {
    const auto appended = fed_.client().Append(Entry(envelope), AsBytes(plan));
    EXPECT_TRUE(appended.ok()) << Describe(appended.status());
    return appended.ok() ? *appended : rpc::Appended{};
  }
  std::string Refusal(const Envelope& envelope, const std::string& plan = "") {
    return std::string(fed_.client().Append(Entry(envelope), AsBytes(plan)).status().error());
  }
  std::string RefusalOf(const std::string& entry) {
    return std::string(fed_.client().Append(Bytes(entry.begin(), entry.end()), {}).status().error());
  }

  [[nodiscard]] Envelope Proposal(const std::string& plan, const std::vector<std::string>& holders) const {
    charter::Proposal proposal = charter::ProposalOf(Genesis());
    proposal.not_before = Now() - 60;
    proposal.not_after = Now() + 3'600;
    proposal.plan = crypto::Sha256::Of(plan);
    if (const auto spec = config::ParseJob(plan, "job"); spec.ok())
      proposal.init = *update::FirstModel(*spec);
    proposal.datasets.clear();
    for (const std::string& id : holders) proposal.datasets.push_back({id, CertOf(id)});
    return charter::Signed(charter::kProposalType, Encode(proposal), {"ke"});
  }
  [[nodiscard]] Envelope Vote(const Envelope& proposal, const std::string& voter, bool approve = true) const {
    const charter::Vote vote{.federation = charter_.federation,
                             .job = proposal.Id(),
                             .charter = Genesis(),
                             .charter_version = 1,
                             .voter = voter,
                             .approve = approve,
                             .nonce = {static_cast<std::uint8_t>(voter[0])},
                             .issued_at = begun_,
                             .expires_at = begun_ + 3'600};
    return charter::Signed(charter::kVoteType, Encode(vote), {voter});
  }

  // All members propose and approve it.
  Envelope Decided(const std::string& plan) {
    const Envelope proposal = Proposal(plan, kMembers);
    Append(proposal, plan);
    for (const std::string& id : kMembers) Append(Vote(proposal, id));
    return proposal;
  }

  // Asks until it holds, or `patience` is over.
  template <class Holds>
  void Until(const Holds& holds) {
    const auto end = std::chrono::steady_clock::now() + fed_.patience;
    while (!holds()) ASSERT_LT(std::chrono::steady_clock::now(), end);
  }
  ledger::Checkpoint Published() {
    const auto note = ledger::Note::Parse(AsText(Resource("checkpoint")));
    return *ledger::Checkpoint::Parse(note->text);
  }
  // What the published log says, entry by entry.
  charter::Record ReadLog() {
    struct Served : ledger::FileSource {
      explicit Served(GovernedTest& t) : test(t) {}
      Result<Bytes> Read(const std::string& path) override { return test.Resource(path); }
      GovernedTest& test;
    } files(*this);
    charter::Record record(Genesis());
    const std::uint64_t size = Published().size;
    const auto bundle = ledger::TileAt(size, std::nullopt, 0);
    const auto entries = ledger::ReadEntries(files, *bundle);
    EXPECT_TRUE(entries.ok()) << Describe(entries.status());
    for (const Bytes& entry : *entries) EXPECT_TRUE(record.Add(entry).ok());
    return record;
  }
  rpc::JobView Begun(const Envelope& proposal) {
    rpc::JobView found;
    Until([&] {
      const auto job = fed_.client().GetJob(proposal.Id().Hex());
      if (job.ok()) found = *job;
      return job.ok();
    });
    return found;
  }

  const UnixSeconds begun_ = Now();  // votes of one time: given again they are the same, and no other vote
  Door training_;  // closed: nodes wait before they train, so that a job does not end before it is looked at
  Federation fed_;
  charter::Charter charter_;
  Envelope charter_entry_;
  std::map<std::string, Digest> certificates_;
  std::map<std::string, std::unique_ptr<coordinator::Issuer>> issuers_;
  std::vector<TestNode*> nodes_;
};

TEST_F(GovernedTest, AJobBeginsWhenItsVotesAreWitnessed) {
  Append(charter_entry_);
  Until([&] { return Published().size == 1; });
  const std::string plan = JobText({.rounds = 2});
  EXPECT_EQ(fed_.Submit(plan).status().error(), "job.undecided");

  const Envelope proposal = Proposal(plan, kMembers);
  EXPECT_EQ(Refusal(proposal), "proposal.plan");
  EXPECT_EQ(Append(proposal, plan).index, 1U);
  EXPECT_EQ(Resource("plan/" + crypto::Sha256::Of(plan).Hex()), Bytes(plan.begin(), plan.end()));
  for (const std::string& id : kMembers) Append(Vote(proposal, id));
  EXPECT_EQ(Refusal(Vote(proposal, "be")), "vote.refused") << "it is there";

  const rpc::JobView job = Begun(proposal);
  EXPECT_EQ(job.submitter, "member:ke");
  const rpc::JobView end = fed_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  ASSERT_FALSE(end.history.empty());
  EXPECT_EQ(end.history[0].survivors, 3U);

  // What is served is a log that others' tools read: the checkpoint is cosigned by enough, and the charter is
  // in it.
  const auto checkpoint = charter::CheckCheckpoint(AsText(Resource("checkpoint")), charter_);
  ASSERT_TRUE(checkpoint.ok()) << Describe(checkpoint.status());
  EXPECT_EQ(checkpoint->size, 7U) << "with its rounds";
}

// Each round goes into the log, with the root over what its nodes signed; the next one begins from there.
TEST_F(GovernedTest, RoundsAreLoggedAndCountWhatNodesSigned) {
  Append(charter_entry_);
  const std::string plan = JobText({.rounds = 3});
  const Envelope proposal = Decided(plan);
  const rpc::JobView end = fed_.WaitForEnd(Begun(proposal));
  ASSERT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  Until([&] { return Published().size == 8; });
  const charter::Record record = ReadLog();
  const std::vector<charter::LoggedCommit>& rounds = record.matters().at(proposal.Id()).commits;
  ASSERT_EQ(rounds.size(), 3U);
  EXPECT_EQ(rounds[0].commit.model_in, *update::FirstModel(*config::ParseJob(plan, "job")));
  EXPECT_EQ(rounds[2].commit.model_out, end.model_hash);
  const Bytes served = Resource("receipts/" + proposal.Id().Hex() + "/1");
  EXPECT_EQ(std::ranges::count(served, '\n'), 3);
  EXPECT_EQ(fed_.client().GetResource("receipts/" + proposal.Id().Hex() + "/9").status().error(),
            "log.not_found");
  for (const charter::LoggedCommit& one : rounds) {
    const auto file =
        fed_.Path("coordinator/receipts") / proposal.Id().Hex() / (std::to_string(one.commit.round) + ".0");
    const auto kept = coordinator::DecodeReceipts(*ReadFile(file));
    ASSERT_TRUE(kept.ok()) << Describe(kept.status());
    EXPECT_EQ(one.commit.cohort.size(), 3U);
    EXPECT_EQ(kept->nodes, one.commit.cohort);
    EXPECT_EQ(charter::ReceiptsRoot(kept->receipts), one.commit.receipts_root);
  }
}

// 23
TEST_F(GovernedTest, GroupsAreNotDealtAnewWithoutTheChartersConsent) {
  Append(charter_entry_);
  const std::string plan = JobText({.secure = "malicious"}) +
                           "[groups]\nmin_groups = 2\nreshuffle = true\n[groups.a]\nnodes = [\"be\", \"ke\", "
                           "\"rw\"]\n[groups.b]\nnodes = [\"x\", \"y\", \"z\"]\n";
  EXPECT_EQ(Refusal(Proposal(plan, kMembers), plan), "groups.consent");
}

// 17: in the charter, whatever the coordinator's operator does about it.
TEST_F(GovernedTest, ARevokedNodeGivesNoUpdateThatCounts) {
  Append(charter_entry_);
  charter::Charter next = charter_;
  next.version = 2;
  next.prev = Genesis();
  next.revoked = {{std::string(charter::kRevokedNode), "spiffe://rw.fed.example/node/rw", 0}};
  Append(charter::Signed(next, kMembers));
  const Envelope proposal =
      Decided(JobText({.rounds = 1, .min_nodes = 2, .min_survivors = 2, .max_wait = "5s"}));
  const rpc::JobView end = fed_.WaitForEnd(Begun(proposal));
  ASSERT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  Until([&] { return Published().size == 7; });
  const charter::Record record = ReadLog();
  const auto& rounds = record.matters().at(proposal.Id()).commits;
  ASSERT_EQ(rounds.size(), 1U);
  EXPECT_EQ(rounds[0].commit.cohort,
            (std::vector<std::string>{"spiffe://be.fed.example/node/be", "spiffe://ke.fed.example/node/ke"}));
}

TEST_F(GovernedTest, WhoHasNotApprovedTrainsNothing) {
  Append(charter_entry_);
  training_.Close();
  const std::string plan = JobText({.rounds = 1, .min_nodes = 2, .min_survivors = 2});
  const Envelope proposal = Proposal(plan, kMembers);
  Append(proposal, plan);
  for (const std::string id : {"be", "ke"}) Append(Vote(proposal, id));
  const rpc::JobView job = Begun(proposal);
  EXPECT_EQ(fed_.NodesThatLogged(job, "proposal.own_vote", 1), std::set<std::string>{"rw"});
  training_.Open();
  const rpc::JobView end = fed_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  EXPECT_EQ(end.history[0].survivors, 2U);
}

// Enough have approved, and the job waits for the node of one who has not yet.
TEST_F(GovernedTest, AVoteThatComesLateLetsItsNodeIn) {
  Append(charter_entry_);
  const std::string plan = JobText({.rounds = 1, .max_wait = "20s"});
  const Envelope proposal = Proposal(plan, kMembers);
  Append(proposal, plan);
  for (const std::string id : {"be", "ke"}) Append(Vote(proposal, id));
  const rpc::JobView job = Begun(proposal);
  EXPECT_EQ(fed_.NodesThatLogged(job, "proposal.own_vote", 1), std::set<std::string>{"rw"});
  Append(Vote(proposal, "rw"));
  const rpc::JobView end = fed_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  ASSERT_FALSE(end.history.empty());
  EXPECT_TRUE(end.history[0].committed) << "not after a try that waited in vain";
  EXPECT_EQ(end.history[0].survivors, 3U);
}

// 21
TEST_F(GovernedTest, ACertificateThatWasNotDecidedOnIsNotTrainedOn) {
  Append(charter_entry_);
  const std::string plan = JobText({.rounds = 1, .min_nodes = 2, .min_survivors = 2});
  const Envelope proposal = Proposal(plan, kMembers);
  Certify("rw", "2");
  WritePolicy("rw");
  training_.Close();
  Append(proposal, plan);
  for (const std::string& id : kMembers) Append(Vote(proposal, id));
  const rpc::JobView job = Begun(proposal);
  EXPECT_EQ(fed_.NodesThatLogged(job, "dataset.not_named", 1), std::set<std::string>{"rw"});
  training_.Open();
  const rpc::JobView end = fed_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  EXPECT_EQ(end.history[0].survivors, 2U);
}

TEST_F(GovernedTest, AJobWaitsForAPersonWhereThePolicySaysSo) {
  Append(charter_entry_);
  WritePolicy("rw", /*require_approval=*/true);
  const std::string plan = JobText({.rounds = 2});
  const Envelope proposal = Decided(plan);
  const rpc::JobView job = Begun(proposal);
  EXPECT_EQ(fed_.NodesThatLogged(job, "policy.awaits_approval", 1), std::set<std::string>{"rw"});
  EXPECT_EQ(fed_.client().GetJob(proposal.Id().Hex())->rounds_done, 0U) << "three are needed";
  Say(*nodes_[2], true);
  const rpc::JobView end = fed_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  EXPECT_EQ(end.history[0].survivors, 3U);
}

// What the node was shown when the job was offered has become too old meanwhile.
TEST_F(GovernedTest, TheLogMayGrowWhileAJobWaitsForAPerson) {
  Append(charter_entry_);
  WritePolicy("rw", /*require_approval=*/true);
  const std::string plan = JobText({.rounds = 1, .max_wait = "20s"});
  const Envelope proposal = Decided(plan);
  const rpc::JobView job = Begun(proposal);
  EXPECT_EQ(fed_.NodesThatLogged(job, "policy.awaits_approval", 1), std::set<std::string>{"rw"});
  const std::string another = JobText({.name = "another"});
  Append(Proposal(another, kMembers), another);
  Until([&] { return Published().size == 6; });
  Say(*nodes_[2], true);
  const rpc::JobView end = fed_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  ASSERT_FALSE(end.history.empty());
  EXPECT_TRUE(end.history[0].committed) << "not after a try that waited in vain";
  EXPECT_EQ(end.history[0].survivors, 3U);
}

TEST_F(GovernedTest, ARejectionEndsAJobThatRuns) {
  Append(charter_entry_);
  training_.Close();
  const std::string plan = JobText({.rounds = 2});
  const Envelope proposal = Decided(plan);
  const rpc::JobView job = Begun(proposal);
  fed_.WaitFor(job, [](const rpc::JobView& view) {
    return view.current && view.current->phase == round::Phase::kTrain;
  });
  Append(Vote(proposal, "rw", false));
  EXPECT_EQ(fed_.WaitForEnd(job).state, job::Phase::kCancelled);
  bool told = false;
  const Status read = fed_.client().JobLogs(job.id.Hex(), false, [&](const rpc::LogLineView& line) {
    told |= line.text == "by its members: rejected by rw";
    return true;
  });
  EXPECT_TRUE(read.ok() && told);
}

TEST_F(GovernedTest, APersonMayDenyAJob) {
  Append(charter_entry_);
  WritePolicy("rw", /*require_approval=*/true);
  const std::string plan = JobText({.rounds = 2});
  const Envelope proposal = Decided(plan);
  const rpc::JobView job = Begun(proposal);
  EXPECT_EQ(fed_.NodesThatLogged(job, "policy.awaits_approval", 1), std::set<std::string>{"rw"});
  Say(*nodes_[2], false);
  EXPECT_EQ(fed_.NodesThatLogged(job, "policy.denied", 1), std::set<std::string>{"rw"});
}

// 20
TEST_F(GovernedTest, WhatAJobTookIsInTheLedgerOfEachNode) {
  Append(charter_entry_);
  const std::string plan = JobText({.rounds = 2});
  const Envelope proposal = Decided(plan);
  EXPECT_EQ(fed_.WaitForEnd(Begun(proposal)).state, job::Phase::kFinished);
  for (const TestNode* node : nodes_) {
    std::vector<charter::BudgetEntry> ledger;
    Until([&] {
      auto read = node::BudgetLedger::Read(node->config.node.state);
      if (read.ok()) ledger = *std::move(read);
      return !ledger.empty() && !ledger[0].open;
    });
    ASSERT_EQ(ledger.size(), 1U);
    EXPECT_EQ(ledger[0].job, proposal.Id());
    EXPECT_EQ(ledger[0].rule, "all");
    EXPECT_EQ(ledger[0].certificates, std::vector{CertOf(node->name)});
    EXPECT_EQ(ledger[0].wall_ms, 3'600'000U);
    EXPECT_GT(ledger[0].Wall(), 0U) << "two rounds of training";
    EXPECT_LT(ledger[0].Wall(), 3'600'000U) << "the rest is free again";
  }
}

TEST_F(GovernedTest, ALogAndWhatItDecidedOutliveRestarts) {
  Append(charter_entry_);
  Until([&] { return Published().size == 1; });
  fed_.StopCoordinator();
  fed_.StartCoordinator();
  fed_.RestartNodes();
  const std::string plan = JobText({.rounds = 1});
  const Envelope proposal = Proposal(plan, kMembers);
  EXPECT_EQ(Append(proposal, plan).index, 1U);
  for (const std::string& id : kMembers) Append(Vote(proposal, id));
  const rpc::JobView job = Begun(proposal);
  EXPECT_EQ(fed_.WaitForEnd(job).state, job::Phase::kFinished);
}

TEST_F(GovernedTest, ACoordinatorThatComesBackLogsEachRoundOnce) {
  Append(charter_entry_);
  const std::string plan = JobText({.rounds = 8});
  const Envelope proposal = Decided(plan);
  const std::string ref = Begun(proposal).id.Hex();
  for (const std::size_t rounds : {1U, 3U, 5U}) {
    Until([&] {
      const auto job = fed_.client().GetJob(ref);
      return job.ok() && job->history.size() >= rounds;
    });
    fed_.StopCoordinator();
    fed_.StartCoordinator();
  }
  const rpc::JobView end = fed_.WaitForEnd(Begun(proposal));
  ASSERT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  Until([&] { return Published().size == 13; });
  EXPECT_EQ(ReadLog().matters().at(proposal.Id()).commits.size(), 8U);
}

TEST_F(GovernedTest, RoundsOfGroupsAreLoggedWithAllOfThem) {
  Append(charter_entry_);
  const std::string plan = JobText({.rounds = 2, .min_nodes = 1, .min_survivors = 1}) +
                           "[groups]\nmin_groups = 2\n[groups.a]\nnodes = [\"be.fed.example/be\", "
                           "\"ke.fed.example/ke\"]\n[groups.b]\nnodes = [\"rw.fed.example/rw\"]\n";
  const Envelope proposal = Decided(plan);
  const rpc::JobView end = fed_.WaitForEnd(Begun(proposal));
  ASSERT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  Until([&] { return Published().size == 7; });
  const charter::Record record = ReadLog();
  const std::vector<charter::LoggedCommit>& rounds = record.matters().at(proposal.Id()).commits;
  ASSERT_EQ(rounds.size(), 2U);
  EXPECT_EQ(rounds[1].commit.model_out, end.model_hash);
  for (const charter::LoggedCommit& one : rounds) EXPECT_GE(one.commit.cohort.size(), 2U) << "of both groups";
  const Bytes served = Resource("receipts/" + proposal.Id().Hex() + "/2");
  EXPECT_EQ(std::count(served.begin(), served.end(), '\n'), std::ssize(rounds[1].commit.cohort));
}

// What fsck says of the log, whole and with one byte of a file another.
TEST_F(GovernedTest, DamageOfTheLogIsFoundAndNamed) {
  Append(charter_entry_);
  const std::string plan = JobText({.rounds = 1});
  const Envelope proposal = Decided(plan);
  ASSERT_EQ(fed_.WaitForEnd(Begun(proposal)).state, job::Phase::kFinished);
  Until([&] { return Published().size == 6; });
  fed_.StopCoordinator();
  const auto state = fed_.Path("coordinator");
  const auto whole = coordinator::CheckState(state);
  ASSERT_TRUE(whole.ok()) << Describe(whole.status());
  EXPECT_EQ(whole->log_entries, 6U);
  EXPECT_EQ(whole->receipts, 1U);
  EXPECT_TRUE(whole->damage.empty()) << whole->damage[0].place << ": " << whole->damage[0].what;
  const auto damaged = [&](const std::filesystem::path& file) {
    const Bytes good = *ReadFile(file);
    Bytes bad = good;
    bad[bad.size() / 2] ^= 1;
    EXPECT_TRUE(WriteFileAtomic(file, bad, FileMode::kShared).ok());
    const auto found = coordinator::CheckState(state)->damage;
    EXPECT_TRUE(WriteFileAtomic(file, good, FileMode::kShared).ok());
    return found.empty() ? std::string("nothing") : found[0].place;
  };
  const auto receipts = state / "receipts" / proposal.Id().Hex() / "1.0";
  const auto job_file = state / "plans" / crypto::Sha256::Of(plan).Hex();
  EXPECT_EQ(damaged(receipts), receipts.string());
  EXPECT_EQ(damaged(job_file), job_file.string());
  EXPECT_EQ(damaged(state / "log/tile/0/000.p/6"), (state / "log/tile/0/000.p/6").string());
  EXPECT_EQ(damaged(state / "log/checkpoint.pending"), (state / "log").string());
  EXPECT_EQ(damaged(state / "log/tile/entries/000.p/6"), (state / "log/tile/0/000.p/6").string());
  std::filesystem::remove_all(state / "log");
  EXPECT_EQ(coordinator::CheckState(state)->damage[0].place, (state / "log").string());
}

// Of the federation's own members, and nobody else: the first charter names this log.
TEST_F(GovernedTest, TheLogTakesOnlyWhatSaysSomething) {
  charter::Charter foreign = charter_;
  foreign.log = ledger::LogKey(foreign.log_origin, charter::KeyOf("another log").PublicKey());
  EXPECT_EQ(Refusal(charter::Signed(foreign, kMembers)), "charter.log");
  EXPECT_EQ(Refusal(charter::Signed(charter_, {"be"})), "charter.signatures");
  EXPECT_EQ(Refusal(Proposal("plan", kMembers), "plan"), "charter.missing");
  Append(charter_entry_);
  EXPECT_EQ(Refusal(Proposal("plan", kMembers), "plan"), "job.invalid") << "no job file";
  EXPECT_EQ(RefusalOf(""), "ledger.malformed");
  EXPECT_EQ(RefusalOf("{"), "ledger.malformed");
  const std::string entry = ledger::EncodeEnvelope(Proposal("plan", kMembers));
  EXPECT_EQ(RefusalOf(entry + " "), "proposal.plan") << "spaces are no fault, a missing job file is";
  EXPECT_EQ(RefusalOf("{\"payload\":\"\"," + entry.substr(1)), "ledger.malformed") << "a field twice";
  EXPECT_EQ(RefusalOf("{\"surprise\":1," + entry.substr(1)), "ledger.malformed");
  EXPECT_EQ(RefusalOf(entry + std::string(65'535 - entry.size(), ' ')), "proposal.plan");
  EXPECT_EQ(RefusalOf(entry + std::string(65'536 - entry.size(), ' ')), "rpc.malformed");
  EXPECT_EQ(fed_.client().GetResource("../log.key").status().error(), "log.not_found");
  EXPECT_EQ(fed_.client().GetResource("plan/../../log.key").status().error(), "log.not_found");
}

}  // namespace
}  // namespace accord::testing
