// The coordinator with T corrupt nodes, all but two honest: the sum of the two honest inputs is what they
// get, as they must, and beyond it nothing. What is left of one honest upload once all that they know is
// taken away is uniform, whatever the input; the other one follows from it and the sum (secagg.md section 6,
// Statistical). So their difference is not recoverable either.
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "secagg/recover.h"
#include "tests/support/secagg_colluder.h"
#include "tests/support/secagg_masked.h"
#include "tests/support/uniformity.h"

namespace accord::secagg {
namespace {

using fsa1::Input;
using fsa1::MaskedFederation;
using fsa1::Words;

constexpr std::uint32_t kNodes = 5;
constexpr std::uint32_t kCorrupt = 3;
constexpr std::size_t kHonest[] = {1, 3};
constexpr std::uint64_t kCoordinates = 120'000;  // 40,000 words

// A round of five in which the nodes 1 and 3 are honest and have these inputs, up to the unmasking.
class CorruptRound {
 public:
  CorruptRound(std::uint64_t round, std::pair<Input, Input> inputs)
      : masked_(kNodes, kCorrupt, kCoordinates) {
    masked_.Begin(round);
    auto& federation = masked_.federation;
    for (std::size_t i = 0; i < kNodes; ++i) {
      const Input input = i == kHonest[0] ? inputs.first : i == kHonest[1] ? inputs.second : Input::kZero;
      plain_.push_back(masked_.Plain(i, input));
      uploads_.push_back(masked_.Masked(i, input));
      if (!federation.labs[i].member->SealUpload(federation.labs[i].upload.end).ok())
        throw std::runtime_error("an honest upload was refused");
    }
    unmasks_ = federation.Unmasks(federation.All());
  }

  // The upload of node `of` without the masks that the coordinator knows with the help of `corrupt`: the own
  // one, which every survivor opens, and those shared with the corrupt.
  [[nodiscard]] Words Residue(std::size_t of, const std::set<std::size_t>& corrupt) const {
    const auto& federation = masked_.federation;
    const Digest ctx = federation.Context();
    const NodeId& id = federation.labs[of].id;
    OpenedMasks masks;
    masks.Add(SelfMaskKeys(ctx, unmasks_[of].self_seed.view(), id), MaskSign::kSubtract);
    for (const std::size_t other : corrupt) {
      const NodeId& peer = federation.labs[other].id;
      const auto key = fsa1::MaskKeyOf(federation, other);
      masks.Add(*PairMaskKeys(ctx, {.id = peer, .key = key}, {.id = id, .key = AdvertOf(of).mask_key}),
                Opposite(SignOf(id, peer)));
    }
    Words words = uploads_[of];
    MaskSet(masks.DataKeys()).Apply(0, words);
    return words;
  }

  [[nodiscard]] const Words& plain(std::size_t i) const { return plain_[i]; }
  [[nodiscard]] const std::vector<Unmask>& unmasks() const { return unmasks_; }
  [[nodiscard]] const Params& params() const { return masked_.federation.params; }

 private:
  [[nodiscard]] Advertise AdvertOf(std::size_t i) const {
    return *Advertise::Parse(masked_.federation.labs[i].member->Advertise().body);
  }

  MaskedFederation masked_;
  std::vector<Words> plain_;
  std::vector<Words> uploads_;
  std::vector<Unmask> unmasks_;
};

const std::set<std::size_t> kColluders{0, 2, 4};

Words Sum(const Words& a, const Words& b) {
  Words sum(a.size());
  for (std::size_t w = 0; w < sum.size(); ++w) sum[w] = a[w] + b[w];
  return sum;
}

class ColludersTest : public testing::TestWithParam<std::pair<Input, Input>> {};

TEST_P(ColludersTest, GetTheSumOfTheTwoHonestInputsAndUniformWordsBesides) {
  const CorruptRound round(1, GetParam());
  const Words first = round.Residue(kHonest[0], kColluders);
  const Words second = round.Residue(kHonest[1], kColluders);
  const Words sum = Sum(round.plain(kHonest[0]), round.plain(kHonest[1]));
  EXPECT_EQ(Sum(first, second), sum);
  for (const Words* residue : {&first, &second}) {
    statistics::ExpectLikely(statistics::Uniform(*residue));
    // Nor does it follow the inputs: what is left when one of them, or the sum, is guessed right is uniform
    // too.
    for (const Words* guess : {&round.plain(kHonest[0]), &round.plain(kHonest[1]), &sum}) {
      Words less(residue->size());
      for (std::size_t w = 0; w < less.size(); ++w) less[w] = (*residue)[w] - (*guess)[w];
      statistics::ExpectLikely(statistics::Uniform(less));
    }
  }
}

// One corrupt node more knows the last mask: the same words are then the input itself, and no statistic takes
// them for uniform.
TEST_P(ColludersTest, WouldOpenAnInputIfTheOtherHonestNodeJoinedThem) {
  const CorruptRound round(1, GetParam());
  std::set<std::size_t> all_but_one = kColluders;
  all_but_one.insert(kHonest[1]);
  const Words opened = round.Residue(kHonest[0], all_but_one);
  EXPECT_EQ(opened, round.plain(kHonest[0]));
  EXPECT_EQ(statistics::Rejected(statistics::Uniform(opened)),
            (std::set<std::string>{"bits", "bytes", "kolmogorov", "serial"}));
}

// The sum of (x, x') is that of (x', x). A classifier that learned what is left of the first node's words in
// one case and in the other cannot say which case a new round is.
TEST_P(ColludersTest, CannotTellWhichHonestNodeHadWhichInput) {
  const Input x = GetParam().first;
  const Input y = GetParam().second;
  const auto residue = [](std::uint64_t round, std::pair<Input, Input> inputs, const auto& corrupt) {
    return CorruptRound(round, inputs).Residue(kHonest[0], corrupt);
  };
  const auto area = [&](const std::set<std::size_t>& corrupt) {
    const statistics::ByteClassifier classifier(residue(1, {x, y}, corrupt), residue(2, {y, x}, corrupt));
    return statistics::AreaUnderCurve(classifier, residue(3, {x, y}, corrupt), residue(4, {y, x}, corrupt));
  };
  const double n = static_cast<double>(CorruptRound(1, {x, y}).params().encoding.Words());
  statistics::ExpectLikely({statistics::GuessFinding(area(kColluders), n, n)});
  std::set<std::size_t> all_but_one = kColluders;
  all_but_one.insert(kHonest[1]);
  EXPECT_FALSE(statistics::Rejected({statistics::GuessFinding(area(all_but_one), n, n)}).empty());
}

INSTANTIATE_TEST_SUITE_P(Inputs, ColludersTest,
                         testing::Values(std::pair(Input::kLowest, Input::kHighest),
                                         std::pair(Input::kGradient, Input::kOtherGradient)),
                         [](const auto& param) { return param.index == 0 ? "extremes" : "gradients"; });

// The other way to the last mask: the seeds that it comes from. Everybody survives, so no share of any m is
// asked for, and the corrupt hold T < t of them.
TEST(ColludersSharesTest, HoldTooFewSharesOfTheMaskSeedsOfHonestNodes) {
  const CorruptRound round(1, {Input::kLowest, Input::kHighest});
  for (const Unmask& unmask : round.unmasks()) {
    for (const Unmask::Share& share : unmask.shares) EXPECT_EQ(share.kind, ShareKind::kSelf);
  }
  EXPECT_GT(round.params().ShareThreshold(), kCorrupt);

  MaskedFederation masked(kNodes, kCorrupt, 7);
  masked.Begin(1);
  for (const std::size_t honest : kHonest) {
    std::vector<crypto::ZeroizingBytes> dealt;
    std::vector<IndexedShare> shares;
    for (const std::size_t corrupt : kColluders) {
      dealt.push_back(fsa1::SharesOfColluder(masked.federation, corrupt, honest));
      shares.push_back({static_cast<std::uint32_t>(corrupt + 1), SplitShares(dealt.back().view())->share_m});
    }
    const auto& threshold = masked.federation.params.ShareThreshold();
    EXPECT_EQ(RecoverSecret(threshold, shares).status().error(), "secagg.too_few_shares");
    // Interpolated all the same, they give no secret, or one that is not behind the advertised key.
    const auto guess = RecoverSecret(kCorrupt, shares);
    const auto advert = *Advertise::Parse(masked.federation.labs[honest].member->Advertise().body);
    EXPECT_TRUE(!guess.ok() || MaskKeyPair(guess->view()).PublicKey() != advert.mask_key);
  }
}

}  // namespace
}  // namespace accord::secagg
