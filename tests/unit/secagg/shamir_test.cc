#include "secagg/shamir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

using fsa1::Hex;
using fsa1::ToHex;

std::vector<std::uint32_t> Upto(std::uint32_t n) {
  std::vector<std::uint32_t> xs(n);
  std::iota(xs.begin(), xs.end(), 1U);
  return xs;
}

std::vector<DealtShare> Split(const Bytes& secret, const Bytes& seed, std::uint32_t t,
                              const std::vector<std::uint32_t>& xs, std::uint32_t dealer = 0) {
  return SplitSecret({.secret = secret, .coefficient_seed = seed, .threshold = t, .dealer_x = dealer}, xs);
}

std::vector<IndexedShare> Views(const std::vector<DealtShare>& shares) {
  std::vector<IndexedShare> views;
  for (const DealtShare& share : shares) views.push_back({share.x, share.share.view()});
  return views;
}

TEST(ShamirTest, MatchesTheFrozenShares) {
  const nlohmann::json vectors = fsa1::Load("shamir.json");
  for (const auto& c : vectors["cases"]) {
    const Bytes secret = Hex(c["secret"]);
    const Bytes seed = Hex(c["coef_seed"]);
    for (const auto& [x, want] : c["shares"].items()) {
      const auto shares = Split(secret, seed, c["t"], {static_cast<std::uint32_t>(std::stoul(x))});
      ASSERT_EQ(shares.size(), 1U);
      EXPECT_EQ(ToHex(shares[0].share.view()), want) << "x = " << x;
    }
  }
}

TEST(ShamirTest, RecoversTheFrozenSecrets) {
  const nlohmann::json vectors = fsa1::Load("shamir.json");
  for (const auto& c : vectors["cases"]) {
    const std::uint32_t t = c["t"];
    std::vector<std::uint32_t> from;
    if (c["recover_from"].is_array()) {
      from = c["recover_from"].get<std::vector<std::uint32_t>>();
    } else {  // the last t of 200
      ASSERT_EQ(c["recover_from"], "last t");
      for (std::uint32_t x = 201 - t; x <= 200; ++x) from.push_back(x);
    }
    const auto shares = Split(Hex(c["secret"]), Hex(c["coef_seed"]), t, from);
    const auto secret = RecoverSecret(t, Views(shares));
    ASSERT_TRUE(secret.ok());
    EXPECT_EQ(ToHex(secret->view()), c["recovered"]);
  }
}

TEST(ShamirTest, RecoversFromTheFrozenSharesThemselves) {
  const nlohmann::json vectors = fsa1::Load("shamir.json");
  for (const auto& c : vectors["cases"]) {
    if (!c["recover_from"].is_array()) continue;  // that case gives a few of its shares only
    std::vector<Bytes> bytes;
    std::vector<IndexedShare> shares;
    for (const std::uint32_t x : c["recover_from"]) bytes.push_back(Hex(c["shares"][std::to_string(x)]));
    for (std::size_t i = 0; i < bytes.size(); ++i) shares.push_back({c["recover_from"][i], bytes[i]});
    EXPECT_EQ(ToHex(RecoverSecret(c["t"], shares)->view()), c["recovered"]);
  }
}

TEST(ShamirTest, NamesTheFrozenBadCases) {
  const nlohmann::json vectors = fsa1::Load("shamir.json");
  for (const auto& bad : vectors["bad"]) {
    const std::string want = "secagg." + bad["error"].get<std::string>();
    if (bad.contains("share")) {
      EXPECT_EQ(CheckShare(Hex(bad["share"])).error(), want) << bad["what"];
      const Bytes share = Hex(bad["share"]);
      const std::array<IndexedShare, 1> one{{{1, share}}};
      EXPECT_EQ(RecoverSecret(1, one).status().error(), want) << bad["what"];
    } else {
      const auto limbs = bad["limbs"].get<std::array<std::uint64_t, 5>>();
      EXPECT_EQ(JoinLimbs(limbs).status().error(), want) << bad["what"];
    }
  }
}

TEST(ShamirTest, LimbsOfTheFrozenSecretsJoinAgain) {
  const nlohmann::json vectors = fsa1::Load("shamir.json");
  for (const auto& c : vectors["cases"]) {
    const auto limbs = c["limbs"].get<std::array<std::uint64_t, 5>>();
    EXPECT_EQ(ToHex(JoinLimbs(limbs)->view()), c["secret"]);
  }
}

TEST(ShamirTest, ALimbOfAShareMayBeAnythingBelowP) {
  Bytes share(40, 0);
  EXPECT_TRUE(CheckShare(share).ok());
  for (std::size_t limb = 0; limb < 5; ++limb) {
    for (const char* const bad :
         {"1fffffffffffffff", "2000000000000000", "8000000000000000", "ffffffffffffffff"}) {
      Bytes altered = share;
      std::ranges::copy(Hex(bad), altered.begin() + static_cast<std::ptrdiff_t>(8 * limb));
      EXPECT_EQ(CheckShare(altered).error(), "secagg.bad_share") << bad;
    }
    Bytes most = share;
    std::ranges::copy(Hex("1ffffffffffffffe"), most.begin() + static_cast<std::ptrdiff_t>(8 * limb));
    EXPECT_TRUE(CheckShare(most).ok());
  }
  EXPECT_EQ(CheckShare(ByteView(share).first(39)).error(), "secagg.bad_share");
}

TEST(ShamirTest, TheDealersOwnShareIsNeverMade) {
  const auto shares = Split(Bytes(32, 1), Bytes(32, 2), 3, Upto(5), 2);
  std::vector<std::uint32_t> xs;
  for (const DealtShare& share : shares) xs.push_back(share.x);
  EXPECT_EQ(xs, (std::vector<std::uint32_t>{1, 3, 4, 5}));
}

TEST(ShamirTest, FewerSharesThanTheThresholdAreRefused) {
  const auto shares = Split(Bytes(32, 1), Bytes(32, 2), 4, Upto(3));
  EXPECT_EQ(RecoverSecret(4, Views(shares)).status().error(), "secagg.too_few_shares");
}

TEST(ShamirTest, AnAlteredShareGivesAnotherSecretOrNone) {
  const Bytes secret(32, 0xA5);
  const auto shares = Split(secret, Bytes(32, 2), 3, Upto(3));
  for (std::size_t byte = 0; byte < kShareBytes; ++byte) {
    Bytes altered(shares[1].share.view().begin(), shares[1].share.view().end());
    altered[byte] ^= 1;
    auto views = Views(shares);
    views[1].share = altered;
    const auto recovered = RecoverSecret(3, views);
    EXPECT_TRUE(!recovered.ok() || ToHex(recovered->view()) != ToHex(secret)) << byte;
  }
}

}  // namespace
}  // namespace accord::secagg
