// Scores out of what a judge kept and of what the log says of the rounds.
#include "cli/scores.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/sha256.h"
#include "crypto/spiffe.h"
#include "update/groups.h"

namespace accord::cli {
namespace {

const std::map<std::string, double> kWorth{{"a", 0.3}, {"b", 0.1}, {"c", -0.4},
                                           {"d", 0.2}, {"e", 0.0}, {"f", 0.25}};

std::string NodeNamed(const std::string& name) { return "spiffe://fed.example/node/" + name; }

// Rounds in which each update was worth the same, whatever it came with.
struct ScoresTest : ::testing::Test {
  JobSpec plan;
  charter::GroupDraw draw{crypto::Sha256::Of("job"), {}};
  std::vector<charter::LoggedCommit> commits;
  charter::JudgedRounds judged{draw.job, {}};

  ScoresTest() {
    plan.groups.nodes = {{"east", {"a", "b", "c"}}, {"west", {"d", "e", "f"}}};
    draw.nonces.resize(1);
    for (std::uint64_t round = 1; round <= 30; ++round) Play(round, {"a", "b", "c", "d", "e", "f"});
  }
  void Play(std::uint64_t round, const std::vector<std::string>& present) {
    const Digest seed = draw.SeedOf(round);
    charter::RoundCommit commit{.job = draw.job, .round = round, .group_seed = seed};
    std::vector<double> values(2);
    const update::Partition dealt = update::Reshuffled(*update::PartitionOf(plan, "fed.example"), seed);
    for (const std::string& name : present) {
      commit.cohort.push_back(NodeNamed(name));
      values[*update::GroupOf(dealt, crypto::SpiffeId::Parse(NodeNamed(name))->ToNodeId())] +=
          kWorth.at(name);
    }
    std::erase_if(commits, [&](const auto& one) { return one.commit.round == round; });
    commits.push_back({round, commit});
    Put(judged,
        {.round = round, .groups = {0, 1}, .fell = {0.0, values[0], values[1], values[0] + values[1]}});
  }
  [[nodiscard]] std::string Error() const {
    return std::string(ScoresOf({plan, draw, commits, "fed.example"}, judged).status().error());
  }
};

TEST_F(ScoresTest, TellNodesApart) {
  const auto scores = ScoresOf({plan, draw, commits, "fed.example"}, judged);
  ASSERT_TRUE(scores.ok()) << scores.status().message();
  ASSERT_EQ(scores->size(), 6U);
  for (const auto& [name, worth] : kWorth) EXPECT_NEAR(scores->at(NodeNamed(name)), worth, 1e-3) << name;
}

TEST_F(ScoresTest, CountARoundForThoseWhoseUpdatesAreInIt) {
  Play(30, {"a", "c", "d", "e", "f"});  // b's came too late
  const auto scores = ScoresOf({plan, draw, commits, "fed.example"}, judged);
  ASSERT_TRUE(scores.ok()) << scores.status().message();
  for (const auto& [name, worth] : kWorth) EXPECT_NEAR(scores->at(NodeNamed(name)), worth, 1e-3) << name;
}

TEST_F(ScoresTest, AreOfTheGroupsThatTheVotesDeal) {
  commits[3].commit.group_seed = draw.SeedOf(5);
  EXPECT_EQ(Error(), "groups.draw");
  commits[3].commit.group_seed.reset();
  EXPECT_EQ(Error(), "groups.draw");
}

TEST_F(ScoresTest, AreOfRoundsThatTheLogHas) {
  judged.rounds[0].groups = {0};
  judged.rounds[0].fell = {0.0, 1.0};
  EXPECT_EQ(Error(), "store.corrupt") << "made of both groups";
  judged.rounds.erase(judged.rounds.begin());
  EXPECT_EQ(Error(), "");
  commits.pop_back();
  EXPECT_EQ(Error(), "store.corrupt");
  judged.rounds.clear();
  EXPECT_EQ(Error(), "store.corrupt") << "nothing was judged";
}

}  // namespace
}  // namespace accord::cli
