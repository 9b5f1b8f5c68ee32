// What a judge keeps of groups, and what it publishes of nodes.
#include "charter/score_report.h"

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "charter/group_worth.h"
#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

std::string NodeNamed(const std::string& name) { return "spiffe://fed.example/node/" + name; }

ScoreReport ReportOf() {
  return {.job = crypto::Sha256::Of("job"),
          .judge = "ke",
          .rounds = 40,
          .scores = {{NodeNamed("a"), false, 10}, {NodeNamed("b"), true, 3}, {NodeNamed("c"), false, 0}},
          .time = kNow};
}

TEST(ScoreReportTest, ComesBackWhole) {
  const auto parsed = ParseScoreReport(Encode(ReportOf()));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(*parsed, ReportOf());
}

TEST(ScoreReportTest, ContradictsItselfNowhere) {
  const auto malformed = [](const std::function<void(ScoreReport&)>& spoil) {
    ScoreReport report = ReportOf();
    spoil(report);
    return ParseScoreReport(Encode(report)).status().error() == "ledger.malformed";
  };
  EXPECT_TRUE(malformed([](ScoreReport& r) { r.scores.clear(); }));
  EXPECT_TRUE(malformed([](ScoreReport& r) { std::swap(r.scores[0], r.scores[1]); }));
  EXPECT_TRUE(malformed([](ScoreReport& r) { r.scores[1].node = r.scores[0].node; }));
  EXPECT_TRUE(malformed([](ScoreReport& r) { r.scores[0].tenths = 11; }));
  EXPECT_TRUE(malformed([](ScoreReport& r) { r.scores[2].harmed = true; }));
  EXPECT_TRUE(malformed([](ScoreReport& r) { r.scores[0].node = "a"; }));
  EXPECT_TRUE(malformed([](ScoreReport& r) { r.judge = "K E"; }));
  EXPECT_TRUE(malformed([](ScoreReport& r) { r.rounds = 0; }));
}

TEST(ScoreReportTest, BandsAreSharesOfTheLargest) {
  const auto bands = InBands({{"a", 0.5}, {"b", -2.0}, {"c", 0.09}, {"d", -0.09}, {"e", 1.31}});
  EXPECT_EQ(bands, (std::vector<NodeScore>{
                       {"a", false, 3}, {"b", true, 10}, {"c", false, 0}, {"d", false, 0}, {"e", false, 7}}));
  EXPECT_EQ(InBands({{"a", 0.0}}), (std::vector<NodeScore>{{"a", false, 0}}));
}

// ---------------------------------------------------------------- what it keeps

JudgedRounds JudgedOf() {
  JudgedRounds judged{.job = crypto::Sha256::Of("job"), .rounds = {}};
  Put(judged, {.round = 2, .groups = {0, 2}, .fell = {0.0, 0.25, -0.5, 1.0}});
  Put(judged, {.round = 1, .groups = {1}, .fell = {0.0, 0.125}});
  return judged;
}

TEST(JudgedRoundsTest, ComeBackInOrder) {
  const auto decoded = DecodeJudgedRounds(Encode(JudgedOf()));
  ASSERT_TRUE(decoded.ok()) << decoded.status().message();
  EXPECT_EQ(*decoded, JudgedOf());
  EXPECT_EQ(decoded->rounds[0].round, 1U);
}

TEST(JudgedRoundsTest, ARoundThatIsJudgedAgainTakesItsPlace) {
  JudgedRounds judged = JudgedOf();
  Put(judged, {.round = 1, .groups = {0}, .fell = {0.0, 0.5}});
  ASSERT_EQ(judged.rounds.size(), 2U);
  EXPECT_EQ(judged.rounds[0].fell[1], 0.5);
}

TEST(JudgedRoundsTest, NothingElseIsRead) {
  const Bytes good = Encode(JudgedOf());
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(DecodeJudgedRounds(ByteView(good).first(size)).status().error(), "store.corrupt") << size;
  const auto refused = [](const std::function<void(JudgedRounds&)>& spoil) {
    JudgedRounds judged = JudgedOf();
    spoil(judged);
    return DecodeJudgedRounds(Encode(judged)).status().error() == "store.corrupt";
  };
  EXPECT_TRUE(refused([](JudgedRounds& j) { j.rounds[1].round = 1; }));
  EXPECT_TRUE(refused([](JudgedRounds& j) { j.rounds[1].groups = {2, 0}; }));
  EXPECT_TRUE(refused([](JudgedRounds& j) { j.rounds[0].fell.pop_back(); }));
  EXPECT_TRUE(refused([](JudgedRounds& j) { j.rounds[0] = {.round = 1, .groups = {}, .fell = {0.0}}; }));
}

}  // namespace
}  // namespace accord::charter
