// Every key, commitment and rank against kdf.json.
#include "secagg/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "secagg/commitments.h"
#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

using fsa1::Hex;
using fsa1::ToHex;

const nlohmann::json& Vectors() {
  static const nlohmann::json vectors = fsa1::Load("kdf.json");
  return vectors;
}
NodeId Id(const std::string& hex) { return *NodeId::FromHex(hex); }
Digest Ctx() { return *Digest::FromHex(Vectors()["ctx"].get<std::string>()); }

struct Party {
  NodeId id;
  crypto::X25519Key key;
  [[nodiscard]] KeyPeer AsPeer() const { return {.id = id, .key = key.PublicKey()}; }
  [[nodiscard]] KeyOwner AsOwner() const { return {.id = id, .key = key}; }
};
Party PartyOf(const char* id, const char* secret) {
  return {Id(Vectors()[id]), crypto::X25519Key::FromSecret(Hex(Vectors()[secret]))};
}

TEST(KeysTest, BothSidesOfAPairGetTheFrozenMaskKeys) {
  const Party lo = PartyOf("id_i", "sk_i");
  const Party hi = PartyOf("id_j", "sk_j");
  for (const bool from_lo : {true, false}) {
    const Party& mine = from_lo ? lo : hi;
    const auto keys = PairMaskKeys(Ctx(), mine.AsOwner(), (from_lo ? hi : lo).AsPeer());
    ASSERT_TRUE(keys.ok());
    EXPECT_EQ(ToHex(keys.value().data.view()), Vectors()["mask_data"]);
    EXPECT_EQ(ToHex(keys.value().tag.view()), Vectors()["mask_tag"]);
  }
}

TEST(KeysTest, EachDirectionOfAChannelHasItsFrozenKeys) {
  const Party i = PartyOf("id_i", "sk_i");
  const Party j = PartyOf("id_j", "sk_j");
  const auto at_i = DeriveChannel(Ctx(), i.AsOwner(), j.AsPeer());
  const auto at_j = DeriveChannel(Ctx(), j.AsOwner(), i.AsPeer());
  ASSERT_TRUE(at_i.ok() && at_j.ok());
  const auto& want = Vectors()["channel"];
  for (const ChannelKeys* keys : {&at_i.value().send, &at_j.value().receive}) {
    EXPECT_EQ(ToHex(keys->share.view()), want["share_i_to_j"]);
    EXPECT_EQ(ToHex(keys->mackey.view()), want["mackey_i_to_j"]);
  }
  for (const ChannelKeys* keys : {&at_j.value().send, &at_i.value().receive}) {
    EXPECT_EQ(ToHex(keys->share.view()), want["share_j_to_i"]);
    EXPECT_EQ(ToHex(keys->mackey.view()), want["mackey_j_to_i"]);
  }
}

TEST(KeysTest, APeersKeyOfLowOrderIsABadKey) {
  const Party i = PartyOf("id_i", "sk_i");
  const KeyPeer bad{.id = Id(Vectors()["id_j"]), .key = {}};
  EXPECT_EQ(PairMaskKeys(Ctx(), i.AsOwner(), bad).status().error(), "secagg.bad_key");
  EXPECT_EQ(DeriveChannel(Ctx(), i.AsOwner(), bad).status().error(), "secagg.bad_key");
}

TEST(KeysTest, ANodesOwnMaskKeysAreTheFrozenOnes) {
  const auto& self = Vectors()["self"];
  const MaskKeys keys = SelfMaskKeys(Ctx(), Hex(self["b"]), Id(Vectors()["id_i"]));
  EXPECT_EQ(ToHex(keys.data.view()), self["data"]);
  EXPECT_EQ(ToHex(keys.tag.view()), self["tag"]);
}

TEST(KeysTest, TheMaskKeyPairFollowsFromItsSeed) {
  const auto& secret = Vectors()["mask_secret"];
  EXPECT_EQ(MaskKeyPair(Hex(secret["m"])).PublicKey().Hex(), secret["pk_m"]);
}

TEST(KeysTest, MacPointsAndPadsFollowFromTheDealtKeys) {
  const auto& mac = Vectors()["mac"];
  std::vector<crypto::ZeroizingBytes> dealt;
  for (const auto& kd : mac["kds_in_dealer_id_order"]) {
    dealt.push_back(crypto::ZeroizingBytes::CopyOf(Hex(kd)));
  }
  const MacKey key(Ctx(), dealt);
  const SecretPair alpha = key.Alpha();
  EXPECT_EQ(alpha[0], fsa1::Word(mac["alpha"][0]));
  EXPECT_EQ(alpha[1], fsa1::Word(mac["alpha"][1]));
  for (const auto& of : mac["pads"]) {
    const SecretPair pad = key.Pad(Id(of["id"]));
    EXPECT_EQ(pad[0], fsa1::Word(of["pad"][0]));
    EXPECT_EQ(pad[1], fsa1::Word(of["pad"][1]));
  }
}

TEST(CommitmentsTest, MatchTheFrozenValues) {
  const NodeId id = Id(Vectors()["id_i"]);
  EXPECT_EQ(CommitB(Ctx(), id, Hex(Vectors()["self"]["b"])).Hex(), Vectors()["self"]["com_b"]);
  const auto& mac = Vectors()["mac"];
  EXPECT_EQ(CommitMacKey(Ctx(), id, Hex(mac["kds_in_dealer_id_order"][0])).Hex(), mac["com_mac"]);
  const auto& graph = Vectors()["com_graph"];
  EXPECT_EQ(CommitGraphNonce(Ctx(), id, Hex(graph["nonce"])).Hex(), graph["value"]);
}

TEST(CommitmentsTest, RanksMatchTheFrozenValues) {
  for (const auto& ranked : Vectors()["dealers"]["ranked"]) {
    EXPECT_EQ(DealerRank(Ctx(), Id(ranked["id"])).Hex(), ranked["rank_hash"]);
  }
}

TEST(CommitmentsTest, TheDealersAreTheThreeOfSmallestRankById) {
  std::vector<NodeId> u1;
  for (std::uint8_t i = 0; i < 20; ++i) u1.push_back(NodeId{{i}});
  const std::vector<NodeId> dealers = Dealers(Ctx(), u1);
  ASSERT_EQ(dealers.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(dealers));
  Digest last{};
  for (const NodeId& id : dealers) last = std::max(last, DealerRank(Ctx(), id));
  EXPECT_EQ(std::ranges::count_if(u1, [&](const NodeId& id) { return DealerRank(Ctx(), id) <= last; }), 3);
  EXPECT_EQ(Dealers(Ctx(), std::span(u1).first(2)), std::vector<NodeId>(u1.begin(), u1.begin() + 2));
}

}  // namespace
}  // namespace accord::secagg
