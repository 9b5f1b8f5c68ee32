// Why the tags of FSA-1 carry pads (secagg.md 3): without them a coordinator that knows the sum z and its tag
// tau solves P_z(X) = tau, has alpha, and gives any sum a tag that every node believes. With them the same
// attack is blind (section 6, Break regression).
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "crypto/sha256.h"
#include "secagg/field61.h"
#include "secagg/keys.h"
#include "secagg/poly_mac.h"
#include "secagg/sum.h"
#include "tests/support/field61_roots.h"

namespace accord::secagg {
namespace {

using Words = std::vector<std::uint64_t>;

constexpr std::uint32_t kNodes = 5;

// What the nodes of a round share, and the coordinator does not know.
class Round {
 public:
  Round(std::uint64_t seed, std::uint64_t coordinates)
      : encoding_{.n = kNodes,
                  .bits = 16,
                  .field_bits = FieldBits(16, kNodes),
                  .coordinates = coordinates,
                  .clip = 1.0,
                  .w_max = 1,
                  .headers = {{"count", 1}, {"omega", kOmegaOne}}},
        mac_key_(crypto::Sha256::Of("context"), Dealt(seed)) {
    std::mt19937_64 random(seed);
    for (std::uint8_t i = 0; i < kNodes; ++i) {
      Words update(encoding_.Words());
      update[0] = 1;
      update[1] = kOmegaOne;
      for (std::uint64_t j = 0; j < coordinates; ++j) {
        update[2 + j / encoding_.FieldsPerWord()] |=
            random() % (2 * encoding_.Limit() + 1) << (j % encoding_.FieldsPerWord() * encoding_.field_bits);
      }
      const SecretPair value = ValueOf(update);
      pads_.push_back(mac_key_.Pad(NodeId{{i}}));
      const SecretPair padded = AddPad(value, pads_.back());
      sum_.resize(update.size());
      for (std::size_t w = 0; w < update.size(); ++w) sum_[w] += update[w];
      for (std::size_t c = 0; c < 2; ++c) {
        tau_[c] = FieldAdd(tau_[c], padded[c]);
        tau_without_pads_[c] = FieldAdd(tau_without_pads_[c], value[c]);
      }
    }
  }

  // What the coordinator sees.
  [[nodiscard]] const Encoding& encoding() const { return encoding_; }
  [[nodiscard]] const Words& sum() const { return sum_; }
  [[nodiscard]] TagPair tau(bool with_pads) const { return with_pads ? tau_ : tau_without_pads_; }

  // What a node says to a sum that is shown to it.
  [[nodiscard]] bool Believes(const Words& sum, const TagPair& tau, bool with_pads) const {
    return TagHolds(tau, ValueOf(sum),
                    with_pads ? std::span<const SecretPair>(pads_) : std::span<const SecretPair>());
  }

 private:
  static std::vector<crypto::ZeroizingBytes> Dealt(std::uint64_t seed) {
    std::vector<crypto::ZeroizingBytes> dealt;
    dealt.push_back(
        crypto::ZeroizingBytes::CopyOf(crypto::Sha256::Of("key of round " + std::to_string(seed)).bytes));
    return dealt;
  }
  [[nodiscard]] SecretPair ValueOf(const Words& words) const {
    PolyMac mac(encoding_, mac_key_.Alpha());
    mac.Add(0, words);
    return mac.Value();
  }

  Encoding encoding_;
  MacKey mac_key_;
  std::vector<SecretPair> pads_;
  Words sum_;
  TagPair tau_{};
  TagPair tau_without_pads_{};
};

// P_z - tau: sum_j Z_j X^(j+1) over headers and coordinates.
field61::Polynomial EquationOf(const Round& round, std::uint64_t tau) {
  const Encoding& encoding = round.encoding();
  field61::Polynomial equation{FieldSubtract(0, tau)};
  equation.insert(equation.end(), round.sum().begin(), round.sum().begin() + 2);
  Words fields(encoding.coordinates);
  UnpackFields(encoding, round.sum(), 0, fields);
  equation.insert(equation.end(), fields.begin(), fields.end());
  return equation;
}

// Adds one to the first coordinate of the sum and tries the tags that go with it, for every pair of roots: at
// one try each, since a node ends the attempt at the first false tag.
bool ForgesWithinTries(const Round& round, bool with_pads, std::size_t tries) {
  Words forged = round.sum();
  forged[2] += 1;
  const TagPair tau = round.tau(with_pads);
  for (const std::uint64_t first : field61::Roots(EquationOf(round, tau[0]))) {
    for (const std::uint64_t second : field61::Roots(EquationOf(round, tau[1]))) {
      if (tries-- == 0) return false;
      const TagPair matching{FieldAdd(tau[0], FieldPower(first, 3)), FieldAdd(tau[1], FieldPower(second, 3))};
      if (round.Believes(forged, matching, with_pads)) return true;
    }
  }
  return false;
}

struct MacWithoutPadsTest : testing::TestWithParam<std::uint64_t> {
  static constexpr std::uint64_t kRounds = 20;
  const std::size_t all = (GetParam() + 2) * (GetParam() + 2);  // pairs of roots, at most
};

TEST_P(MacWithoutPadsTest, HonestSumsAreBelievedEitherWay) {
  const Round round(0, GetParam());
  EXPECT_TRUE(round.Believes(round.sum(), round.tau(true), true));
  EXPECT_TRUE(round.Believes(round.sum(), round.tau(false), false));
  EXPECT_FALSE(round.Believes(round.sum(), round.tau(false), true));
}

TEST_P(MacWithoutPadsTest, RootsOfTheTagsEquationForgeASum) {
  std::uint64_t at_the_first_try = 0;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    const Round round(seed, GetParam());
    EXPECT_TRUE(ForgesWithinTries(round, false, all)) << "seed " << seed;
    at_the_first_try += ForgesWithinTries(round, false, 1) ? 1 : 0;
  }
  // A polynomial that has one root has one other on average, so the first guess of both points is right in
  // two of five rounds; in fewer than two of twenty with a probability below 1e-3.
  EXPECT_GE(at_the_first_try, 2U);
}

// Any alpha goes with some pad, so the roots mean nothing: a forgery passes with a probability of (D/p)^2 a
// try (2^-100 here).
TEST_P(MacWithoutPadsTest, WithPadsTheRootsForgeNothing) {
  std::uint64_t rounds_with_roots = 0;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    const Round round(seed, GetParam());
    rounds_with_roots += field61::Roots(EquationOf(round, round.tau(true)[0])).empty() ? 0 : 1;
    EXPECT_FALSE(ForgesWithinTries(round, true, all)) << "seed " << seed;
  }
  EXPECT_GT(rounds_with_roots, 0U);  // so it was tried
}

INSTANTIATE_TEST_SUITE_P(Coordinates, MacWithoutPadsTest, testing::Values(1, 7, 50),
                         [](const auto& param) { return "d" + std::to_string(param.param); });

}  // namespace
}  // namespace accord::secagg
