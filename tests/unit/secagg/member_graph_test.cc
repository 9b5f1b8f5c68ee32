// Attempts with a neighbour graph (secagg.md 2.6): the nonces' phase, who deals to whom, who must be left.
#include <gtest/gtest.h>

#include "tests/support/secagg_federation.h"

namespace accord::secagg {
namespace {

using fsa1::Federation;

template <class T>
std::string NameOf(const Checked<T>& answer) {
  return answer.ok() ? "" : answer.refusal().Name();
}
std::string NameOf(const Verdict& verdict) { return verdict ? verdict->Name() : ""; }

// Eight nodes in a ring of two neighbours each, both of whom must live; u_min = 5.
struct MemberGraphTest : testing::Test {
  std::vector<SignedBody> Nonces() {
    const auto roster = federation.Open();
    std::vector<SignedBody> nonces;
    for (fsa1::Lab& lab : federation.labs) {
      nonces.push_back(std::get<SignedBody>(*lab.member->OnRoster(roster)));
    }
    return nonces;
  }
  // Receivers of shares of `i`, by its own entries.
  std::set<std::size_t> NeighboursOf(std::size_t i) {
    std::set<std::size_t> out;
    for (const auto& entry : federation.labs[i].shares.entries) {
      if (ShareEntry::Parse(entry.bytes)->shares.empty()) continue;
      out.insert(static_cast<std::size_t>(std::ranges::find(federation.labs, entry.receiver, &fsa1::Lab::id) -
                                          federation.labs.begin()));
    }
    return out;
  }
  Federation federation{{.n = 8, .graph = NeighbourGraph{.degree = 2, .threshold = 2}}};
  Member& Of(std::size_t i) { return *federation.labs[i].member; }
};

TEST_F(MemberGraphTest, ARoundGoesThroughAndTheSumIsTaken) {
  federation.Mask();
  const fsa1::FrozenResult result = federation.Sum();
  for (fsa1::Lab& lab : federation.labs) {
    EXPECT_EQ(NameOf(lab.member->OnResult(result.View())), "");
  }
}

TEST_F(MemberGraphTest, NodesDealToTheirNeighboursAndDealersOfTheCheckToAll) {
  federation.Share();
  const std::set<std::size_t> dealers = federation.DealerIndexes();
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(NeighboursOf(i).size(), 2U);
    for (const std::size_t j : NeighboursOf(i)) EXPECT_TRUE(NeighboursOf(j).contains(i));
    EXPECT_EQ(federation.labs[i].shares.entries.size(), dealers.contains(i) ? 7U : 2U);
  }
}

TEST_F(MemberGraphTest, AnUnmaskHoldsSharesOfNeighboursOnly) {
  federation.Mask();
  const auto bodies = federation.Unmasks(federation.All());
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(bodies[i].shares.size(), 2U);
}

TEST_F(MemberGraphTest, AdvertsCommitToANonceExactlyWithAGraph) {
  auto roster = federation.Open();
  Advertise changed = *Advertise::Parse(roster[3].body);
  changed.graph_commitment = {};
  roster[3] = federation.SignAs(3, BodyType::kAdvertise, changed.Encode());
  const auto answer = Of(0).OnRoster(roster);
  EXPECT_EQ(NameOf(answer), "bad_encoding");
  EXPECT_EQ(answer.refusal().concerns, federation.labs[3].id);
}

TEST_F(MemberGraphTest, TheWholeCohortMustAdvertise) {
  auto roster = federation.Open();
  roster.pop_back();
  EXPECT_EQ(NameOf(Of(0).OnRoster(roster)), "roster_too_small");
}

TEST_F(MemberGraphTest, AWithheldNonceEndsTheAttempt) {
  auto nonces = Nonces();
  nonces.pop_back();
  EXPECT_EQ(NameOf(Of(0).OnGraphSet(nonces)), "missing_graph_nonce");
  EXPECT_EQ(Of(0).state(), MemberState::kAborted);
}

TEST_F(MemberGraphTest, AFalseNonceIsNamed) {
  const auto nonces = Nonces();
  const auto error = [&](std::size_t to, BodyType type, const std::function<void(GraphOpening&)>& change) {
    auto changed = nonces;
    GraphOpening opening = *GraphOpening::Parse(changed[4].body);
    change(opening);
    changed[4] = federation.SignAs(4, type, opening.Encode());
    const auto answer = Of(to).OnGraphSet(changed);
    EXPECT_EQ(answer.refusal().concerns, federation.labs[4].id);
    return NameOf(answer);
  };
  EXPECT_EQ(error(0, BodyType::kU3, [](GraphOpening&) {}), "bad_signature");
  EXPECT_EQ(error(1, BodyType::kGraph, [](GraphOpening& o) { o.roster_hash.bytes[0] ^= 1; }), "wrong_roster");
  EXPECT_EQ(error(2, BodyType::kGraph, [](GraphOpening& o) { o.nonce.bytes[0] ^= 1; }), "bad_graph_nonce");
}

TEST_F(MemberGraphTest, TheNoncesComeOnceAndARepeatIsAnswered) {
  const auto nonces = Nonces();
  const SharesMessage first = *Of(0).OnGraphSet(nonces);
  EXPECT_EQ(*Of(0).OnGraphSet(nonces), first);
  auto changed = nonces;
  changed.pop_back();
  EXPECT_EQ(NameOf(Of(0).OnGraphSet(changed)), "out_of_phase");
  EXPECT_EQ(Of(0).state(), MemberState::kShared);
  EXPECT_EQ(NameOf(Of(1).OnInbound({})), "out_of_phase");
}

TEST_F(MemberGraphTest, SharesOfANonNeighbourAreNotTaken) {
  federation.Share();
  const std::set<std::size_t> dealers = federation.DealerIndexes();
  const std::set<std::size_t> mine = NeighboursOf(0);
  std::size_t stranger = 1;
  while (mine.contains(stranger) || dealers.contains(stranger)) ++stranger;
  auto shares = federation.InboundFor(0);
  shares[stranger].entry = shares[*mine.begin()].entry;
  const Verdict verdict = Of(0).OnInbound(shares);
  EXPECT_EQ(NameOf(verdict), "bad_entry");
  EXPECT_EQ(verdict->concerns, federation.labs[stranger].id);
}

TEST_F(MemberGraphTest, TooFewLiveNeighboursEndTheAttemptInBothSets) {
  federation.Share();
  std::set<std::size_t> u2 = federation.All();
  const std::size_t lost = *NeighboursOf(0).begin();
  u2.erase(lost);
  EXPECT_EQ(NameOf(Of(0).OnInbound(federation.InboundFor(0, u2))), "few_live_neighbours");
  for (fsa1::Lab& lab : federation.labs) lab.memory = {};
  federation.Mask();
  EXPECT_EQ(NameOf(federation.TellSurvivors(0, u2)), "few_live_neighbours");
  EXPECT_EQ(Of(0).state(), MemberState::kAborted);
}

}  // namespace
}  // namespace accord::secagg
