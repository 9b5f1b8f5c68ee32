// The partition of a plan, the gates over groups' sums, and the step of those that pass: reference values.
#include "update/groups.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <random>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "crypto/spiffe.h"
#include "secagg/weight.h"
#include "update/headers.h"

namespace accord::update {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kParameters = 40'000;  // more than two tiles
constexpr double kClip = 1.0;

JobSpec Spec() {
  JobSpec spec;
  spec.secure = SecureMode::kMalicious;
  spec.outer = {.rule = "fedavg", .lr = 1.0};
  spec.update = {.bits = 16, .clip = kClip, .max_examples = 1000, .weights = WeightPolicy::kExact};
  spec.eval = {.metrics = {Metric::kLoss}, .exact = true};
  spec.groups.nodes = {
      {"east", {"e1", "e2", "e3"}}, {"north", {"n1", "n2", "n3"}}, {"west", {"w1", "w2", "w3"}}};
  spec.groups.min_groups = 1;
  return spec;
}

// One node's part: its headers, and an integer for each coordinate.
struct Part {
  std::vector<std::uint64_t> headers;
  std::vector<std::uint64_t> fields;
};

Part PartOf(const JobSpec& spec, std::uint64_t examples, const std::vector<double>& delta) {
  const auto weight = secagg::WeightOf(spec.update.weights, examples, spec.update.max_examples);
  Part part{*HeaderValues(spec, weight, {10, 5.0, 6}, std::nullopt), {}};
  const auto limit = static_cast<double>((1U << (spec.update.bits - 1)) - 1);
  const double share = static_cast<double>(weight.omega) / 4294967295.0;
  for (const double value : delta) {
    part.fields.push_back(static_cast<std::uint64_t>(limit + std::floor(limit / kClip * share * value)));
  }
  return part;
}

std::vector<std::uint64_t> WordsOf(const JobSpec& spec, const std::vector<Part>& parts) {
  const auto encoding = *EncodingFor(spec, round::Purpose::kTrain, parts[0].fields.size(),
                                     static_cast<std::uint32_t>(parts.size()));
  std::vector<std::uint64_t> words(encoding.Words());
  for (const Part& part : parts) {
    for (std::size_t i = 0; i < part.headers.size(); ++i) words[i] += part.headers[i];
    for (std::size_t j = 0; j < part.fields.size(); ++j) {
      words[part.headers.size() + j / encoding.FieldsPerWord()] +=
          part.fields[j] << (j % encoding.FieldsPerWord() * encoding.field_bits);
    }
  }
  return words;
}

Sum SumOf(const std::vector<std::uint64_t>& words, std::size_t nodes) {
  const auto n = static_cast<std::uint32_t>(nodes);
  return {.purpose = round::Purpose::kTrain, .round = {1}, .cohort = n, .survivors = n, .words = words};
}

std::vector<double> Constant(double value) { return std::vector<double>(kParameters, value); }

// Three nodes that send the same.
std::vector<Part> GroupThatSends(const JobSpec& spec, const std::vector<double>& delta) {
  return std::vector<Part>(3, PartOf(spec, 500, delta));
}

// The gates over one group a list.
struct Sifted {
  std::vector<round::LeftOut> left_out;
  std::string error;
};
Sifted Sift(const JobSpec& spec, const std::vector<std::vector<double>>& groups) {
  std::vector<std::vector<std::uint64_t>> words;
  std::vector<GroupSum> sums;
  for (const auto& delta : groups) words.push_back(WordsOf(spec, GroupThatSends(spec, delta)));
  for (std::uint32_t group = 0; group < words.size(); ++group)
    sums.push_back({group, SumOf(words[group], 3)});
  const auto made = OpenGroups(spec, sums, kParameters);
  if (!made.ok()) return {{}, made.status().error() + ": " + made.status().message()};
  return {made->left_out, {}};
}

TEST(PartitionTest, IsThePlansListAsIdsOfTheFederation) {
  const auto partition = PartitionOf(Spec(), "fed.example");
  ASSERT_TRUE(partition.ok()) << Describe(partition.status());
  ASSERT_EQ(partition->size(), 3U);
  EXPECT_EQ((*partition)[0].name, "east");
  const auto id = crypto::SpiffeId::Make("fed.example", crypto::Role::kNode, "w2")->ToNodeId();
  EXPECT_EQ(GroupOf(*partition, id), 2U);
  const auto stranger = crypto::SpiffeId::Make("fed.example", crypto::Role::kNode, "x1")->ToNodeId();
  EXPECT_EQ(GroupOf(*partition, stranger), std::nullopt);
  const auto elsewhere = crypto::SpiffeId::Make("other.example", crypto::Role::kNode, "w2")->ToNodeId();
  EXPECT_EQ(GroupOf(*partition, elsewhere), std::nullopt);
}

TEST(PartitionTest, ANodeOfAMembersOwnTrustDomainIsNamedWithIt) {
  JobSpec spec;
  spec.groups.nodes["a"] = {"ke.example/w1", "w2"};
  const auto partition = PartitionOf(spec, "fed.example");
  ASSERT_TRUE(partition.ok()) << Describe(partition.status());
  const auto id = [](const char* domain, const char* name) {
    return crypto::SpiffeId::Make(domain, crypto::Role::kNode, name)->ToNodeId();
  };
  EXPECT_EQ(partition->front().nodes, (round::NodeSet{id("ke.example", "w1"), id("fed.example", "w2")}));
  for (const char* bad : {"/w1", "ke.example/", "a/b/c", "Ke/w1"}) {
    spec.groups.nodes["a"] = {bad};
    EXPECT_FALSE(PartitionOf(spec, "fed.example").ok()) << bad;
  }
}

TEST(PartitionTest, WithoutGroupsAllNodesAreOne) {
  const auto partition = PartitionOf(JobSpec{}, "fed.example");
  ASSERT_TRUE(partition.ok());
  EXPECT_TRUE(partition->empty());
  EXPECT_EQ(GroupOf(*partition, NodeId{}), 0U);
}

NodeId IdOf(const std::string& name) {
  return crypto::SpiffeId::Make("fed.example", crypto::Role::kNode, name)->ToNodeId();
}

// Another program (Python: hashlib, struct) came to these groups.
TEST(ReshuffledTest, FollowsFromTheSeedAlone) {
  const Partition dealt = Reshuffled(*PartitionOf(Spec(), "fed.example"), crypto::Sha256::Of("round 1"));
  ASSERT_EQ(dealt.size(), 3U);
  EXPECT_EQ(dealt[0].name, "east");
  EXPECT_EQ(dealt[0].nodes, (round::NodeSet{IdOf("e1"), IdOf("n2"), IdOf("w3")}));
  EXPECT_EQ(dealt[1].nodes, (round::NodeSet{IdOf("e2"), IdOf("n3"), IdOf("w1")}));
  EXPECT_EQ(dealt[2].nodes, (round::NodeSet{IdOf("e3"), IdOf("n1"), IdOf("w2")}));
}

// Neither how the plan orders the nodes nor which group it names them in has a say.
TEST(ReshuffledTest, KeepsSizesAndDealsEveryNodeOnce) {
  JobSpec spec = Spec();
  spec.groups.nodes["east"].push_back("e4");
  JobSpec other = spec;
  std::swap(other.groups.nodes["north"], other.groups.nodes["west"]);
  const Partition plan = *PartitionOf(spec, "fed.example");
  for (int round = 0; round < 100; ++round) {
    const Digest seed = crypto::Sha256::Of("round " + std::to_string(round));
    const Partition dealt = Reshuffled(plan, seed);
    round::NodeSet all;
    for (std::size_t i = 0; i < plan.size(); ++i) {
      EXPECT_EQ(dealt[i].nodes.size(), plan[i].nodes.size());
      all.insert(dealt[i].nodes.begin(), dealt[i].nodes.end());
      EXPECT_EQ(dealt[i].nodes, Reshuffled(*PartitionOf(other, "fed.example"), seed)[i].nodes);
    }
    EXPECT_EQ(all.size(), 10U);
  }
}

// Of nine nodes in groups of three, two are together in a quarter of the rounds.
TEST(ReshuffledTest, BringsEveryPairTogetherAsOften) {
  const Partition plan = *PartitionOf(Spec(), "fed.example");
  constexpr int kRounds = 4'000;
  std::map<std::pair<NodeId, NodeId>, int> together;
  for (int round = 0; round < kRounds; ++round) {
    for (const Group& group : Reshuffled(plan, crypto::Sha256::Of(std::to_string(round)))) {
      for (const NodeId& a : group.nodes)
        for (const NodeId& b : group.nodes)
          if (a < b) ++together[{a, b}];
    }
  }
  EXPECT_EQ(together.size(), 36U);
  const double spread = std::sqrt(kRounds * 0.25 * 0.75);
  for (const auto& [pair, count] : together) EXPECT_NEAR(count, kRounds / 4, 5 * spread);
}

TEST(PartitionTest, RefusesWhatIsNoName) {
  JobSpec spec;
  spec.groups.nodes["a"] = {"not a name"};
  EXPECT_FALSE(PartitionOf(spec, "fed.example").ok());
}

TEST(GroupStepTest, IsToTheBitTheStepOfOneSumOverAllNodes) {
  JobSpec spec = Spec();
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> value(-1.0, 1.0);
  std::vector<Part> all;
  std::vector<std::vector<Part>> groups(3);
  const std::size_t sizes[] = {3, 5, 4};  // fields of different widths
  for (std::size_t group = 0; group < 3; ++group) {
    for (std::size_t node = 0; node < sizes[group]; ++node) {
      std::vector<double> delta(kParameters);
      for (double& d : delta) d = value(random);
      groups[group].push_back(PartOf(spec, 100 + 77 * all.size(), delta));
      all.push_back(groups[group].back());
    }
  }
  std::vector<std::vector<std::uint64_t>> words;
  for (const auto& parts : groups) words.push_back(WordsOf(spec, parts));
  std::vector<GroupSum> sums;
  for (std::uint32_t group = 0; group < 3; ++group)
    sums.push_back({group, SumOf(words[group], sizes[group])});
  auto made = OpenGroups(spec, sums, kParameters);
  ASSERT_TRUE(made.ok()) << Describe(made.status());
  EXPECT_TRUE(made->left_out.empty());
  std::vector<float> apart(kParameters, 0.5F), together(kParameters, 0.5F);
  made->step.Apply(0, apart);
  const auto whole = WordsOf(spec, all);
  const auto metrics = NextModel(spec, SumOf(whole, all.size()), together);
  ASSERT_TRUE(metrics.ok()) << Describe(metrics.status());
  for (std::size_t i = 0; i < kParameters; ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(apart[i]), std::bit_cast<std::uint32_t>(together[i])) << i;
  }
  ASSERT_EQ(made->step.Metrics().size(), metrics->size());
  for (std::size_t i = 0; i < metrics->size(); ++i) {
    EXPECT_EQ(made->step.Metrics()[i].value, (*metrics)[i].value) << i;
    EXPECT_EQ(made->step.Metrics()[i].examples, (*metrics)[i].examples) << i;
  }
}

TEST(GateTest, ANormAboveTheBoundIsLeftOutWithItsValueAndAnHonestOneIsNot) {
  JobSpec spec = Spec();
  spec.groups.max_norm = 3.0;  // sqrt(40,000) = 200: means of 0.01 have norm 2, of 0.9 180
  const Sifted sifted = Sift(spec, {Constant(0.01), Constant(-0.01), Constant(0.9)});
  ASSERT_EQ(sifted.left_out.size(), 1U) << sifted.error;
  EXPECT_EQ(sifted.left_out[0].group, 2U);
  EXPECT_EQ(sifted.left_out[0].gate, static_cast<std::uint8_t>(Gate::kNorm));
  EXPECT_NEAR(sifted.left_out[0].value, 180.0, 0.01);
  EXPECT_THAT(Describe(spec, sifted.left_out[0]), HasSubstr("group west was left out of the step: the norm"));
}

TEST(GateTest, TheBoundItselfPasses) {
  JobSpec spec = Spec();
  spec.update.weights = WeightPolicy::kEqual;  // multiples of 1 / M are exact
  const double step = 1024.0 / 32767.0;
  spec.groups.max_norm = 200.0 * step;
  EXPECT_TRUE(Sift(spec, {Constant(step)}).left_out.empty());
  spec.groups.max_norm = std::nextafter(spec.groups.max_norm * (1 - 1e-12), 0.0);
  EXPECT_THAT(Sift(spec, {Constant(step)}).error, HasSubstr("job.too_few_groups"));
}

TEST(GateTest, ADirectionAgainstTheOthersIsLeftOut) {
  JobSpec spec = Spec();
  spec.groups.min_cosine = 0.0;
  const Sifted sifted = Sift(spec, {Constant(0.02), Constant(-0.02), Constant(0.03)});
  ASSERT_EQ(sifted.left_out.size(), 1U) << sifted.error;
  EXPECT_EQ(sifted.left_out[0].group, 1U);
  EXPECT_EQ(sifted.left_out[0].gate, static_cast<std::uint8_t>(Gate::kCosine));
  EXPECT_NEAR(sifted.left_out[0].value, -1.0, 1e-9);
  EXPECT_THAT(Describe(spec, sifted.left_out[0]), HasSubstr("group north"));
}

TEST(GateTest, TheCosineIsThatToTheCoordinateWiseMedian) {
  JobSpec spec = Spec();
  spec.groups.min_cosine = 0.99;
  // Half the coordinates: medians are (0.1, 0.1); the third points 60 degrees off and more.
  std::vector<double> a(kParameters), b(kParameters), c(kParameters);
  for (std::size_t j = 0; j < kParameters; ++j) {
    const bool even = j % 2 == 0;
    a[j] = 0.1;
    b[j] = even ? 0.1 : 0.11;
    c[j] = even ? 0.12 : -0.08;
  }
  const Sifted sifted = Sift(spec, {a, b, c});
  ASSERT_EQ(sifted.left_out.size(), 1U) << sifted.error;
  EXPECT_EQ(sifted.left_out[0].group, 2U);
  EXPECT_NEAR(sifted.left_out[0].value, (0.12 - 0.08) / (std::sqrt(2.0) * std::hypot(0.12, 0.08)), 1e-3);
}

TEST(GateTest, ZeroHasNoDirectionAndPasses) {
  JobSpec spec = Spec();
  spec.groups.min_cosine = 0.5;
  EXPECT_TRUE(Sift(spec, {Constant(0.1), Constant(0.1), Constant(0.0)}).left_out.empty());
  EXPECT_TRUE(Sift(spec, {Constant(0.0), Constant(0.0), Constant(0.0)}).left_out.empty());
}

TEST(GateTest, OfTwoNobodyCanSayWhichIsOff) {
  JobSpec spec = Spec();
  spec.groups.min_cosine = 0.5;
  spec.groups.max_norm = 100.0;
  EXPECT_TRUE(Sift(spec, {Constant(0.1), Constant(-0.1)}).left_out.empty());
  const Sifted sifted = Sift(spec, {Constant(0.1), Constant(-0.1), Constant(0.9)});
  ASSERT_EQ(sifted.left_out.size(), 1U) << "the third fell to its norm";
  EXPECT_EQ(sifted.left_out[0].group, 2U);
}

TEST(GateTest, TooFewGroupsLeftIsAFailureThatNamesThem) {
  JobSpec spec = Spec();
  spec.groups.min_groups = 2;
  spec.groups.max_norm = 3.0;
  const Sifted sifted = Sift(spec, {Constant(0.01), Constant(0.9), Constant(-0.9)});
  EXPECT_THAT(sifted.error, HasSubstr("job.too_few_groups"));
  EXPECT_THAT(sifted.error, HasSubstr("group north was left out"));
  EXPECT_THAT(sifted.error, HasSubstr("group west was left out"));
}

TEST(GateTest, ASumThatBreaksABoundIsRefusedByName) {
  JobSpec spec = Spec();
  spec.groups.max_norm = 3.0;
  auto words = WordsOf(spec, GroupThatSends(spec, Constant(0.01)));
  ++words[0];
  const GroupSum sum{0, SumOf(words, 3)};
  const auto made = OpenGroups(spec, std::span(&sum, 1), kParameters);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.status().error(), errors::kSecaggWrongCount.id);
}

}  // namespace
}  // namespace accord::update
