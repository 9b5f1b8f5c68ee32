// The checks of a Roster that the frozen messages do not reach.
#include <gtest/gtest.h>

#include "tests/support/secagg_federation.h"

namespace accord::secagg {
namespace {

using fsa1::Federation;

struct MemberRosterTest : testing::Test {
  // A node that the registry knows and the cohort does not.
  void SetUp() override {
    auto changed = std::make_shared<Registry>(*federation.registry);
    changed->entries.push_back(
        {.id = outsider, .org = "other", .key = outsider_key.PublicKey(), .not_after = Federation::kNow + 1});
    federation.registry = changed;
    federation.offer.registry_hash = changed->Hash();
    roster = federation.Open();
  }
  // What lab 0 says to the roster, and about whom.
  std::pair<std::string, NodeId> Answer() {
    const auto answer = federation.labs[0].member->OnRoster(roster);
    if (answer.ok()) return {};
    EXPECT_EQ(federation.labs[0].member->state(), MemberState::kAborted);
    return {answer.refusal().Name(), answer.refusal().concerns};
  }
  // Lab `i` signs another advert than it sent.
  void Change(std::size_t i, const std::function<void(Advertise&)>& change) {
    Advertise advert = *Advertise::Parse(roster[i].body);
    change(advert);
    roster[i] = federation.SignAs(i, BodyType::kAdvertise, advert.Encode());
  }
  void Add(const NodeId& id, const crypto::Ed25519Key& key) {
    const Advertise advert{
        .id = id, .channel_key = {.bytes = {9}}, .mask_key = {.bytes = {10}}, .graph_commitment = {}};
    roster.push_back(Sign(key, BodyType::kAdvertise, federation.Context(), advert.Encode()));
  }
  static NodeId Last(std::uint8_t byte) {
    NodeId id;
    id.bytes.fill(byte);
    return id;
  }

  Federation federation{{.n = 5, .corrupt = 1}};
  const NodeId outsider = Last(0xFE);
  const crypto::Ed25519Key outsider_key = crypto::Ed25519Key::Generate();
  std::vector<SignedBody> roster;
};

using Named = std::pair<std::string, NodeId>;

TEST_F(MemberRosterTest, AnHonestRosterIsTakenAlsoWithANodeMissing) {
  roster.pop_back();
  EXPECT_EQ(Answer(), Named());
  EXPECT_EQ(federation.labs[0].member->u1(), federation.Ids({0, 1, 2, 3}));
}

TEST_F(MemberRosterTest, NodesOutsideOfTheRegistryAreNamed) {
  Add(Last(0xFF), outsider_key);
  EXPECT_EQ(Answer(), Named("unknown_node", Last(0xFF)));
}

TEST_F(MemberRosterTest, RegisteredNodesOutsideOfTheCohortAreNamed) {
  Add(outsider, outsider_key);
  EXPECT_EQ(Answer(), Named("not_in_cohort", outsider));
}

TEST_F(MemberRosterTest, AMalformedAdvertNamesNobody) {
  roster[2].body.push_back(0);
  EXPECT_EQ(Answer(), Named("bad_encoding", NodeId()));
}

TEST_F(MemberRosterTest, OneKeyInBothRolesIsADuplicate) {
  Change(3, [](Advertise& advert) { advert.mask_key = advert.channel_key; });
  EXPECT_EQ(Answer(), Named("duplicate_key", federation.labs[3].id));
}

TEST_F(MemberRosterTest, AKeyOfAnotherNodeInTheOtherRoleIsADuplicate) {
  const Advertise first = *Advertise::Parse(roster[1].body);
  Change(3, [&](Advertise& advert) { advert.mask_key = first.channel_key; });
  EXPECT_EQ(Answer(), Named("duplicate_key", federation.labs[3].id));
}

TEST_F(MemberRosterTest, ANonceCommitmentWithoutAGraphIsMalformed) {
  Change(3, [](Advertise& advert) { advert.graph_commitment.bytes[31] = 1; });
  EXPECT_EQ(Answer(), Named("bad_encoding", federation.labs[3].id));
}

TEST_F(MemberRosterTest, AnotherAdvertInThisNodesNameIsNotTakenEvenSignedByItsKey) {
  Change(0, [](Advertise& advert) { advert.mask_key.bytes[0] ^= 1; });
  EXPECT_EQ(Answer(), Named("own_entry_changed", NodeId()));
}

TEST_F(MemberRosterTest, AKeyOfLowOrderIsNamedInEitherRole) {
  Change(4, [](Advertise& advert) { advert.mask_key = {}; });
  EXPECT_EQ(Answer(), Named("bad_key", federation.labs[4].id));
}

TEST_F(MemberRosterTest, FewerThanTheSmallestSumEndTheAttempt) {
  roster.resize(3);
  EXPECT_EQ(Answer(), Named("roster_too_small", NodeId()));
}

}  // namespace
}  // namespace accord::secagg
