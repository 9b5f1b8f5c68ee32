// A member's CA in the wrong hands, or a broken script of its own: ever new nodes, and ever new keys of one.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/errors.h"
#include "tests/integration/identity/two_members.h"

namespace accord::coordinator::testing {
namespace {

using std::chrono::minutes;

constexpr TimePoint kNoon{std::chrono::hours(400'000)};

TEST(IntroductionLimitTest, CountsTheChangesOfEachMembersHour) {
  IntroductionLimit limit({.nodes = 10, .changes = 2});
  EXPECT_TRUE(limit.Take("ke.example", 1, kNoon).ok());
  EXPECT_TRUE(limit.Take("ke.example", 1, kNoon + minutes(30)).ok());
  const Status refused = limit.Take("ke.example", 1, kNoon + minutes(59));
  EXPECT_EQ(refused.error(), errors::kRegistryCrowded.id);
  EXPECT_NE(refused.message().find("ke.example"), std::string::npos);
  EXPECT_TRUE(limit.Take("rw.example", 1, kNoon + minutes(59)).ok()) << "another's hour";
  EXPECT_TRUE(limit.Take("ke.example", 1, kNoon + minutes(60)).ok()) << "the next hour";
  EXPECT_TRUE(limit.Take("ke.example", 1, kNoon + minutes(60)).ok());
  EXPECT_FALSE(limit.Take("ke.example", 1, kNoon + minutes(60)).ok());
  EXPECT_TRUE(limit.Take("ke.example", 1, kNoon - minutes(1)).ok())
      << "a clock that was set back locks nobody out";
}

TEST(IntroductionLimitTest, TooManyNodesTakeNothingOfTheHour) {
  IntroductionLimit limit({.nodes = 2, .changes = 1});
  EXPECT_EQ(limit.Take("ke.example", 3, kNoon).error(), errors::kRegistryCrowded.id);
  EXPECT_TRUE(limit.Take("ke.example", 2, kNoon).ok());
}

class CrowdedTest : public TwoMembersTest {
 protected:
  CrowdedTest() : TwoMembersTest({.nodes = 3, .changes = 4}) {}
  std::string Error(const MemberCa& ca, const std::string& name, std::uint64_t ends = kEnds) {
    return Introduce(ca.Vouch(name, &ca == &ke_ ? "ke" : "rw", Key(), ends), ca);
  }
};

TEST_F(CrowdedTest, AMemberHasSoManyNodesAndTheOthersTheirs) {
  for (const char* name : {"n1", "n2", "n3"}) ASSERT_EQ(Error(ke_, name), "") << name;
  EXPECT_EQ(Error(ke_, "n4"), errors::kRegistryCrowded.id);
  EXPECT_EQ(Error(rw_, "n4"), "");
  EXPECT_EQ(Registry().entries.size(), 4U);
  EXPECT_EQ(Error(ke_, "n3", kEnds + 1), "") << "one that is here comes with a new key";
}

TEST_F(CrowdedTest, EverNewKeysMakeNoMoreVersionsThanTheHourHas) {
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_EQ(Error(ke_, "n1", kEnds + i), "");
  const std::uint64_t version = Registry().version;
  EXPECT_EQ(Error(ke_, "n1", kEnds + 4), errors::kRegistryCrowded.id);
  EXPECT_EQ(Registry().version, version);
  EXPECT_EQ(coordinator_.Tokens(), 0);
  coordinator_.clock.now += minutes(60);
  EXPECT_EQ(Error(ke_, "n1", kEnds + 4), "");
}

// Said again at every connection, a reconnecting fleet must not lock itself out.
TEST_F(CrowdedTest, WhatIsKnownIsNoChange) {
  const auto known = ke_.Vouch("n1", "ke", Key(), kEnds);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(Introduce(known, ke_), "") << i;
  EXPECT_EQ(Error(ke_, "n2"), "");
}

}  // namespace
}  // namespace accord::coordinator::testing
