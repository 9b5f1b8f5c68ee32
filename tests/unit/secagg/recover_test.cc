#include "secagg/recover.h"

#include <gtest/gtest.h>

#include "tests/support/secagg_light_round.h"

namespace accord::secagg {
namespace {

using fsa1::LightNode;
using fsa1::LightRound;
using fsa1::Loss;

// n = 5, T = 0: t = u_min = 3. Nodes 3 and 4 are lost after they shared.
std::vector<Loss> TwoDropped() {
  return {Loss::kNever, Loss::kNever, Loss::kNever, Loss::kMasked, Loss::kMasked};
}

TEST(RecoverTest, NamesEverySecretThatIsNotOpenYetAndHowManySharesItLacks) {
  LightRound round({}, TwoDropped());
  ASSERT_FALSE(round.RunToUnmask());
  auto& collector = round.collector;
  const auto missing = [&] { return StillMissing(collector.context, collector.Sets(), collector.unmasks); };
  ASSERT_EQ(missing().size(), 5U);
  for (std::uint32_t taken = 1; taken <= 2; ++taken) {
    collector.TakeUnmask(round.Id(taken), round.federation.Reveal(taken, collector.Sets()));
    // Of node 0, of the survivors whose b is not in the clear yet, and of both that dropped out.
    ASSERT_EQ(missing().size(), 5U - taken);
    EXPECT_EQ(missing().front().dealer, round.Id(0));
    EXPECT_EQ(missing().front().kind, ShareKind::kSelf);
    EXPECT_EQ(missing().front().have, taken);
    EXPECT_EQ(missing().front().want, 3U);
    EXPECT_EQ(missing().back().dealer, round.Id(4));
    EXPECT_EQ(missing().back().kind, ShareKind::kMask);
    EXPECT_EQ(missing().back().have, taken);
    const auto refused = Recover(collector.context, collector.Sets(), collector.unmasks);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.refusal().Name(), "too_few_shares");
    EXPECT_EQ(refused.refusal().concerns, round.Id(0));
    EXPECT_EQ(BlameOf(refused.refusal()), Blame::kNobody);
  }
  collector.TakeUnmask(round.Id(0), round.federation.Reveal(0, collector.Sets()));
  EXPECT_TRUE(missing().empty());
  EXPECT_TRUE(Recover(collector.context, collector.Sets(), collector.unmasks).ok());
}

TEST(RecoverTest, OpensOneMaskOfEachSurvivorAndOneOfEachPairWithANodeThatDroppedOut) {
  LightRound round({}, TwoDropped());
  ASSERT_FALSE(round.Run().refusal);
  const auto& collector = round.collector;
  const auto masks = Recover(collector.context, collector.Sets(), collector.unmasks);
  EXPECT_EQ(masks->size(), 3U + 2U * 3U);
  EXPECT_EQ(masks->DataKeys().size(), masks->size());
  EXPECT_EQ(masks->TagKeys().size(), masks->size());
}

TEST(RecoverTest, ANodeLostBeforeItSharedLeavesNoMask) {
  LightRound round({}, {Loss::kShares, Loss::kAdvertise});
  ASSERT_FALSE(round.Run().refusal);
  const auto& collector = round.collector;
  EXPECT_EQ(Recover(collector.context, collector.Sets(), collector.unmasks)->size(), 3U);
}

TEST(RecoverTest, TheOrderOfMessagesIsOfNoAccount) {
  LightRound round({.n = 6}, TwoDropped());
  const fsa1::RoundEnd end = round.Run();
  ASSERT_FALSE(end.refusal);
  auto& collector = round.collector;
  std::ranges::reverse(collector.unmasks);
  EXPECT_EQ(collector.Open()->words, end.sum.words);
  EXPECT_EQ(collector.Open()->tau, end.sum.tau);
}

// A dealer that commits to shares of something else. Whoever opens them opens them truly. All five share;
// node 4 drops out, node 1 is silent at the end, so that its b must come from shares.
Checked<OpenedMasks> RunWithLiar(LightRound& round, std::size_t liar,
                                 const fsa1::LightFederation::ChangeShare& lie) {
  fsa1::LightFederation& nodes = round.federation;
  fsa1::TestCollector& collector = round.collector;
  for (std::size_t i = 0; i < 5; ++i) collector.TakeAdvert(round.Id(i), nodes.Advertise(i));
  collector.CloseAdverts();
  for (std::size_t i = 0; i < 5; ++i) {
    collector.TakeShares(round.Id(i), nodes.Deal(i, collector.roster, i == liar ? lie : nullptr));
  }
  collector.CloseShares();
  for (std::size_t i = 0; i < 4; ++i) {
    collector.TakeUpload(round.Id(i), nodes.Mask(i, collector.roster, collector.u2));
  }
  collector.CloseUploads();
  for (const std::size_t i : {3, 2, 0}) {
    collector.TakeUnmask(round.Id(i), nodes.Reveal(i, collector.Sets()));
  }
  EXPECT_TRUE(collector.held.empty());  // nobody opened anything but what was dealt to it
  return Recover(collector.context, collector.Sets(), collector.unmasks);
}

void ExpectBadDealer(std::size_t liar, const fsa1::LightFederation::ChangeShare& lie) {
  LightRound round({}, {});
  const auto masks = RunWithLiar(round, liar, lie);
  ASSERT_FALSE(masks.ok());
  EXPECT_EQ(masks.refusal().Name(), "bad_dealer");
  EXPECT_EQ(masks.refusal().concerns, round.Id(liar));
  EXPECT_EQ(BlameOf(masks.refusal()), Blame::kProven);
  const auto& collector = round.collector;
  EXPECT_EQ(WitnessesAgainst(collector.context, collector.Sets(), collector.unmasks, round.Id(liar)),
            (std::vector{round.Id(0), round.Id(2), round.Id(3)}));
}

// Changes a share by one in its lowest limb: still in range, but of no polynomial that the others are of.
void Shift(Bytes& share) { share[7] ^= 1; }

TEST(RecoverTest, SharesThatDoNotGiveTheCommittedSelfSecretProveTheDealerBad) {
  LightRound honest({}, {});
  const NodeId witness = honest.Id(2);
  ExpectBadDealer(1, [&](const NodeId& to, LightNode::Held& dealt) {
    if (to == witness) Shift(dealt.share_b);
  });
}

TEST(RecoverTest, SharesThatDoNotGiveTheAdvertisedMaskKeyProveTheDealerBad) {
  ExpectBadDealer(4, [](const NodeId&, LightNode::Held& dealt) { Shift(dealt.share_m); });
}

TEST(RecoverTest, ALieThatNobodyNeedsIsNotHeard) {
  LightRound round({}, {});
  EXPECT_TRUE(
      RunWithLiar(round, 4, [](const NodeId&, LightNode::Held& dealt) { Shift(dealt.share_b); }).ok());
}

TEST(RecoverTest, AShareOutOfRangeIsNotUsedThoughItWasCommittedTo) {
  LightRound round({}, {});
  fsa1::LightFederation& nodes = round.federation;
  const auto beyond = [](const NodeId&, LightNode::Held& dealt) {
    std::ranges::fill(dealt.share_b, std::uint8_t{0xFF});
  };
  for (std::size_t i = 0; i < 5; ++i) round.collector.TakeAdvert(round.Id(i), nodes.Advertise(i));
  round.collector.CloseAdverts();
  for (std::size_t i = 0; i < 5; ++i) {
    round.collector.TakeShares(
        round.Id(i),
        nodes.Deal(i, round.collector.roster, i == 1 ? fsa1::LightFederation::ChangeShare(beyond) : nullptr));
  }
  round.collector.CloseShares();
  for (std::size_t i = 0; i < 5; ++i) {
    round.collector.TakeUpload(round.Id(i), nodes.Mask(i, round.collector.roster, round.collector.u2));
  }
  round.collector.CloseUploads();
  ASSERT_TRUE(round.collector.TakeUnmask(round.Id(0), nodes.Reveal(0, round.collector.Sets())));
  ASSERT_EQ(round.collector.held.size(), 1U);
  EXPECT_EQ(round.collector.held.front().Name(), "bad_share");
  EXPECT_EQ(round.collector.unmasks.front().shares.size(), 3U);
}

// The k-graph: a survivor or a node that dropped out with too few neighbours left cannot be opened.
TEST(RecoverTest, TheGraphNeedsEnoughLiveNeighboursOfEverybody) {
  const fsa1::LightOptions options{.n = 9, .graph = NeighbourGraph{.degree = 4, .threshold = 3}};
  LightRound probe(options, {});
  ASSERT_FALSE(probe.RunToUnmask());
  const auto index = [&](const NodeId& id) { return *probe.collector.roster.IndexOf(id); };
  const std::vector<NodeId> around = probe.collector.roster.NeighboursOf(probe.Id(0));

  std::vector<Loss> survivor_alone(9, Loss::kNever);
  for (std::size_t i = 0; i < 2; ++i) survivor_alone[index(around[i])] = Loss::kMasked;
  LightRound alone(options, survivor_alone);
  const Verdict few = alone.RunToUnmask();
  ASSERT_TRUE(few);
  EXPECT_EQ(few->Name(), "few_live_neighbours");

  // Node 0 drops out as well: what it masked with the two that are left cannot be opened.
  std::vector<Loss> dropped = survivor_alone;
  dropped[0] = Loss::kMasked;
  LightRound lost(options, dropped);
  const Verdict refused = lost.RunToUnmask();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->Name(), "too_few_shares");
  EXPECT_EQ(refused->concerns, lost.Id(0));

  std::vector<Loss> one(9, Loss::kNever);
  one[0] = Loss::kMasked;
  EXPECT_FALSE(LightRound(options, one).RunToUnmask());
}

// It left masks with nobody, so that none of its shares is missed.
TEST(RecoverTest, ANodeThatDroppedOutWithAllItsNeighboursNeedsNoShare) {
  const fsa1::LightOptions options{.n = 9, .graph = NeighbourGraph{.degree = 2, .threshold = 2}};
  LightRound probe(options, {});
  ASSERT_FALSE(probe.RunToUnmask());
  const Roster& roster = probe.collector.roster;
  // Three in a row of the ring: the one in the middle has nobody left.
  std::vector<Loss> losses(9, Loss::kNever);
  losses[0] = Loss::kMasked;
  for (const NodeId& id : roster.NeighboursOf(probe.Id(0))) losses[*roster.IndexOf(id)] = Loss::kMasked;
  LightRound round(options, losses);
  const Verdict refused = round.RunToUnmask();
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->concerns, round.Id(0));
  const auto missing = StillMissing(round.collector.context, round.collector.Sets(), round.collector.unmasks);
  EXPECT_EQ(std::ranges::find(missing, round.Id(0), &MissingShares::dealer), missing.end());
  EXPECT_EQ(missing.size(), 8U);
}

}  // namespace
}  // namespace accord::secagg
