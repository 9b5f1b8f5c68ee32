// What a node makes of a job that members decided on: the certificate of its own data, the lab's policy, its
// budgets (governance.md 4, tests 20 and 21).
#include "node/consideration.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/errors.h"
#include "base/file.h"
#include "config/job_file.h"
#include "crypto/sha256.h"
#include "tests/unit/node/governed_lab.h"

namespace accord::node {
namespace {

using charter::kDay;
using charter::kNow;

struct ConsiderationTest : ::testing::Test, GovernedLab {
  std::vector<charter::BudgetEntry> ledger;

  Consideration Considered(charter::UnixSeconds now = kNow) {
    WritePolicy();
    return ConsideredAsItIs(now);
  }
  Consideration ConsideredAsItIs(charter::UnixSeconds now = kNow) {
    const rpc::Prepare message = Offered();
    const auto spec = config::ParseJob(plan, "job");
    EXPECT_TRUE(spec.ok()) << Describe(spec.status());
    return Consider(message, *spec,
                    {.config = config, .pinned = pinned, .ledger = ledger, .running = 0, .now = now});
  }
  std::string Error(charter::UnixSeconds now = kNow) { return std::string(Considered(now).status.error()); }
};

TEST_F(ConsiderationTest, WhatIsInOrderIsTaken) {
  const Consideration all = Considered();
  ASSERT_TRUE(all.status.ok()) << Describe(all.status);
  EXPECT_EQ(all.check, 9U);
  EXPECT_EQ(all.certificate->id, listed[0]);
  EXPECT_EQ(all.policy.rule, "all");
  EXPECT_EQ(*all.policy_hash, crypto::Sha256::Of(*ReadFile(config.governance.policy)));
  EXPECT_EQ(all.asked.job, Proposed().Id());
  EXPECT_EQ(all.asked.wall_ms, 3'600'000U);
  EXPECT_EQ(all.asked.certificates, listed);
  EXPECT_EQ(all.asked.epsilon_milli, 0U) << "no plan adds noise";
}

TEST_F(ConsiderationTest, TheDataHaveToBeThoseThatMembersDecidedOn) {
  certificate.version = "2";  // certified anew since
  Certify("d", certificate, "ke");
  const Consideration all = Considered();
  EXPECT_EQ(all.status.error(), "dataset.not_named");
  EXPECT_EQ(all.check, 8U);
  proposal.datasets.push_back({"rw", Certify("d", certificate, "ke")});
  EXPECT_EQ(Error(), "dataset.not_named") << "named, but for another member";
  config.certificates.clear();
  EXPECT_EQ(Error(), "dataset.uncertified");
  config.certificates["d"] = {};
  EXPECT_EQ(Error(), "dataset.uncertified");
}

TEST_F(ConsiderationTest, ACertificateIsTheMembersOwn) {
  proposal.datasets[1].certificate = Certify("d", certificate, "rw");
  EXPECT_EQ(Error(), "dataset.signature");
  certificate.member = "rw";
  proposal.datasets[1].certificate = Certify("d", certificate, "rw");
  EXPECT_EQ(Error(), "dataset.signature");
}

TEST_F(ConsiderationTest, ACertificateOutOfDateIsNone) {
  certificate.not_after = kNow;
  proposal.datasets[1].certificate = Certify("d", certificate, "ke");
  EXPECT_EQ(Error(), "dataset.expired");
}

TEST_F(ConsiderationTest, ANewerCertificateTakesItsPlace) {
  dataset::Certificate newer = certificate;
  newer.version = "2";
  newer.supersedes = listed[0];
  Certify("e", newer, "rw");
  EXPECT_EQ(Error(), "") << "who is no authority on it supersedes nothing";
  Certify("e", newer, "ke");
  EXPECT_EQ(Error(), "dataset.superseded");
}

TEST_F(ConsiderationTest, TheCharterRevokesCertificatesAndKeys) {
  const auto with = [&](std::string_view kind, const std::string& id, std::uint64_t from) {
    charter.revoked = {{std::string(kind), id, from}};
    charters = {charter::Signed(charter, All(charter))};
    proposal.charter = charters[0].Id();
    pinned = {.genesis = proposal.charter, .member = "ke"};
    config.governance.genesis = proposal.charter.Hex();
    log = {};
    return Error();
  };
  EXPECT_EQ(with(charter::kRevokedCert, listed[0].Hex(), 0), "dataset.revoked");
  EXPECT_EQ(with(charter::kRevokedCert, listed[0].Hex(), 100), "") << "the log is not there yet";
  EXPECT_EQ(with(charter::kRevokedCert, crypto::Sha256::Of("another").Hex(), 0), "");
  EXPECT_EQ(with(charter::kRevokedNode, listed[0].Hex(), 0), "");
}

TEST_F(ConsiderationTest, WithoutAPolicyNothingIsAllowed) {
  fs::remove(config.governance.policy);
  EXPECT_EQ(ConsideredAsItIs().status.error(), "store.io");
  rule_more = "unknown = 1\n";
  EXPECT_EQ(Error(), "policy.invalid");
  rule_more.clear();
  listed = {crypto::Sha256::Of("another")};
  const Consideration denied = Considered();
  EXPECT_EQ(denied.status.error(), "policy.denied");
  EXPECT_EQ(denied.check, 8U);
  EXPECT_EQ(denied.policy.rules.at(0).second, "datasets");
}

TEST_F(ConsiderationTest, TheLowestCeilingOnPrivacyHolds) {
  EXPECT_EQ(Considered().ceilings.epsilon_milli, (std::map<Digest, std::uint64_t>{{listed[0], 1'000}}));
  certificate.epsilon_budget_milli = 400;
  listed = {proposal.datasets[1].certificate = Certify("d", certificate, "ke")};
  EXPECT_EQ(Considered().ceilings.epsilon_milli.at(listed[0]), 400U);
  limits = "max_epsilon_total = 0.25\n";
  EXPECT_EQ(Considered().ceilings.epsilon_milli.at(listed[0]), 250U);
}

TEST_F(ConsiderationTest, ComputeThatIsPromisedIsNotThere) {
  rule_more = "max_wall_s_total = 5000\n";
  EXPECT_EQ(Error(), "");
  ledger = {{.job = crypto::Sha256::Of("another"), .rule = "all", .wall_ms = 1'400'000}};
  EXPECT_EQ(Error(), "");
  ledger[0].wall_ms = 1'400'001;
  const Consideration all = Considered();
  EXPECT_EQ(all.status.error(), "policy.budget");
  EXPECT_EQ(all.check, 9U);
  ledger[0].open = false;
  EXPECT_EQ(Error(), "") << "it has ended, and spent nothing";
}

TEST_F(ConsiderationTest, WhatMembersDecidedComesFirst) {
  approve = {"be", "np", "rw", "pe"};
  EXPECT_EQ(Considered().check, 6U);
  approve = {"be", "ke"};
  EXPECT_EQ(Considered().check, 4U);
  EXPECT_FALSE(Considered().certificate);
}

}  // namespace
}  // namespace accord::node
