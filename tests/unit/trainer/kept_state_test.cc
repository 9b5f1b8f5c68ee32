#include "trainer/kept_state.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace accord::trainer {
namespace {

class KeptStateTest : public ::testing::Test {
 protected:
  KeptState Make(std::uint32_t plan = 7, const std::string& name = "optimizer") {
    return {{directory_ / "state", name, plan}, {vector_}};
  }
  void Keep(std::uint64_t round, float value) {
    vector_.fill_(value);
    EXPECT_TRUE(Make().Save(round, round * 10).ok());
  }
  // What a round begins with: steps and the first value of the vector.
  std::pair<std::uint64_t, float> Load(std::uint64_t round, std::uint32_t plan = 7) {
    vector_.fill_(-1.0F);
    const auto steps = Make(plan).Load(round);
    EXPECT_TRUE(steps.ok()) << Describe(steps.status());
    return {steps.ok() ? *steps : 0, vector_[0].item<float>()};
  }
  std::pair<std::uint64_t, float> Nothing() const { return {0, -1.0F}; }

  accord::testing::TempDir directory_;
  at::Tensor vector_ = at::zeros({3});
};

TEST_F(KeptStateTest, BeginsWithNothing) { EXPECT_EQ(Load(1), Nothing()); }

TEST_F(KeptStateTest, TakesTheGreatestRoundBelow) {
  Keep(9, 9.0F);
  EXPECT_EQ(Load(9), Nothing());
  EXPECT_EQ(Load(10), (std::pair<std::uint64_t, float>{90, 9.0F}));
  EXPECT_EQ(Load(12), (std::pair<std::uint64_t, float>{90, 9.0F}));
}

TEST_F(KeptStateTest, NumbersAreNotNames) {
  KeptState kept = Make();
  vector_.fill_(9.0F);
  EXPECT_TRUE(kept.Save(9, 1).ok());
  KeptState next = Make();
  EXPECT_EQ(*next.Load(10), 1U);
  EXPECT_TRUE(next.Save(10, 2).ok());
  EXPECT_EQ(Load(11).first, 2U);
  EXPECT_EQ(Load(10).first, 1U);
}

TEST_F(KeptStateTest, ForgetsAllButWhatARepeatNeeds) {
  Keep(1, 1.0F);
  for (std::uint64_t round = 2; round < 5; ++round) {
    KeptState kept = Make();
    (void)kept.Load(round);
    EXPECT_TRUE(kept.Save(round, round).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ / "state/optimizer-2.state"));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "state/optimizer-3.state"));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "state/optimizer-4.state"));
}

TEST_F(KeptStateTest, ForgetsRoundsOfAHistoryThatIsNoMore) {
  Keep(9, 9.0F);
  Keep(5, 5.0F);  // the job was restored to round 4
  EXPECT_EQ(Load(10).second, 5.0F);
}

TEST_F(KeptStateTest, RefusesDamageAndOtherPlans) {
  Keep(1, 1.0F);
  vector_.fill_(-1.0F);
  EXPECT_EQ(Make(8).Load(2).status().error(), errors::kStoreCorrupt.id);
  std::ofstream(directory_ / "state/optimizer-1.state", std::ios::app) << "x";
  EXPECT_FALSE(Make().Load(2).ok());
  EXPECT_EQ(vector_[0].item<float>(), -1.0F);
}

TEST_F(KeptStateTest, WithoutADirectoryNothingIsKept) {
  KeptState kept({{}, "optimizer", 7}, {vector_});
  EXPECT_TRUE(kept.Save(1, 1).ok());
  EXPECT_EQ(*kept.Load(2), 0U);
}

TEST_F(KeptStateTest, StatesOfOtherNamesAreLeftAlone) {
  Keep(3, 3.0F);
  vector_.fill_(5.0F);
  KeptState other = Make(7, "personal");
  EXPECT_TRUE(other.Save(4, 1).ok());
  EXPECT_EQ(Load(9).second, 3.0F);
  EXPECT_EQ(*other.Load(9), 1U);
  EXPECT_EQ(vector_[0].item<float>(), 5.0F);
}

TEST_F(KeptStateTest, SaysWhenItCannotBeKept) {
  std::ofstream(directory_ / "state") << "a file where the directory should be";
  EXPECT_EQ(Make().Save(1, 1).error(), "store.io");
}

}  // namespace
}  // namespace accord::trainer
