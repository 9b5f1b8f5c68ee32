// What a log says to people.
#include "publish/log_view.h"

#include <gtest/gtest.h>

#include "tests/unit/publish/example_log.h"

namespace accord::publish {
namespace {

struct LogViewTest : ::testing::Test {
  ExampleLog log;
  Digest genesis = log.Begin();

  [[nodiscard]] EntryView Of(std::uint64_t index) const {
    return ViewOf(log.record, index, log.entries[index]);
  }
  [[nodiscard]] std::string Words(std::uint64_t index) const { return Of(index).words; }
};

TEST_F(LogViewTest, SaysWhoDidWhat) {
  const Digest job = log.Propose();
  const auto yes = log.Vote(job, "ke");
  const auto no = log.Vote(job, "rw", false);
  const Digest certificate = log.Certify(dataset::ExampleCertificate(), "ke");
  const auto round = log.Commit(job, 1);
  const auto report = log.Add(
      charter::Signed("application/vnd.accord.contribution-report.v1+json", {'{', '}'}, {"be", "np"}));

  EXPECT_EQ(Words(0), "be, ke, np, pe, rw signed version 1 of the charter of maternal");
  EXPECT_EQ(Words(1), "ke proposed " + Short(job) + ", on data of ke, rw");
  EXPECT_EQ(Words(yes), "ke voted approve on " + Short(job));
  EXPECT_EQ(Words(no), "rw voted reject on " + Short(job));
  EXPECT_EQ(Words(4), "ke certified ke/swahili-news 1.2.0 as " + Short(certificate));
  EXPECT_EQ(Words(round), "round 1 of " + Short(job) + ": 2 took part, 1 dropped; the model is " +
                              Short(crypto::Sha256::Of("model 1")));
  EXPECT_EQ(Words(report).substr(0, 39), "be, np signed a contribution-report, 44");
  for (std::uint64_t i = 0; i < log.entries.size(); ++i) EXPECT_TRUE(Of(i).counts) << i;
  EXPECT_EQ(Of(yes).kind, "vote");
  EXPECT_EQ(Of(yes).signers, std::set<std::string>{"ke"});
}

TEST_F(LogViewTest, WhatNobodySignedWhoMaySayItIsNoise) {
  const Digest job = log.Propose(7, "be");
  const auto forged = log.Vote(job, "ke", true, "be");
  log.Certify(dataset::ExampleCertificate(), "rw");
  const auto text = log.Add(Bytes{'h', 'i'});
  ledger::Envelope strange{std::string(charter::kRoundCommitType), {'{', '}'}, {}};
  Sign(strange, charter::KeyOf("stranger"), "");
  log.Add(strange);
  for (std::uint64_t i = 1; i < log.entries.size(); ++i) EXPECT_FALSE(Of(i).counts) << Words(i);
  EXPECT_EQ(Words(forged).substr(0, 35), "not signed by ke, so it says nothin");
  EXPECT_EQ(Of(text).kind, "noise");
  EXPECT_TRUE(CatalogueOf(log.record, log.entries).empty());
}

TEST_F(LogViewTest, HostileWordsDoNotReachATerminal) {
  const auto hostile =
      log.Add(charter::Signed("application/vnd.accord.\x1b[2J\xe2\x80\xae.v1+json", {'{', '}'}, {"ke"}));
  EXPECT_EQ(Of(hostile).kind, "?[2J?");
}

TEST_F(LogViewTest, AKeyDoesNotSpeakFromWhereItIsRevoked) {
  log.Propose(7, "ke");
  charter::Charter next = log.charter;
  next.revoked = {{std::string(charter::kRevokedGovKey), KeyIdOf(charter::GovVkeyOf("ke")), 3}};
  next.members[1].gov_keys.push_back(
      ledger::LogKey("fed.example/gov/ke2", charter::KeyOf("ke2").PublicKey()));
  log.Amend(next);
  ASSERT_EQ(log.record.chain().size(), 2U);
  log.Certify(dataset::ExampleCertificate(), "ke");
  EXPECT_TRUE(Of(1).counts) << "before it was revoked";
  EXPECT_FALSE(Of(3).counts);
}

TEST_F(LogViewTest, ListsCertificatesAndMarksTheRevoked) {
  const Digest first = log.Certify(dataset::ExampleCertificate(), "ke");
  log.Certify(dataset::ExampleCertificate(), "ke");
  dataset::Certificate other = dataset::ExampleCertificate();
  other.member = "rw";
  log.Certify(other, "rw");
  auto catalogue = CatalogueOf(log.record, log.entries);
  ASSERT_EQ(catalogue.size(), 2U) << "what is logged twice is one certificate";
  EXPECT_EQ(catalogue[0].id, first);
  EXPECT_EQ(catalogue[0].index, 1U);
  EXPECT_FALSE(catalogue[0].revoked);
  charter::Charter next = log.charter;
  next.revoked = {{std::string(charter::kRevokedCert), first.Hex(), 5}};
  log.Amend(next);
  EXPECT_TRUE(CatalogueOf(log.record, log.entries)[0].revoked);
  EXPECT_FALSE(CatalogueOf(log.record, log.entries)[1].revoked);
}

TEST_F(LogViewTest, ARoundOutOfTurnIsNoise) {
  const Digest job = log.Propose();
  const auto early = log.Commit(job, 2), first = log.Commit(job, 1), second = log.Commit(job, 2);
  EXPECT_FALSE(Of(early).counts);
  EXPECT_EQ(Words(early).substr(0, 41), "not signed by the log, or out of turn: ro");
  EXPECT_TRUE(Of(first).counts && Of(second).counts);
}

TEST_F(LogViewTest, ReadsTheJobsOfProposals) {
  const Digest plan = crypto::Sha256::Of(kExamplePlan), none = crypto::Sha256::Of("plan");
  const Jobs jobs =
      JobsOf({{plan, {kExamplePlan.begin(), kExamplePlan.end()}}, {none, {'p', 'l', 'a', 'n'}}});
  ASSERT_EQ(jobs.size(), 1U) << "what cannot be read has no name";
  charter::Proposal proposal{.plan = plan};
  ASSERT_NE(JobOf(jobs, proposal), nullptr);
  EXPECT_EQ(JobOf(jobs, proposal)->name, "digits");
  proposal.plan = none;
  EXPECT_EQ(JobOf(jobs, proposal), nullptr);
}

TEST_F(LogViewTest, ListsReleasesThatMembersSigned) {
  log.Add(charter::Signed(kReleaseType, {'{', '}'}, {"ke"}));
  ledger::Envelope strange{std::string(kReleaseType), {'{', '}'}, {}};
  Sign(strange, charter::KeyOf("stranger"), "");
  log.Add(strange);
  ASSERT_EQ(ReleasesOf(log.record, log.entries).size(), 1U);
  EXPECT_EQ(ReleasesOf(log.record, log.entries)[0].signers, std::set<std::string>{"ke"});
}

}  // namespace
}  // namespace accord::publish
