// The outer step against a plain computation of the same numbers, bit for bit.
#include "update/next_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "base/errors.h"
#include "update/exchange.h"
#include "update/headers.h"

namespace accord::update {
namespace {

constexpr std::uint32_t kNodes = 3;

JobSpec Spec() {
  JobSpec spec;
  spec.secure = SecureMode::kOff;
  spec.outer = {.rule = "fedavg", .lr = 0.7};
  spec.update = {.bits = 12, .clip = 0.25, .max_examples = 1000, .weights = WeightPolicy::kExact};
  spec.eval = {.metrics = {Metric::kLoss, Metric::kAccuracy}, .exact = true};
  return spec;
}

// A sum of random integers that honest nodes could have sent, and what it was made of.
struct Case {
  JobSpec spec = Spec();
  secagg::Encoding encoding;
  std::vector<std::uint64_t> integers;  // of each coordinate, summed
  std::uint64_t omega = 0;
  std::vector<std::uint64_t> words;
};

Case MakeCase(std::size_t parameters, std::uint64_t seed, round::Purpose purpose = round::Purpose::kTrain,
              const JobSpec& spec = Spec()) {
  std::mt19937_64 random(seed);
  Case c{.spec = spec};
  c.encoding = *EncodingFor(c.spec, purpose, parameters, kNodes);
  c.words.resize(c.encoding.Words());
  c.integers.resize(c.encoding.coordinates);
  const std::uint64_t limit = c.encoding.Limit();
  for (std::uint32_t node = 0; node < kNodes; ++node) {
    const auto weight = secagg::WeightOf(WeightPolicy::kExact, 200 * (node + 1), 1000);
    const auto headers = *HeaderValues(c.spec, weight, {100, 50.0, 60}, 0);
    for (std::size_t i = 0; i < headers.size(); ++i) c.words[i] += headers[i];
    c.omega += weight.omega;
    // Rounding adds at most one to the weighted, clipped value.
    const auto reach = static_cast<std::uint64_t>(static_cast<double>(limit) * (weight.omega / 4294967295.0));
    for (std::size_t j = 0; j < c.integers.size(); ++j) {
      const std::uint64_t z =
          purpose == round::Purpose::kEvaluate ? limit : limit - reach + random() % (2 * reach + 1);
      c.integers[j] += z;
      c.words[headers.size() + j / c.encoding.FieldsPerWord()] +=
          z << (j % c.encoding.FieldsPerWord() * c.encoding.field_bits);
    }
  }
  return c;
}

std::vector<float> RandomWeights(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> weights(n);
  for (float& w : weights) w = normal(random);
  return weights;
}

Sum SumOf(const Case& c, round::Purpose purpose = round::Purpose::kTrain) {
  return {.purpose = purpose, .round = {1}, .cohort = kNodes, .survivors = kNodes, .words = c.words};
}

std::vector<std::uint32_t> Bits(const std::vector<float>& weights) {
  std::vector<std::uint32_t> bits;
  for (const float w : weights) bits.push_back(std::bit_cast<std::uint32_t>(w));
  return bits;
}

TEST(NextModelTest, EqualsThePlainComputationBitForBit) {
  for (const std::size_t parameters : {1U, 4U, 5U, 16'384U, 16'385U, 50'001U}) {
    const Case c = MakeCase(parameters, parameters);
    std::vector<float> weights = RandomWeights(parameters, 9);
    std::vector<float> plain = weights;
    const double m = static_cast<double>(c.encoding.Limit());
    const double scale = m / 0.25;
    const double share = static_cast<double>(c.omega) / 4294967295.0;
    double farthest = 0.0;
    for (std::size_t j = 0; j < parameters; ++j) {
      const double mean = (static_cast<double>(c.integers[j]) - kNodes * m) / (scale * share);
      plain[j] = static_cast<float>(static_cast<double>(plain[j]) + 0.7 * mean);
      farthest = std::max(farthest, std::abs(mean));
    }
    const auto metrics = NextModel(c.spec, SumOf(c), weights);
    ASSERT_TRUE(metrics.ok()) << Describe(metrics.status());
    EXPECT_EQ(Bits(weights), Bits(plain)) << parameters;
    EXPECT_DOUBLE_EQ(metrics->at(0).value, 0.5);
    EXPECT_DOUBLE_EQ(metrics->at(1).value, 0.6);
    EXPECT_EQ(metrics->at(0).examples, 300U);
    ASSERT_EQ(metrics->size(), 3U);
    EXPECT_EQ(metrics->at(2).metric, static_cast<std::uint8_t>(Figure::kPeak));
    EXPECT_DOUBLE_EQ(metrics->at(2).value, farthest / 0.25);
    EXPECT_LE(metrics->at(2).value, 1.0);
  }
}

TEST(NextModelTest, AStepInPartsIsTheStepOfTheWhole) {
  const Case c = MakeCase(50'001, 2);
  std::vector<float> whole = RandomWeights(50'001, 9);
  std::vector<float> parts = whole;
  ASSERT_TRUE(NextModel(c.spec, SumOf(c), whole).ok());
  auto step = OuterStep::Open(c.spec, SumOf(c), parts.size());
  ASSERT_TRUE(step.ok()) << Describe(step.status());
  for (std::size_t first = 0, size = 1; first < parts.size(); first += size, size = size * 3 + 1) {
    step->Apply(first, std::span(parts).subspan(first, std::min(size, parts.size() - first)));
  }
  EXPECT_EQ(Bits(parts), Bits(whole));
}

// Of a rule with a state the buffer is weights and state, and both step together, in any parts.
TEST(NextModelTest, StepsTheStateBesideTheWeights) {
  constexpr std::size_t kParameters = 40'001;
  Case c = MakeCase(kParameters, 6);
  c.spec.outer = {.rule = "diloco", .lr = 0.7, .momentum = 0.9};
  std::vector<float> global = RandomWeights(2 * kParameters, 9);
  std::vector<float> parts = global;
  std::vector<float> plain = global;
  const double m = static_cast<double>(c.encoding.Limit());
  const double share = static_cast<double>(c.omega) / 4294967295.0;
  for (std::size_t j = 0; j < kParameters; ++j) {
    const double gradient = -(static_cast<double>(c.integers[j]) - kNodes * m) / (m / 0.25 * share);
    const double b = 0.9 * static_cast<double>(plain[kParameters + j]) + gradient;
    plain[j] = static_cast<float>(static_cast<double>(plain[j]) - 0.7 * (0.9 * b + gradient));
    plain[kParameters + j] = static_cast<float>(b);
  }
  ASSERT_TRUE(NextModel(c.spec, SumOf(c), global).ok());
  EXPECT_EQ(Bits(global), Bits(plain));
  auto step = OuterStep::Open(c.spec, SumOf(c), kParameters);
  for (std::size_t first = 0, size = 1; first < kParameters; first += size, size = size * 3 + 1) {
    size = std::min(size, kParameters - first);
    const std::span<float> state[] = {std::span(parts).subspan(kParameters + first, size)};
    step->Apply(first, std::span(parts).subspan(first, size), state);
  }
  EXPECT_EQ(Bits(parts), Bits(global));
}

// A sum of rotated updates: the step is that of the mean turned back, in any parts, and its RMS makes the
// next clip.
TEST(NextModelTest, TurnsRotatedMeansBackAndKeepsTheirRms) {
  constexpr std::size_t kParameters = 20'000;  // 4.9 blocks
  JobSpec spec = Spec();
  spec.seed = 11;
  spec.update.transform = Transform::kHadamard;
  spec.update.clip_rms = 3.0;
  const Case c = MakeCase(kParameters, 8, round::Purpose::kTrain, spec);
  ASSERT_EQ(c.encoding.coordinates, 20'480U);
  EXPECT_EQ(c.encoding.clip, 0.25) << "there is no update before";
  std::vector<double> mean(c.encoding.coordinates);
  secagg::DecodeMean(c.encoding, c.words, 0, mean);
  for (std::size_t block = 0; block < 5; ++block)
    Rotation(11, RoundId{1}).Inverse(block, Rotation::Block(std::span(mean).subspan(block * 4096, 4096)));
  std::vector<float> global = RandomWeights(kParameters + 2, 9);
  global[kParameters] = global[kParameters + 1] = 0.0F;
  std::vector<float> plain = global;
  std::vector<float> parts = global;
  double squares = 0.0;
  for (std::size_t j = 0; j < kParameters; ++j) {
    plain[j] = static_cast<float>(static_cast<double>(plain[j]) + 0.7 * mean[j]);
    squares += mean[j] * mean[j];
  }
  ASSERT_TRUE(NextModel(c.spec, SumOf(c), global).ok());
  EXPECT_TRUE(std::ranges::equal(std::span(global).first(kParameters), std::span(plain).first(kParameters)));
  EXPECT_FLOAT_EQ(global[kParameters], static_cast<float>(std::sqrt(squares / 20'480)));
  EXPECT_EQ(global[kParameters + 1], 0.0F);

  auto step = OuterStep::Open(c.spec, SumOf(c), kParameters);
  for (std::size_t first = 0, size = 1; first < kParameters; first += size, size = size * 3 + 1) {
    size = std::min(size, kParameters - first);
    step->Apply(first, std::span(parts).subspan(first, size));
  }
  EXPECT_TRUE(std::ranges::equal(std::span(global).first(kParameters), std::span(parts).first(kParameters)));

  const float rms = global[kParameters];
  EXPECT_EQ(EncodingFor(spec, round::Purpose::kTrain, {kParameters, rms}, kNodes)->clip,
            3.0 * static_cast<double>(rms));
  EXPECT_EQ(EncodingFor(spec, round::Purpose::kEvaluate, {kParameters, rms}, kNodes)->clip, 0.25);
  spec.round.synchronous = 2;
  ASSERT_TRUE(NextModel(spec, SumOf(c), plain).ok());
  EXPECT_EQ(plain[kParameters], rms) << "the next single step is as large";
  spec.round.synchronous = 1;
  ASSERT_TRUE(NextModel(spec, SumOf(c), parts).ok());
  EXPECT_EQ(parts[kParameters], 0.0F) << "a single step says nothing of updates of many";
}

// Where the count says that too much was cut, the next clip is larger than this one, whatever the mean says.
TEST(NextModelTest, AClipThatCutsTooMuchGrows) {
  constexpr std::size_t kParameters = 4096;
  constexpr double kClip = 0.25, kRms = 3.0;
  JobSpec spec = Spec();
  spec.update.transform = Transform::kHadamard;
  spec.update.clip_rms = kRms;
  spec.update.report_clipped = true;
  const auto rms_after = [&](std::uint64_t clipped, bool reported = true, float before = 0.0F) {
    spec.update.report_clipped = reported;
    Case c = MakeCase(kParameters, 8, round::Purpose::kTrain, spec);
    if (reported) c.words[2] = clipped;
    std::vector<float> global(kParameters + 2);
    global[kParameters] = before;
    EXPECT_TRUE(NextModel(spec, SumOf(c), global).ok());
    return global[kParameters];
  };
  const float plain = rms_after(0, false);
  ASSERT_LT(plain, static_cast<float>(1.25 * kClip / kRms)) << "the mean alone would make the clip smaller";
  constexpr std::uint64_t kHundredth = kNodes * kParameters / 100;
  EXPECT_EQ(rms_after(0), plain);
  EXPECT_EQ(rms_after(kHundredth), plain);
  EXPECT_EQ(rms_after(kHundredth + 1), static_cast<float>(1.25 * kClip / kRms));

  // One that was right shrinks slowly.
  spec.update.clip_rms = 0.5;
  const float before = 1000.0F;
  EXPECT_EQ(rms_after(0, true, before), static_cast<float>(0.95 * 1000.0));
  EXPECT_LT(rms_after(0, false, before), static_cast<float>(0.95 * 1000.0));
}

TEST(NextModelTest, AClipStaysWithinWhatAnEncodingTakes) {
  JobSpec spec = Spec();
  spec.update.clip_rms = 4.0;
  for (const float rms : {1e-44F, 3e38F}) {
    EXPECT_TRUE(EncodingFor(spec, round::Purpose::kTrain, {10, rms}, kNodes).ok()) << rms;
  }
}

TEST(NextModelTest, SynchronousRoundsAverageAndLeaveTheState) {
  Case c = MakeCase(1000, 7);
  c.spec.outer = {.rule = "fedadam-flower", .lr = 0.1};
  c.spec.round.synchronous = 2;
  std::vector<float> global = RandomWeights(3000, 9);
  std::vector<float> averaged = global;
  Case plain = c;
  plain.spec.outer = {.rule = "fedavg", .lr = 1.0};
  Sum sum = SumOf(c);
  sum.round = {2};
  std::vector<float> weights(global.begin(), global.begin() + 1000);
  ASSERT_TRUE(NextModel(plain.spec, sum, weights).ok());
  std::ranges::copy(weights, averaged.begin());
  ASSERT_TRUE(NextModel(c.spec, sum, global).ok());
  EXPECT_EQ(Bits(global), Bits(averaged));

  // Its first step is in round 3: as in round 1 of a job without synchronous rounds.
  std::vector<float> early = global;
  sum.round = {3};
  ASSERT_TRUE(NextModel(c.spec, sum, global).ok());
  c.spec.round.synchronous = 0;
  sum.round = {1};
  ASSERT_TRUE(NextModel(c.spec, sum, early).ok());
  EXPECT_EQ(Bits(global), Bits(early));
  EXPECT_NE(Bits(global), Bits(averaged));
}

// The step of a fragment is that of a model which is the fragment alone, in its own turns; the rest stays.
TEST(NextModelTest, StepsOneFragmentAsAModelOfItsOwn) {
  JobSpec spec = Spec();
  spec.seed = 11;
  spec.model = {.kind = "mlp", .input = {60}, .classes = 7, .hidden = {100, 120}};
  spec.outer = {.rule = "fedadam-flower", .lr = 0.1};
  spec.update.transform = Transform::kHadamard;
  spec.update.clip_rms = 3.0;
  spec.streaming.fragments = 2;
  spec.round.synchronous = 1;
  const ModelLayout layout = *GlobalLayout(spec);
  const std::uint64_t parameters = ParametersOf(layout);
  const auto elements = ExchangedElements(spec, layout.tensors, {6});
  ASSERT_EQ(elements.size(), 2U) << "layers 0 and 2";
  const std::uint64_t size = SizeOf(elements);
  Case c = MakeCase(size, 12, round::Purpose::kTrain, spec);
  Sum sum = SumOf(c);
  sum.round = {6};  // the third turn of fragment 0

  std::vector<float> global = RandomWeights(layout.size, 9);
  std::ranges::fill(std::span(global).last(4), 0.0F);
  global[global.size() - 2] = 0.5F;  // of the other fragment
  std::vector<float> alone;
  for (std::size_t vector = 0; vector < 3; ++vector) {
    for (float& value : std::span(global).subspan(vector * parameters, parameters))
      value = vector == 0 ? value : std::abs(value);
    for (const strategy::ElementRange& range : elements) {
      const auto part = std::span(global).subspan(vector * parameters + range.first, range.count);
      alone.insert(alone.end(), part.begin(), part.end());
    }
  }
  alone.resize(alone.size() + 2);
  std::vector<float> expected = global;

  JobSpec lone = spec;
  lone.streaming = {};
  lone.round.synchronous = 3;  // round 6 is its third
  ASSERT_TRUE(NextModel(lone, sum, alone).ok());
  auto from = alone.begin();
  for (std::size_t vector = 0; vector < 3; ++vector) {
    for (const strategy::ElementRange& range : elements) {
      const auto to = static_cast<std::ptrdiff_t>(vector * parameters + range.first);
      std::copy_n(from, range.count, expected.begin() + to);
      from += static_cast<std::ptrdiff_t>(range.count);
    }
  }
  std::copy_n(from, 2, expected.end() - 4);
  const std::vector<float> before = global;
  ASSERT_TRUE(NextModel(spec, sum, global).ok());
  EXPECT_EQ(Bits(global), Bits(expected));
  EXPECT_NE(Bits(global), Bits(before));
  EXPECT_GT(global[global.size() - 4], 0.0F);
  EXPECT_EQ(global[global.size() - 2], 0.5F);
}

TEST(NextModelTest, OneFragmentOfAllIsTheWholeModel) {
  JobSpec spec = Spec();
  spec.outer = {.rule = "diloco", .lr = 0.7, .momentum = 0.9};
  const Case c = MakeCase(1000, 7);
  std::vector<float> plain = RandomWeights(2000, 9);
  std::vector<float> streamed = plain;
  ASSERT_TRUE(NextModel(spec, SumOf(c), plain).ok());
  spec.streaming = {.fragments = 1, .delay = 2, .alpha = 0.5};
  ASSERT_TRUE(NextModel(spec, SumOf(c), streamed).ok());
  EXPECT_EQ(Bits(streamed), Bits(plain));
}

TEST(NextModelTest, SynchronousRoundsOfAJobThatStreamsAreOfAllFragments) {
  JobSpec spec = Spec();
  spec.model = {.kind = "mlp", .input = {3}, .classes = 2, .hidden = {4}};
  spec.update.clip_rms = 3.0;
  spec.streaming.fragments = 2;
  spec.round.synchronous = 2;
  const ModelLayout layout = *GlobalLayout(spec);
  const Case c = MakeCase(ParametersOf(layout), 7, round::Purpose::kTrain, spec);
  std::vector<float> global(layout.size);
  ASSERT_TRUE(NextModel(spec, SumOf(c), global).ok());
  EXPECT_EQ(std::ranges::count(std::span(global).first(ParametersOf(layout)), 0.0F), 0);
  const auto rms = std::span(global).last(4);
  EXPECT_GT(rms[0], 0.0F);
  EXPECT_EQ(rms[2], rms[0]);
}

TEST(NextModelTest, AnEvaluationLeavesTheWeightsAlone) {
  const Case c = MakeCase(1000, 3, round::Purpose::kEvaluate);
  std::vector<float> weights = RandomWeights(1000, 9);
  const std::vector<float> before = weights;
  const auto metrics = NextModel(c.spec, SumOf(c, round::Purpose::kEvaluate), weights);
  ASSERT_TRUE(metrics.ok()) << Describe(metrics.status());
  EXPECT_DOUBLE_EQ(metrics->at(1).value, 0.6);
  EXPECT_EQ(metrics->size(), 2U) << "there is no update";
  EXPECT_EQ(Bits(weights), Bits(before));
}

TEST(NextModelTest, ABadSumIsRefusedByNameAndTheWeightsAreUntouched) {
  const Case good = MakeCase(1000, 4);
  const auto refused = [&](auto damage) {
    Case c = good;
    Sum sum = SumOf(c);
    damage(c, sum);
    sum.words = c.words;
    std::vector<float> weights = RandomWeights(1000, 9);
    const std::vector<float> before = weights;
    const auto metrics = NextModel(c.spec, sum, weights);
    EXPECT_EQ(Bits(weights) == Bits(before), !metrics.ok());
    return metrics.ok() ? "taken" : metrics.status().error();
  };
  EXPECT_EQ(refused([](Case&, Sum&) {}), "taken");
  EXPECT_EQ(refused([](Case& c, Sum&) { c.words.pop_back(); }), "secagg.wrong_length");
  EXPECT_EQ(refused([](Case& c, Sum&) { c.words.clear(); }), "secagg.wrong_length");
  EXPECT_EQ(refused([](Case& c, Sum&) { ++c.words[0]; }), "secagg.wrong_count");
  EXPECT_EQ(refused([](Case&, Sum& sum) { sum.survivors = 2; }), "secagg.wrong_count");
  EXPECT_EQ(refused([](Case& c, Sum&) { c.words[1] = 0; }), "secagg.zero_weight");
  EXPECT_EQ(refused([](Case& c, Sum&) { c.words[3] = ~0ULL; }), "secagg.range");
  EXPECT_EQ(refused([](Case& c, Sum&) { c.words.back() = ~0ULL; }), "secagg.range");
  EXPECT_EQ(refused([](Case& c, Sum&) { c.spec.outer.rule = "magic"; }), "outer.unknown");
}

// Both numbers come from the coordinator; a node must refuse, not stop.
TEST(NextModelTest, MoreSurvivorsThanTheCohortHasAreRefused) {
  const Case c = MakeCase(10, 5);
  std::vector<float> weights = RandomWeights(10, 9);
  Sum sum = SumOf(c);
  sum.survivors = kNodes + 1;
  const auto metrics = NextModel(c.spec, sum, weights);
  ASSERT_FALSE(metrics.ok());
  EXPECT_EQ(metrics.status().error(), errors::kSecaggWrongCount.id);
  sum.cohort = 0;
  EXPECT_FALSE(NextModel(c.spec, sum, weights).ok());
}

}  // namespace
}  // namespace accord::update
