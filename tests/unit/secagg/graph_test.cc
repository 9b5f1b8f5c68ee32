#include "secagg/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

Digest DigestOf(const nlohmann::json& hex) { return *Digest::FromHex(hex.get<std::string>()); }

TEST(PermutationTest, MatchesTheFrozenVectors) {
  const nlohmann::json vectors = fsa1::Load("graph.json");
  for (const auto& c : vectors["cases"]) {
    EXPECT_EQ(Permutation(DigestOf(c["seed"]), c["n"]), c["permutation"].get<std::vector<std::uint32_t>>());
  }
}

TEST(PermutationTest, DrawsAgainWhatWouldFavourAPlace) {
  // 2^64 mod 3 = 1: of three places only the greatest word is too many. Two places take every word.
  std::vector<std::uint64_t> words{~0ULL, ~0ULL - 1, ~0ULL};
  std::size_t next = 0;
  const auto permutation = PermuteWith(3, [&] { return words.at(next++); });
  EXPECT_EQ(next, 3U);
  // (2^64 - 2) mod 3 = 2: place 2 stays; (2^64 - 1) mod 2 = 1: place 1 stays.
  EXPECT_EQ(permutation, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(PermutationTest, HoldsEveryIndexOnce) {
  for (const std::uint32_t n : {3U, 64U, 65U, 66U, 1'000U}) {
    std::vector<std::uint32_t> permutation = Permutation(Digest{{9}}, n);
    std::ranges::sort(permutation);
    for (std::uint32_t i = 0; i < n; ++i) ASSERT_EQ(permutation[i], i);
  }
}

TEST(RingGraphTest, MatchesTheFrozenNeighbours) {
  const nlohmann::json vectors = fsa1::Load("graph.json");
  for (const auto& c : vectors["cases"]) {
    const RingGraph graph(DigestOf(c["seed"]), c["n"], c["k"]);
    for (const auto& [index, neighbours] : c["neighbours"].items()) {
      EXPECT_EQ(graph.NeighboursOf(static_cast<std::uint32_t>(std::stoul(index))),
                neighbours.get<std::vector<std::uint32_t>>())
          << "n = " << c["n"] << ", node " << index;
    }
  }
}

TEST(RingGraphTest, TheSeedHashMatchesTheFrozenOne) {
  const nlohmann::json vector = fsa1::Load("graph.json")["seed_hash"];
  std::vector<GraphNonce> nonces;
  for (const auto& nonce : vector["nonces"]) nonces.push_back(*GraphNonce::FromHex(nonce.get<std::string>()));
  EXPECT_EQ(GraphSeed(DigestOf(vector["ctx"]), DigestOf(vector["roster_hash"]), nonces).Hex(),
            vector["seed"]);
}

// Exactly, with a table of binomial coefficients as doubles of a small population.
TEST(Log2TailTest, EqualsTheSumOfExactTerms) {
  const auto choose = [](std::uint32_t n, std::uint32_t k) {
    double product = 1;
    for (std::uint32_t i = 0; i < k; ++i) product = product * (n - i) / (i + 1);
    return k > n ? 0 : std::round(product);
  };
  for (std::uint32_t population = 1; population <= 14; ++population) {
    for (std::uint32_t marked = 0; marked <= population; ++marked) {
      for (std::uint32_t drawn = 0; drawn <= population; ++drawn) {
        for (std::int64_t at_least = -1; at_least <= population + 1; ++at_least) {
          double ways = 0;
          for (std::uint32_t x = 0; x <= drawn; ++x) {
            if (x >= at_least && x <= marked)
              ways += choose(marked, x) * choose(population - marked, drawn - x);
          }
          const double want = std::log2(ways / choose(population, drawn));
          const double got = Log2Tail({population, marked, drawn}, at_least);
          if (ways == 0) {
            ASSERT_EQ(got, want);
          } else {
            ASSERT_NEAR(got, want, 1e-12) << population << ' ' << marked << ' ' << drawn << ' ' << at_least;
          }
        }
      }
    }
  }
}

struct TableRow {
  double corrupt, dropped;
  SecureMode mode;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> graphs;  // k, t_k for the n below
};
constexpr std::uint32_t kTableNodes[] = {100, 200, 500, 1'000, 10'000};
const std::vector<TableRow>& Table() {  // secagg.md 2.6
  static const std::vector<TableRow> table{
      {.05, .05, SecureMode::kSemiHonest, {{30, 6}, {30, 11}, {30, 16}, {32, 18}, {34, 20}}},
      {.05, .05, SecureMode::kMalicious, {{30, 18}, {30, 21}, {44, 31}, {52, 37}, {62, 44}}},
      {.10, .10, SecureMode::kSemiHonest, {{42, 11}, {42, 20}, {44, 24}, {46, 26}, {54, 30}}},
      {.10, .10, SecureMode::kMalicious, {{42, 27}, {56, 39}, {82, 57}, {96, 67}, {122, 85}}},
      {.20, .10, SecureMode::kSemiHonest, {{54, 21}, {56, 33}, {60, 39}, {68, 43}, {80, 51}}},
      {.20, .10, SecureMode::kMalicious, {{54, 38}, {76, 57}, {116, 86}, {138, 102}, {182, 134}}},
      {.33, .10, SecureMode::kMalicious, {{78, 56}, {98, 78}, {168, 132}, {216, 169}, {304, 237}}},
  };
  return table;
}

TEST(SmallestGraphTest, GivesTheSpecificationsTable) {
  for (const TableRow& row : Table()) {
    for (std::size_t i = 0; i < row.graphs.size(); ++i) {
      const std::uint32_t n = kTableNodes[i];
      const GraphRisk risk{.n = n,
                           .corrupt = static_cast<std::uint32_t>(std::lround(row.corrupt * n)),
                           .dropped = static_cast<std::uint32_t>(std::lround(row.dropped * n)),
                           .mode = row.mode};
      const NeighbourGraph want{.degree = row.graphs[i].first, .threshold = row.graphs[i].second};
      const auto graph = SmallestGraph(risk);
      ASSERT_TRUE(graph.has_value());
      EXPECT_EQ(graph->degree, want.degree) << "n = " << n << ", g = " << row.corrupt;
      EXPECT_EQ(graph->threshold, want.threshold) << "n = " << n << ", g = " << row.corrupt;
    }
  }
}

TEST(SmallestGraphTest, ANodeAcceptsEveryEntryOfTheTableAndNothingWeaker) {
  for (const TableRow& row : Table()) {
    for (std::size_t i = 0; i < row.graphs.size(); ++i) {
      const std::uint32_t n = kTableNodes[i];
      const auto corrupt = static_cast<std::uint32_t>(std::lround(row.corrupt * n));
      const auto [k, t] = row.graphs[i];
      EXPECT_TRUE(HidesFromCorrupt({.degree = k, .threshold = t}, n, corrupt, row.mode));
      EXPECT_FALSE(HidesFromCorrupt({.degree = k, .threshold = t - 1}, n, corrupt, row.mode));
    }
  }
}

TEST(SmallestGraphTest, SaysWhenThereIsNone) {
  EXPECT_FALSE(SmallestGraph({.n = 300, .corrupt = 298, .dropped = 0}).has_value());
  EXPECT_FALSE(SmallestGraph({.n = 300, .corrupt = 150, .dropped = 149}).has_value());
}

}  // namespace
}  // namespace accord::secagg
