// Budgets of privacy and compute over all jobs of a lab (governance.md 4, test 20).
#include "charter/budget.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/errors.h"
#include "crypto/sha256.h"

namespace accord::charter {
namespace {

constexpr std::uint64_t kMostMilli = std::numeric_limits<std::uint64_t>::max();
const Digest kCertified = crypto::Sha256::Of("data"), kOtherData = crypto::Sha256::Of("other data");

BudgetEntry Reserved(const std::string& name, std::uint64_t epsilon_milli, std::uint64_t wall_s = 0) {
  return {.job = crypto::Sha256::Of(name),
          .rule = "health",
          .certificates = {kCertified},
          .epsilon_milli = epsilon_milli,
          .wall_ms = wall_s * 1'000};
}
BudgetCeilings CeilingsOf(std::uint64_t epsilon_milli, std::optional<std::uint64_t> wall_s = {}) {
  return {.epsilon_milli = {{kCertified, epsilon_milli}, {kOtherData, epsilon_milli}},
          .wall_ms = wall_s ? std::optional(*wall_s * 1'000) : std::nullopt};
}
std::string BudgetRefusal(const std::vector<BudgetEntry>& ledger, const BudgetEntry& asked,
                          const BudgetCeilings& ceilings) {
  return std::string(Grant(ledger, asked, ceilings).status().error());
}

TEST(BudgetTest, TwoJobsCannotHaveMoreThanTheCeiling) {
  const BudgetEntry first = *Grant({}, Reserved("a", 2'000), CeilingsOf(3'000));
  EXPECT_EQ(BudgetRefusal({first}, Reserved("b", 1'001), CeilingsOf(3'000)), "policy.budget");
  EXPECT_TRUE(Grant(std::vector{first}, Reserved("b", 1'000), CeilingsOf(3'000)).ok());
  EXPECT_EQ(BudgetRefusal({}, Reserved("b", 3'001), CeilingsOf(3'000)), "policy.budget");
}

TEST(BudgetTest, EachCertificateHasABudgetOfItsOwn) {
  const BudgetEntry first = Reserved("a", 2'000);
  BudgetEntry second = Reserved("b", 2'000);
  second.certificates = {kOtherData};
  EXPECT_TRUE(Grant(std::vector{first}, second, CeilingsOf(3'000)).ok());
  second.certificates = {kOtherData, kCertified};
  EXPECT_EQ(BudgetRefusal({first}, second, CeilingsOf(3'000)), "policy.budget");
}

TEST(BudgetTest, ACertificateWithoutACeilingHasNoBudget) {
  EXPECT_EQ(BudgetRefusal({}, Reserved("a", 1), {}), "policy.budget");
  EXPECT_TRUE(Grant({}, Reserved("a", 0), {}).ok()) << "a job without differential privacy asks for none";
}

TEST(BudgetTest, AskingTwiceIsAskingOnce) {
  const BudgetEntry first = *Grant({}, Reserved("a", 3'000, 60), CeilingsOf(3'000, 60));
  const auto again = Grant(std::vector{first}, Reserved("a", 3'000, 60), CeilingsOf(3'000, 60));
  ASSERT_TRUE(again.ok()) << Describe(again.status());
  EXPECT_EQ(*again, first);
}

TEST(BudgetTest, AnEndedJobCountsWithWhatItSpent) {
  BudgetEntry first = Reserved("a", 2'000, 60);
  first.epsilon_spent_milli = 500;
  first.wall_spent_ms = 10'000;
  EXPECT_EQ(first.Epsilon(), 2'000U);
  EXPECT_EQ(first.Wall(), 60'000U);
  first.open = false;
  EXPECT_EQ(first.Epsilon(), 500U);
  EXPECT_EQ(first.Wall(), 10'000U);
  EXPECT_TRUE(Grant(std::vector{first}, Reserved("b", 2'500, 50), CeilingsOf(3'000, 60)).ok());
  EXPECT_EQ(BudgetRefusal({first}, Reserved("b", 2'501, 50), CeilingsOf(3'000, 60)), "policy.budget");
  EXPECT_EQ(BudgetRefusal({first}, Reserved("b", 2'500, 51), CeilingsOf(3'000, 60)), "policy.budget");
}

TEST(BudgetTest, WhatWasSpentStaysSpentWhenTheJobIsTakenUpAgain) {
  BudgetEntry first = Reserved("a", 1'000, 10);
  first.open = false;
  first.epsilon_spent_milli = 1'500;  // an older plan of it, or a clock that ran on
  first.wall_spent_ms = 12'000;
  const auto again = Grant(std::vector{first}, Reserved("a", 1'000, 10), CeilingsOf(3'000, 60));
  ASSERT_TRUE(again.ok()) << Describe(again.status());
  EXPECT_TRUE(again->open);
  EXPECT_EQ(again->Epsilon(), 1'500U);
  EXPECT_EQ(again->Wall(), 12'000U);
  EXPECT_EQ(BudgetRefusal({first}, Reserved("a", 1'000, 10), CeilingsOf(1'499, 60)), "policy.budget");
}

TEST(BudgetTest, ComputeIsCountedByRule) {
  const BudgetEntry first = Reserved("a", 0, 3'600);
  EXPECT_EQ(BudgetRefusal({first}, Reserved("b", 0, 1), CeilingsOf(0, 3'600)), "policy.budget");
  EXPECT_TRUE(Grant(std::vector{first}, Reserved("b", 0, 1), CeilingsOf(0)).ok());
  BudgetEntry other = Reserved("b", 0, 3'600);
  other.rule = "speech";
  EXPECT_TRUE(Grant(std::vector{first}, other, CeilingsOf(0, 3'600)).ok());
}

TEST(BudgetTest, SumsDoNotWrapAround) {
  EXPECT_EQ(BudgetRefusal({Reserved("a", kMostMilli - 1)}, Reserved("b", 2), CeilingsOf(kMostMilli - 1)),
            "policy.budget");
  EXPECT_EQ(EpsilonOf(std::vector{Reserved("a", kMostMilli), Reserved("b", kMostMilli)}, kCertified, {}),
            kMostMilli);
  BudgetEntry long_job = Reserved("a", 0);
  long_job.wall_ms = kMostMilli;
  EXPECT_EQ(BudgetRefusal({long_job}, Reserved("b", 0, 1), CeilingsOf(0, 5)), "policy.budget");
}

TEST(BudgetTest, ThousandthsNeverFavourWhoAsks) {
  EXPECT_EQ(MilliAsked(1.001), 1'001U);
  EXPECT_EQ(MilliAllowed(1.001), 1'001U);
  EXPECT_EQ(MilliAsked(0.00001), 1U);
  EXPECT_EQ(MilliAllowed(0.00099), 0U);
  EXPECT_EQ(MilliAsked(2.0005), 2'001U);
  EXPECT_EQ(MilliAllowed(2.0005), 2'000U);
  EXPECT_EQ(MilliAsked(-1.0), 0U);
  EXPECT_EQ(MilliAsked(std::numeric_limits<double>::infinity()), kMostMilli);
  EXPECT_EQ(MilliAllowed(1e300), kMostMilli);
  EXPECT_EQ(MilliAsked(std::nan("")), kMostMilli);
  EXPECT_EQ(MilliAllowed(std::nan("")), 0U);
  for (std::uint64_t milli = 1; milli < 20'000; ++milli) {
    const double epsilon = static_cast<double>(milli) / 1'000.0;
    ASSERT_EQ(MilliAsked(epsilon), milli);
    ASSERT_EQ(MilliAllowed(epsilon), milli);
  }
}

TEST(BudgetTest, ARefusalNamesTheFigures) {
  const std::string why =
      Grant(std::vector{Reserved("a", 2'050)}, Reserved("b", 1'000), CeilingsOf(3'000)).status().message();
  EXPECT_NE(why.find("epsilon 1.000"), std::string::npos) << why;
  EXPECT_NE(why.find("2.050 of 3.000"), std::string::npos) << why;
}

}  // namespace
}  // namespace accord::charter
