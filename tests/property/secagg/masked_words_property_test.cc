// What the coordinator sees of one node says nothing about its input: masked words of any fixed input are
// uniform, independent of other rounds and other nodes, and no classifier tells one input from another
// (secagg.md section 6, Statistical). Each test is also shown words that are not so, and must reject them.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/secagg_masked.h"
#include "tests/support/uniformity.h"

namespace accord::secagg {
namespace {

using fsa1::Input;
using fsa1::MaskedFederation;
using fsa1::Words;

constexpr std::uint32_t kNodes = 5;
constexpr std::uint64_t kCoordinates = 120'000;  // 40,000 words: 156 in each cell of a byte
const std::set<std::string> kUniformFamilies{"bits", "bytes", "kolmogorov", "serial"};

std::string Name(Input input) {
  static constexpr const char* kNames[] = {"lowest", "zero", "highest", "gradient", "other_gradient"};
  return kNames[static_cast<std::size_t>(input)];
}

class MaskedWordsTest : public testing::TestWithParam<Input> {
 protected:
  MaskedFederation masked_{kNodes, 1, kCoordinates};
};

TEST_P(MaskedWordsTest, AreUniformAndIndependentOfOtherNodesAndRounds) {
  std::vector<Words> uploads;  // of two rounds
  for (std::uint64_t round = 1; round <= 2; ++round) {
    masked_.Begin(round);
    for (std::size_t i = 0; i < kNodes; ++i) uploads.push_back(masked_.Masked(i, GetParam()));
  }
  for (std::size_t a = 0; a < uploads.size(); ++a) {
    SCOPED_TRACE("round " + std::to_string(1 + a / kNodes) + ", node " + std::to_string(a % kNodes));
    statistics::ExpectLikely(statistics::Uniform(uploads[a]));
    for (std::size_t b = 0; b < a; ++b) {
      SCOPED_TRACE("with round " + std::to_string(1 + b / kNodes) + ", node " + std::to_string(b % kNodes));
      statistics::ExpectLikely(statistics::Independent(uploads[a], uploads[b]));
    }
  }
}

TEST_P(MaskedWordsTest, WithoutMasksEveryFamilyOfStatisticsRejectsThem) {
  masked_.Begin(1);
  EXPECT_EQ(statistics::Rejected(statistics::Uniform(masked_.Plain(0, GetParam()))), kUniformFamilies);
}

// The two-time pad that 2.9 forbids: each upload alone looks perfect, both together do not.
TEST_P(MaskedWordsTest, TwoInputsUnderOneMaskAreSeenToBelongTogether) {
  masked_.Begin(1);
  const Words one = masked_.Masked(0, GetParam());
  const Words other = masked_.Masked(0, GetParam() == Input::kZero ? Input::kGradient : Input::kZero);
  statistics::ExpectLikely(statistics::Uniform(one));
  statistics::ExpectLikely(statistics::Uniform(other));
  EXPECT_EQ(statistics::Rejected(statistics::Independent(one, other)),
            (std::set<std::string>{"correlation", "difference"}));
}

INSTANTIATE_TEST_SUITE_P(Inputs, MaskedWordsTest,
                         testing::Values(Input::kLowest, Input::kZero, Input::kHighest, Input::kGradient),
                         [](const auto& param) { return Name(param.param); });

// A classifier learns words of one input and of another from two rounds, and is asked about two others.
class TwoInputsTest : public testing::TestWithParam<std::pair<Input, Input>> {
 protected:
  // The words of all nodes in another round; every `bare`th word without masks, if that is not 0.
  Words NextRound(Input input, std::size_t bare = 0) {
    masked_.Begin(++round_);
    Words all;
    for (std::size_t i = 0; i < kNodes; ++i) {
      Words words = masked_.Masked(i, input);
      const Words plain = masked_.Plain(i, input);
      for (std::size_t w = 0; bare != 0 && w < words.size(); w += bare) words[w] = plain[w];
      all.insert(all.end(), words.begin(), words.end());
    }
    return all;
  }
  // How well a classifier does that has seen one round of each input, on another of each.
  statistics::Finding Guess(std::size_t bare = 0) {
    const Words seen[] = {NextRound(GetParam().first, bare), NextRound(GetParam().second, bare)};
    const Words asked[] = {NextRound(GetParam().first, bare), NextRound(GetParam().second, bare)};
    const double area =
        statistics::AreaUnderCurve(statistics::ByteClassifier(seen[0], seen[1]), asked[0], asked[1]);
    const auto n = static_cast<double>(asked[0].size());
    return statistics::GuessFinding(area, n, n);
  }

  MaskedFederation masked_{kNodes, 1, kCoordinates / 2};
  std::uint64_t round_ = 0;
};

TEST_P(TwoInputsTest, CannotBeToldApart) { statistics::ExpectLikely({Guess()}); }

TEST_P(TwoInputsTest, AreToldApartWhereOneWordInFourHasNoMask) {
  EXPECT_EQ(statistics::Rejected({Guess(4)}), std::set<std::string>{"classifier"});
}

INSTANTIATE_TEST_SUITE_P(Inputs, TwoInputsTest,
                         testing::Values(std::pair(Input::kLowest, Input::kHighest),
                                         std::pair(Input::kZero, Input::kGradient),
                                         std::pair(Input::kGradient, Input::kOtherGradient)),
                         [](const auto& param) {
                           return Name(param.param.first) + "_and_" + Name(param.param.second);
                         });

}  // namespace
}  // namespace accord::secagg
