// What a lab has promised and spent outlives its node (governance.md 4, test 20).
#include "node/budget_ledger.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "tests/support/temp_dir.h"

namespace accord::node {
namespace {

using charter::BudgetCeilings;
using charter::BudgetEntry;
using std::chrono::milliseconds;

const Digest kData = crypto::Sha256::Of("data");
const BudgetCeilings kCeilings{.epsilon_milli = {{kData, 3'000}}, .wall_ms = 100'000};

BudgetEntry Job(const std::string& name, std::uint64_t epsilon_milli, std::uint64_t wall_ms = 1'000) {
  return {.job = crypto::Sha256::Of(name),
          .rule = "health",
          .certificates = {kData},
          .epsilon_milli = epsilon_milli,
          .wall_ms = wall_ms};
}

struct BudgetLedgerTest : ::testing::Test {
  accord::testing::TempDir dir;
  std::unique_ptr<BudgetLedger> ledger = *BudgetLedger::Open(dir.path());

  void Restart() {
    ledger = nullptr;
    auto opened = BudgetLedger::Open(dir.path());
    ASSERT_TRUE(opened.ok()) << Describe(opened.status());
    ledger = *std::move(opened);
  }
  std::string Refusal(const BudgetEntry& asked) {
    return std::string(ledger->Reserve(asked, kCeilings).error());
  }
};

TEST_F(BudgetLedgerTest, TwoJobsOverrunTheBudgetAlsoAfterARestart) {
  EXPECT_EQ(Refusal(Job("a", 2'000)), "");
  EXPECT_EQ(Refusal(Job("b", 1'001)), "policy.budget");
  Restart();
  EXPECT_EQ(Refusal(Job("b", 1'001)), "policy.budget");
  EXPECT_EQ(Refusal(Job("a", 2'000)), "") << "it has it already";
  EXPECT_EQ(Refusal(Job("b", 1'000)), "");
  EXPECT_EQ(Refusal(Job("c", 1)), "policy.budget");
  EXPECT_EQ(ledger->Entries()->size(), 2U) << "a refusal leaves nothing";
}

TEST_F(BudgetLedgerTest, WhatAJobDidNotSpendIsFreeAgain) {
  EXPECT_EQ(Refusal(Job("a", 3'000)), "");
  EXPECT_TRUE(ledger->Spend(Job("a", 0).job, 400, milliseconds(30)).ok());
  EXPECT_TRUE(ledger->Spend(Job("a", 0).job, 100, milliseconds(12)).ok());
  Restart();
  EXPECT_EQ(Refusal(Job("b", 1)), "policy.budget");
  EXPECT_TRUE(ledger->Release(Job("a", 0).job).ok());
  EXPECT_TRUE(ledger->Release(Job("a", 0).job).ok()) << "twice is once";
  Restart();
  const auto entries = *ledger->Entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_FALSE(entries[0].open);
  EXPECT_EQ(entries[0].Epsilon(), 500U);
  EXPECT_EQ(entries[0].Wall(), 42U);
  EXPECT_EQ(entries[0].certificates, std::vector{kData});
  EXPECT_EQ(Refusal(Job("b", 2'501)), "policy.budget");
  EXPECT_EQ(Refusal(Job("b", 2'500)), "");
}

TEST_F(BudgetLedgerTest, AJobThatSpentNothingCountsForNothing) {
  EXPECT_EQ(Refusal(Job("a", 3'000)), "");
  EXPECT_TRUE(ledger->Release(Job("a", 0).job).ok());
  EXPECT_EQ(Refusal(Job("b", 3'000)), "");
  EXPECT_TRUE(ledger->Release(Job("never", 0).job).ok());
}

// A training that was stopped says what it took after its job has ended.
TEST_F(BudgetLedgerTest, WhatIsReportedLateIsSpent) {
  EXPECT_EQ(Refusal(Job("a", 0)), "");
  EXPECT_TRUE(ledger->Release(Job("a", 0).job).ok());
  EXPECT_TRUE(ledger->Spend(Job("a", 0).job, 0, milliseconds(7)).ok());
  EXPECT_EQ(ledger->Entries()->at(0).Wall(), 7U);
}

TEST_F(BudgetLedgerTest, AJobTrainsUntilItsTimeIsSpent) {
  const BudgetEntry job = Job("a", 0, 100);
  EXPECT_EQ(ledger->MayTrain(job.job).error(), "policy.budget") << "nothing is reserved";
  EXPECT_EQ(Refusal(job), "");
  EXPECT_TRUE(ledger->Spend(job.job, 0, milliseconds(99)).ok());
  EXPECT_TRUE(ledger->MayTrain(job.job).ok());
  EXPECT_TRUE(ledger->Spend(job.job, 0, milliseconds(1)).ok());
  Restart();
  EXPECT_EQ(ledger->MayTrain(job.job).error(), "policy.budget");
  EXPECT_EQ(Refusal(job), "") << "asking again gives it no more";
  EXPECT_EQ(ledger->MayTrain(job.job).error(), "policy.budget");
  EXPECT_TRUE(ledger->Release(job.job).ok());
  EXPECT_EQ(ledger->MayTrain(job.job).error(), "policy.budget") << "it ended";
}

TEST_F(BudgetLedgerTest, ComputeIsReservedUnderARule) {
  EXPECT_EQ(Refusal(Job("a", 0, 60'000)), "");
  EXPECT_EQ(Refusal(Job("b", 0, 40'001)), "policy.budget");
  EXPECT_EQ(Refusal(Job("b", 0, 40'000)), "");
}

// Of many that ask at once, no more are granted than there is.
TEST_F(BudgetLedgerTest, AReservationIsOneTransaction) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] { (void)ledger->Reserve(Job(std::to_string(i), 1'000, 1), kCeilings); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ledger->Entries()->size(), 3U);
}

TEST_F(BudgetLedgerTest, OthersReadItWhileTheNodeRuns) {
  EXPECT_TRUE(BudgetLedger::Read(dir / "elsewhere")->empty());
  EXPECT_EQ(Refusal(Job("a", 2'000)), "");
  const auto seen = BudgetLedger::Read(dir.path());
  ASSERT_TRUE(seen.ok()) << Describe(seen.status());
  EXPECT_EQ(*seen, *ledger->Entries());
}

}  // namespace
}  // namespace accord::node
