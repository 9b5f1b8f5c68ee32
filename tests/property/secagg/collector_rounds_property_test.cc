// Whole rounds in memory: whoever is lost, before whatever phase, the coordinator opens exactly the integer
// sum of the survivors, or names why it cannot and opens nothing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/support/secagg_federation.h"
#include "tests/support/secagg_light_round.h"

namespace accord::secagg {
namespace {

using fsa1::LightOptions;
using fsa1::LightRound;
using fsa1::Loss;
using fsa1::TestCollector;

std::set<std::size_t> Alive(const std::vector<Loss>& losses, Loss phase) {
  std::set<std::size_t> alive;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (losses[i] > phase) alive.insert(i);
  }
  return alive;
}

// What 2.5 and 7.7 say of a round in the full graph; empty for a sum.
std::string Expected(const Params& params, const std::vector<Loss>& losses, bool a_dealer_shared) {
  const Thresholds& need = params.thresholds;
  const auto count = [&](Loss phase) { return Alive(losses, phase).size(); };
  if (count(Loss::kAdvertise) < need.u_min) return "roster_too_small";
  if (count(Loss::kShares) < need.u_min) return "u2_too_small";
  if (!a_dealer_shared) return "no_dealer";
  if (count(Loss::kMasked) < need.u_min) return "u3_too_small";
  return count(Loss::kUnmask) < need.t ? "too_few_shares" : "";
}

bool ADealerShared(const LightRound& round, const std::vector<Loss>& losses) {
  const std::set<std::size_t> u1 = Alive(losses, Loss::kAdvertise);
  std::vector<NodeId> ids;
  for (const std::size_t i : u1) ids.push_back(round.Id(i));
  const std::vector<NodeId> dealers = Dealers(round.federation.ctx, ids);
  return std::ranges::any_of(Alive(losses, Loss::kShares), [&](std::size_t i) {
    return std::ranges::find(dealers, round.Id(i)) != dealers.end();
  });
}

void ExpectSum(LightRound& round, const fsa1::RoundEnd& end) {
  EXPECT_EQ(end.sum.words, round.federation.PlainSum(end.survivors));
  EXPECT_EQ(end.sum.tau, round.federation.PlainTagSum(end.survivors));
  EXPECT_TRUE(CheckSum(round.federation.params.encoding, end.sum.words,
                       static_cast<std::uint32_t>(end.survivors.size()))
                  .ok());
  EXPECT_TRUE(round.collector.held.empty());
}

// Runs a round and holds its end against what the rules say.
void RunAndCheck(const LightOptions& options, const std::vector<Loss>& losses) {
  LightRound round(options, losses);
  const fsa1::RoundEnd end = round.Run();
  const std::string expected = Expected(round.federation.params, losses, ADealerShared(round, losses));
  ASSERT_EQ(end.refusal ? end.refusal->Name() : "", expected);
  if (!end.refusal) {
    ExpectSum(round, end);
  } else {
    EXPECT_TRUE(end.sum.words.empty());
    // Nobody is asked for a share before there is a survivor set that may be summed.
    EXPECT_TRUE(expected == "too_few_shares" || round.collector.unmasks.empty());
  }
}

std::vector<Loss> PatternOf(std::size_t number, std::uint32_t n, std::size_t phases) {
  std::vector<Loss> losses;
  for (std::uint32_t i = 0; i < n; ++i, number /= phases) {
    const std::size_t phase = number % phases;
    losses.push_back(phase + 1 == phases ? Loss::kNever : static_cast<Loss>(phase));
  }
  return losses;
}

std::size_t Power(std::size_t base, std::uint32_t exponent) {
  std::size_t power = 1;
  for (; exponent > 0; --exponent) power *= base;
  return power;
}

std::size_t Choose(std::size_t n, std::size_t k) { return k == 0 ? 1 : Choose(n - 1, k - 1) * n / k; }

class MemberRoundsTest : public testing::TestWithParam<SecureMode> {};

// A round of real members up to P5, by sets of indexes; then every set of them answers.
class MemberRound {
 public:
  MemberRound(const fsa1::Federation::Options& options, const std::vector<Loss>& losses)
      : labs_(options), collector_(labs_.offer, labs_.registry), losses_(losses) {}

  void RunToUnmask() {
    const auto adverts = labs_.Open();
    for (const std::size_t i : Of(Loss::kAdvertise)) ASSERT_TRUE(collector_.TakeAdvert(Id(i), adverts[i]));
    collector_.CloseAdverts();
    for (const std::size_t i : Of(Loss::kShares)) {
      auto dealt = *labs_.labs[i].member->OnRoster(collector_.roster.adverts);
      ASSERT_TRUE(collector_.TakeShares(Id(i), std::get<SharesMessage>(dealt)));
    }
    collector_.CloseShares();
    for (const std::size_t i : Of(Loss::kMasked)) {
      fsa1::Lab& lab = labs_.labs[i];
      ASSERT_FALSE(lab.member->OnInbound(collector_.InboundOf(Id(i))));
      labs_.Seal(i);
      ASSERT_TRUE(collector_.TakeUpload(
          Id(i), {.chunks = lab.upload.chunks, .end = *lab.member->SealUpload(lab.upload.end)}));
    }
    collector_.CloseUploads();
    ASSERT_FALSE(EnoughU3(collector_.context, collector_.Sets()));
    Certify();
    for (const auto& [i, message] : unmask_) {
      ASSERT_TRUE(collector_.TakeUnmask(Id(i), message));
      checked_.emplace(i, std::move(collector_.unmasks.back()));
    }
    collector_.unmasks.clear();
    plain_sum_ = PlainSum();
  }

  // Whoever of the survivors is heard at the end.
  void ExpectSumOrTooFew(const std::set<std::size_t>& heard) {
    for (const std::size_t i : heard) collector_.unmasks.push_back(std::move(checked_.at(i)));
    const bool enough = heard.size() >= labs_.params.thresholds.t;
    EXPECT_EQ(StillMissing(collector_.context, collector_.Sets(), collector_.unmasks).empty(), enough);
    const auto sum = collector_.Open();
    ASSERT_EQ(sum.ok(), enough);
    if (enough) {
      EXPECT_EQ(sum->words, plain_sum_);
    } else {
      EXPECT_EQ(sum.refusal().Name(), "too_few_shares");
    }
    for (const std::size_t i : heard) {
      checked_.at(i) = std::move(collector_.unmasks.front());
      collector_.unmasks.erase(collector_.unmasks.begin());
    }
  }

  // Whoever of them is heard with its signature, on the set or on the sum.
  void ExpectCertificateOrNone(const BodiesByNode& signatures) {
    for (std::size_t heard = 0; heard < Power(2, static_cast<std::uint32_t>(signatures.size())); ++heard) {
      BodiesByNode some;
      for (std::size_t bit = heard; const auto& [id, message] : signatures) {
        if ((bit & 1) != 0) some.emplace(id, message);
        bit >>= 1;
      }
      const auto certificate = CertifyU3(collector_.context, some);
      const bool enough = some.size() >= labs_.params.thresholds.t;
      ASSERT_EQ(certificate.ok(), enough);
      if (enough) {
        EXPECT_EQ(certificate->size(), some.size());
      } else {
        EXPECT_EQ(certificate.refusal().Name(), "no_certificate");
      }
    }
  }

  // The members check it, tags and all, and commit to it.
  void ExpectCommit() {
    for (auto& [i, checked] : checked_) collector_.unmasks.push_back(std::move(checked));
    const auto sum = collector_.Open();
    ASSERT_TRUE(sum.ok());
    for (const std::size_t i : Of(Loss::kMasked)) {
      const auto z = labs_.labs[i].member->OnResult(collector_.ResultOf(*sum));
      ASSERT_TRUE(z.ok()) << z.refusal().status.message();
      ASSERT_TRUE(collector_.TakeZ(Id(i), *z, sum->root));
    }
    ExpectCertificateOrNone(collector_.u3_signatures);
    ExpectCertificateOrNone(collector_.zs);
    const auto certificate = *CertifyResult(collector_.context, collector_.zs);
    for (const std::size_t i : Of(Loss::kMasked)) {
      Member& member = *labs_.labs[i].member;
      EXPECT_FALSE(member.OnResultCertificate(collector_.u3.hash, sum->root, certificate));
      EXPECT_EQ(member.state(), MemberState::kCommitted);
    }
    EXPECT_TRUE(collector_.held.empty());
  }

  [[nodiscard]] std::vector<std::size_t> Survivors() const {
    const auto set = Of(Loss::kMasked);
    return {set.begin(), set.end()};
  }

 private:
  // P4 in malicious mode, of the t first signatures; without it Survivors is answered by Unmask.
  void Certify() {
    const bool certified = labs_.offer.mode == SecureMode::kMalicious;
    BodiesByNode first;
    for (const std::size_t i : Of(Loss::kMasked)) {
      const auto answer = labs_.labs[i].member->OnSurvivors(collector_.u2.hash, collector_.u3.ends);
      ASSERT_TRUE(answer.ok() && *answer);
      if (!certified) unmask_[i] = (*answer)->answer;
      if (!certified) continue;
      ASSERT_TRUE(collector_.TakeU3(Id(i), (*answer)->answer));
      if (first.size() < labs_.params.thresholds.t) first[Id(i)] = (*answer)->answer;
    }
    if (!certified) return;
    const auto certificate = *CertifyU3(collector_.context, first);
    for (const std::size_t i : Of(Loss::kMasked)) {
      unmask_[i] = *labs_.labs[i].member->OnCertificate(collector_.u3.hash, certificate);
    }
  }

  [[nodiscard]] std::vector<std::uint64_t> PlainSum() {
    std::vector<std::uint64_t> sum(labs_.params.encoding.Words());
    for (const std::size_t i : Of(Loss::kMasked)) {
      std::vector<std::uint64_t> words(sum.size());
      Encoder encoder = labs_.EncoderOf(labs_.labs[i]);
      encoder.Encode(0, words);
      for (std::size_t w = 0; w < sum.size(); ++w) sum[w] += words[w];
    }
    return sum;
  }

  [[nodiscard]] std::set<std::size_t> Of(Loss phase) const { return Alive(losses_, phase); }
  [[nodiscard]] const NodeId& Id(std::size_t i) const { return labs_.labs[i].id; }

  fsa1::Federation labs_;
  TestCollector collector_;
  std::vector<Loss> losses_;
  std::map<std::size_t, SignedBody> unmask_;
  std::map<std::size_t, CheckedUnmask> checked_;
  std::vector<std::uint64_t> plain_sum_;
};

TEST_P(MemberRoundsTest, EveryPatternOfLossesOfUpToFiveNodesEndsInTheSumOrByName) {
  // Both modes run one code, so five nodes, the most of all patterns, go through the one with all phases.
  const std::uint32_t more = std::getenv("ACCORD_NIGHTLY") != nullptr ? 1 : 0;  // six nodes: minutes
  const std::uint32_t most = GetParam() == SecureMode::kMalicious ? 5 + more : 4;
  std::size_t sums = 0, expected = 0;
  for (std::uint32_t n = 3; n <= most; ++n) {
    const std::uint32_t u_min = Thresholds::Of(n, 0, GetParam()).u_min;
    for (std::uint32_t alive = u_min; alive <= n; ++alive) expected += Choose(n, alive) * Power(3, n - alive);
    for (std::size_t number = 0; number < Power(4, n); ++number) {  // lost before P1, P2, P3, or later
      const std::vector<Loss> losses = PatternOf(number, n, 4);
      SCOPED_TRACE("n " + std::to_string(n) + ", pattern " + std::to_string(number));
      if (Alive(losses, Loss::kMasked).size() < u_min) {
        RunAndCheck({.n = n, .mode = GetParam()}, losses);
        continue;
      }
      MemberRound round({.n = n, .mode = GetParam()}, losses);
      ASSERT_NO_FATAL_FAILURE(round.RunToUnmask());
      const std::vector<std::size_t> survivors = round.Survivors();
      for (std::size_t heard = 0; heard < Power(2, static_cast<std::uint32_t>(survivors.size())); ++heard) {
        std::set<std::size_t> set;
        for (std::size_t s = 0; s < survivors.size(); ++s) {
          if ((heard >> s & 1) != 0) set.insert(survivors[s]);
        }
        ASSERT_NO_FATAL_FAILURE(round.ExpectSumOrTooFew(set));
      }
      ASSERT_NO_FATAL_FAILURE(round.ExpectCommit());
      ++sums;
    }
  }
  EXPECT_EQ(sums, expected);
}

INSTANTIATE_TEST_SUITE_P(Modes, MemberRoundsTest,
                         testing::Values(SecureMode::kMalicious, SecureMode::kSemiHonest),
                         [](const auto& param) {
                           return param.param == SecureMode::kMalicious ? "malicious" : "semi_honest";
                         });

TEST(CollectorRoundsPropertyTest, RandomLossesOfUpToTwelveNodesEndInTheSumOrByName) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed + 1);
    const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() >> 8) % limit; };
    LightOptions options{.n = 3 + below(10),
                         .mode = below(2) == 0 ? SecureMode::kMalicious : SecureMode::kSemiHonest};
    options.corrupt = below(1 + options.n / 3);
    std::vector<Loss> losses(options.n, Loss::kNever);
    for (Loss& loss : losses) {
      if (below(5) == 0) loss = static_cast<Loss>(below(4));
    }
    ASSERT_NO_FATAL_FAILURE(RunAndCheck(options, losses));
  }
}

TEST(CollectorRoundsPropertyTest, TheSumIsThePlainIntegerSumForEveryWidthAndLength) {
  constexpr std::uint32_t kChunk = 8;  // words
  for (const std::uint32_t n : {3U, 5U, 10U}) {
    for (const std::uint32_t bits : {8U, 12U, 16U, 24U}) {
      const std::uint64_t per_word = 64 / FieldBits(bits, n);
      const std::uint64_t chunk = kChunk * per_word;
      for (const std::uint64_t d : {std::uint64_t{1}, chunk - 1, chunk, chunk + 1, std::uint64_t{997}}) {
        SCOPED_TRACE("n " + std::to_string(n) + ", b " + std::to_string(bits) + ", d " + std::to_string(d));
        std::vector<Loss> losses(n, Loss::kNever);
        if (n > 3) losses[1] = Loss::kMasked;
        LightRound round({.n = n, .bits = bits, .coordinates = d, .chunk_words = kChunk}, losses);
        const fsa1::RoundEnd end = round.Run(2, 5);
        ASSERT_FALSE(end.refusal);
        ExpectSum(round, end);
      }
    }
  }
}

TEST(CollectorRoundsPropertyTest, ThreadsTilesAndOrderDoNotChangeTheSum) {
  const std::vector<Loss> losses = {Loss::kShares, Loss::kMasked, Loss::kUnmask};
  LightRound round({.n = 8, .coordinates = 5000, .chunk_words = 64}, losses);
  const fsa1::RoundEnd end = round.Run();
  ASSERT_FALSE(end.refusal);
  ExpectSum(round, end);
  std::minstd_rand random(5);
  for (const unsigned threads : {1U, 2U, 5U}) {
    for (const std::size_t tile : {33, 512, 100'000}) {
      std::ranges::shuffle(round.collector.unmasks, random);
      const auto again = round.collector.Open(threads, tile);
      ASSERT_TRUE(again.ok());
      EXPECT_EQ(again->words, end.sum.words);
      EXPECT_EQ(again->tau, end.sum.tau);
      EXPECT_EQ(again->root, end.sum.root);
    }
  }
}

TEST(CollectorRoundsPropertyTest, FiftyNodesWithLossesInEveryPhase) {
  const std::vector<Loss> losses = {Loss::kAdvertise, Loss::kShares, Loss::kMasked, Loss::kMasked,
                                    Loss::kUnmask,    Loss::kUnmask, Loss::kNever};
  LightRound round({.n = 50, .corrupt = 10}, losses);
  const fsa1::RoundEnd end = round.Run();
  ASSERT_FALSE(end.refusal);
  ExpectSum(round, end);
}

TEST(CollectorRoundsPropertyTest, TheNeighbourGraphOf210NodesWithLosses) {
  const auto graph = SmallestGraph({.n = 210, .corrupt = 10, .dropped = 10, .mode = SecureMode::kMalicious});
  ASSERT_TRUE(graph);
  std::vector<Loss> losses(210, Loss::kNever);
  for (std::size_t i = 0; i < 9; ++i) {
    losses[i * 23] = std::array{Loss::kShares, Loss::kMasked, Loss::kUnmask}[i % 3];
  }
  LightRound round({.n = 210, .corrupt = 10, .graph = graph}, losses);
  const fsa1::RoundEnd end = round.Run();
  ASSERT_FALSE(end.refusal) << end.refusal->status.message();
  ExpectSum(round, end);
}

}  // namespace
}  // namespace accord::secagg
