// A node's metrics as header words, and the cohort's metrics out of their sums.
#include "update/headers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "base/errors.h"

namespace accord::update {
namespace {

constexpr std::uint64_t kFullOmega = 0xFFFF'FFFF;
constexpr std::uint64_t kCoordinates = 5000;

JobSpec Spec(bool exact) {
  JobSpec spec;
  spec.secure = SecureMode::kOff;
  spec.update = {.bits = 16, .clip = 1.0, .max_examples = 1000, .weights = WeightPolicy::kExact};
  spec.eval = {.metrics = {Metric::kLoss, Metric::kAccuracy}, .exact = exact};
  return spec;
}

secagg::Weight WeightFor(const JobSpec& spec, std::uint64_t examples) {
  return secagg::WeightOf(spec.update.weights, examples, spec.update.max_examples);
}

struct NodeFigures {
  std::uint64_t train_examples;
  Evaluation evaluation;
};

std::vector<std::uint64_t> SumOf(const JobSpec& spec, const std::vector<NodeFigures>& nodes) {
  std::vector<std::uint64_t> sum(2 + ExtraHeaders(spec, round::Purpose::kTrain, kCoordinates).size());
  for (const NodeFigures& node : nodes) {
    const auto values =
        HeaderValues(spec, WeightFor(spec, node.train_examples), node.evaluation, std::nullopt);
    EXPECT_TRUE(values.ok());
    EXPECT_EQ(values->size(), sum.size());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += (*values)[i];
  }
  return sum;
}

std::vector<round::MetricSum> Decode(const JobSpec& spec, const std::vector<std::uint64_t>& sum) {
  return DecodeMetrics(spec, EncodingFor(spec, round::Purpose::kTrain, kCoordinates, 3).value(), sum, true);
}

TEST(HeadersTest, NamesAndBoundsAreThePlans) {
  const std::vector<secagg::Header> exact{{"eval_examples", 1000}, {"loss", 1ULL << 39}, {"accuracy", 1000}};
  EXPECT_EQ(ExtraHeaders(Spec(true), round::Purpose::kTrain, kCoordinates), exact);
  const std::vector<secagg::Header> weighted{{"loss", 1ULL << 39}, {"accuracy", 1ULL << 39}};
  EXPECT_EQ(ExtraHeaders(Spec(false), round::Purpose::kTrain, kCoordinates), weighted);
  JobSpec none = Spec(true);
  none.eval.metrics.clear();
  EXPECT_TRUE(ExtraHeaders(none, round::Purpose::kTrain, kCoordinates).empty());
  EXPECT_EQ(HeaderValues(none, WeightFor(none, 5), {}, std::nullopt).value(),
            (std::vector<std::uint64_t>{1, WeightFor(none, 5).omega}));
}

TEST(HeadersTest, ExactCountsGiveTheMeanOverAllExamples) {
  const JobSpec spec = Spec(true);
  const auto sum = SumOf(spec, {{10, {10, 5.0, 9}}, {1000, {990, 247.5, 495}}});
  EXPECT_EQ(sum[0], 2U);
  EXPECT_EQ(sum[2], 1000U);
  const auto metrics = Decode(spec, sum);
  ASSERT_EQ(metrics.size(), 2U);
  EXPECT_EQ(metrics[0].metric, static_cast<std::uint8_t>(Metric::kLoss));
  EXPECT_DOUBLE_EQ(metrics[0].value, 252.5 / 1000);
  EXPECT_DOUBLE_EQ(metrics[1].value, 504.0 / 1000);
  EXPECT_EQ(metrics[0].examples, 1000U);
}

TEST(HeadersTest, WithoutExactCountsMeansAreWeightedByOmega) {
  const JobSpec spec = Spec(false);
  const auto metrics = Decode(spec, SumOf(spec, {{250, {40, 20.0, 10}}, {750, {7, 7.0, 7}}}));
  EXPECT_NEAR(metrics[0].value, 0.25 * 0.5 + 0.75 * 1.0, 1e-8);
  EXPECT_NEAR(metrics[1].value, 0.25 * 0.25 + 0.75 * 1.0, 1e-8);
  EXPECT_EQ(metrics[0].examples, 0U) << "no count leaves the nations";
}

// Two nodes whose tokens stand for different numbers of bytes.
TEST(HeadersTest, BitsPerByteAreNatsPerByteInBits) {
  const double ln2 = std::numbers::ln2;
  for (const bool exact : {true, false}) {
    JobSpec spec = Spec(exact);
    spec.eval.metrics = {Metric::kBitsPerByte, Metric::kLoss};
    const auto metrics =
        Decode(spec, SumOf(spec, {{250, {100, 100 * 2 * ln2, 9, 100}}, {750, {300, 600 * ln2, 30, 1200}}}));
    ASSERT_EQ(metrics.size(), 2U);
    EXPECT_EQ(FigureName(static_cast<Figure>(metrics[0].metric)), "bits_per_byte");
    EXPECT_NEAR(metrics[0].value, exact ? 800.0 / 1300 : 0.25 * 2.0 + 0.75 * 0.5, 1e-6);
    EXPECT_NEAR(metrics[1].value, 2 * ln2, 1e-6);
  }
  JobSpec spec = Spec(true);
  spec.eval.metrics = {Metric::kBitsPerByte};
  const std::vector<secagg::Header> headers{
      {"eval_examples", 1000}, {"eval_bytes", 64'000}, {"bits_per_byte", 1ULL << 39}};
  EXPECT_EQ(ExtraHeaders(spec, round::Purpose::kTrain, kCoordinates), headers);
  EXPECT_EQ(HeaderValues(spec, WeightFor(spec, 5), {10, 1.0, 1, 64'001}, std::nullopt).status().error(),
            "update.too_many_examples");
}

TEST(HeadersTest, BitsPerByteOfNoTextAreTheWorstOrNone) {
  JobSpec spec = Spec(false);
  spec.eval.metrics = {Metric::kBitsPerByte};
  EXPECT_DOUBLE_EQ(Decode(spec, SumOf(spec, {{1000, {10, 5.0, 0, 0}}}))[0].value, kMaxLoss);
  spec.eval.exact = true;
  EXPECT_EQ(Decode(spec, SumOf(spec, {{1000, {10, 5.0, 0, 0}}}))[0].value, 0.0);
}

TEST(HeadersTest, ALossThatIsNoNumberCountsAsTheWorst) {
  for (const bool exact : {true, false}) {
    const JobSpec spec = Spec(exact);
    for (const double loss : {std::nan(""), std::numeric_limits<double>::infinity(), 1e300}) {
      const auto metrics = Decode(spec, SumOf(spec, {{1000, {10, loss, 0}}}));
      EXPECT_DOUBLE_EQ(metrics[0].value, kMaxLoss);
    }
    const auto metrics = Decode(spec, SumOf(spec, {{1000, {10, -5.0, 0}}}));
    EXPECT_EQ(metrics[0].value, 0.0);
  }
}

TEST(HeadersTest, ThePlanMayHaveTheClippedCoordinatesSummedFirst) {
  JobSpec spec = Spec(true);
  spec.update.report_clipped = true;
  const auto extras = ExtraHeaders(spec, round::Purpose::kTrain, kCoordinates);
  ASSERT_EQ(extras.size(), 4U);
  EXPECT_EQ(extras[0], (secagg::Header{"clipped", kCoordinates}));
  const secagg::Weight weight = WeightFor(spec, 1000);
  std::vector<std::uint64_t> sum(6);
  for (const std::uint64_t clipped : {0, 5000, 1000}) {
    const auto values = HeaderValues(spec, weight, {10, 5.0, 9}, clipped).value();
    ASSERT_EQ(values.size(), sum.size());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += values[i];
  }
  EXPECT_EQ(sum[2], 6000U);
  const auto figures = Decode(spec, sum);
  ASSERT_EQ(figures.size(), 3U);
  EXPECT_EQ(figures[2].metric, static_cast<std::uint8_t>(Figure::kClipped));
  EXPECT_DOUBLE_EQ(figures[2].value, 6000.0 / 15'000) << "of all coordinates of the three";
  EXPECT_DOUBLE_EQ(figures[1].value, 0.9) << "the others stay what they are";

  EXPECT_EQ(ExtraHeaders(spec, round::Purpose::kEvaluate, 1).size(), 3U) << "nothing is clipped there";
  EXPECT_EQ(HeaderValues(spec, weight, {10, 5.0, 9}, std::nullopt)->size(), 5U);
}

TEST(HeadersTest, AnEmptyHoldOutAddsNothing) {
  for (const bool exact : {true, false}) {
    const JobSpec spec = Spec(exact);
    const auto metrics = Decode(spec, SumOf(spec, {{1000, {}}}));
    EXPECT_EQ(metrics[0].value, 0.0);
    EXPECT_EQ(metrics[1].value, 0.0);
  }
}

TEST(HeadersTest, AHoldOutLargerThanThePlanAllowsIsRefusedWhenItWouldBeCounted) {
  const Evaluation large{1001, 1.0, 1};
  const auto refused = HeaderValues(Spec(true), WeightFor(Spec(true), 1), large, std::nullopt);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().error(), errors::kUpdateTooManyExamples.id);
  EXPECT_TRUE(HeaderValues(Spec(false), WeightFor(Spec(false), 1), large, std::nullopt).ok());
}

// Whatever a node measures, its headers fit the bounds that the sum is checked against.
TEST(HeadersTest, ValuesNeverExceedTheirBound) {
  for (const std::uint64_t w_max : {1ULL, 7ULL, 1000ULL, 60'000ULL, 4'294'967'295ULL}) {
    for (const bool exact : {true, false}) {
      JobSpec spec = Spec(exact);
      spec.update.max_examples = w_max;
      const auto extras = ExtraHeaders(spec, round::Purpose::kTrain, kCoordinates);
      for (const std::uint64_t examples : {std::uint64_t{0}, std::uint64_t{1}, w_max / 2, w_max}) {
        const Evaluation worst{examples, 1e308, examples};
        const auto values = HeaderValues(spec, WeightFor(spec, w_max), worst, std::nullopt);
        ASSERT_TRUE(values.ok());
        for (std::size_t i = 0; i < extras.size(); ++i)
          EXPECT_LE((*values)[2 + i], extras[i].max) << extras[i].name << " of " << w_max;
      }
    }
  }
}

TEST(HeadersTest, AnEvaluationSendsHeadersAndOneCoordinate) {
  const auto train = EncodingFor(Spec(true), round::Purpose::kTrain, 5000, 3);
  const auto evaluate = EncodingFor(Spec(true), round::Purpose::kEvaluate, 5000, 3);
  ASSERT_TRUE(train.ok() && evaluate.ok());
  EXPECT_EQ(train->coordinates, 5000U);
  EXPECT_EQ(evaluate->coordinates, 1U);
  EXPECT_EQ(evaluate->headers, train->headers);
  EXPECT_EQ(evaluate->Words(), 2U + 3U + 1U);
}

}  // namespace
}  // namespace accord::update
