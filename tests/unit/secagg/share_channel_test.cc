#include "secagg/share_channel.h"

#include <gtest/gtest.h>

#include "secagg/commitments.h"
#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

using fsa1::Hex;
using fsa1::ToHex;

class ShareChannelTest : public ::testing::Test {
 protected:
  [[nodiscard]] ShareRoute Route() const { return {ctx_, from_, to_, roster_hash_}; }
  [[nodiscard]] Bytes Get(const char* name) const { return Hex(vectors_[name]); }

  const nlohmann::json vectors_ = fsa1::Load("share_channel.json");
  const Digest ctx_ = *Digest::FromHex(vectors_["ctx"].get<std::string>());
  const Digest roster_hash_ = *Digest::FromHex(vectors_["roster_hash"].get<std::string>());
  const NodeId from_ = *NodeId::FromHex(vectors_["id_from"].get<std::string>());
  const NodeId to_ = *NodeId::FromHex(vectors_["id_to"].get<std::string>());
};

TEST_F(ShareChannelTest, SealsTheFrozenCiphertexts) {
  const Bytes share_b = Get("share_b"), blind_b = Get("blind_b");
  const Bytes share_m = Get("share_m"), blind_m = Get("blind_m");
  const crypto::ZeroizingBytes plain = JoinShares({share_b, blind_b, share_m, blind_m});
  EXPECT_EQ(ToHex(plain.view()), vectors_["plaintext"]);
  EXPECT_EQ(ToHex(SealForPeer(Get("key_share"), Route(), plain.view())), vectors_["ct"]);
  EXPECT_EQ(ToHex(SealForPeer(Get("key_mackey"), Route(), Get("kd"))), vectors_["ctk"]);
}

TEST_F(ShareChannelTest, OpensThemAndFindsTheParts) {
  const auto plain = OpenFromPeer(Get("key_share"), Route(), Get("ct"));
  ASSERT_TRUE(plain.ok());
  const auto parts = SplitShares(plain.value().view());
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(ToHex(parts.value().share_b), vectors_["share_b"]);
  EXPECT_EQ(ToHex(parts.value().blind_b), vectors_["blind_b"]);
  EXPECT_EQ(ToHex(parts.value().share_m), vectors_["share_m"]);
  EXPECT_EQ(ToHex(parts.value().blind_m), vectors_["blind_m"]);
  const auto kd = OpenFromPeer(Get("key_mackey"), Route(), Get("ctk"));
  ASSERT_TRUE(kd.ok());
  EXPECT_EQ(ToHex(kd.value().view()), vectors_["kd"]);
}

TEST_F(ShareChannelTest, NamesTheFrozenBadCases) {
  for (const auto& bad : vectors_["bad"]) {
    Digest roster_hash = roster_hash_;
    if (bad.contains("aad")) {  // its last 32 bytes
      roster_hash = *Digest::FromHex(bad["aad"].get<std::string>().substr(128));
      ASSERT_NE(roster_hash, roster_hash_);
    }
    const Bytes key = bad.contains("key") ? Hex(bad["key"]) : Get("key_share");
    EXPECT_EQ(OpenFromPeer(key, {ctx_, from_, to_, roster_hash}, Hex(bad["ct"])).status().error(),
              "secagg." + bad["error"].get<std::string>())
        << bad["what"];
  }
}

TEST_F(ShareChannelTest, EveryPartOfTheRouteBinds) {
  const Bytes key = Get("key_share");
  const Bytes ct = Get("ct");
  const Digest other_ctx{};
  EXPECT_FALSE(OpenFromPeer(key, {other_ctx, from_, to_, roster_hash_}, ct).ok());
  EXPECT_FALSE(OpenFromPeer(key, {ctx_, to_, to_, roster_hash_}, ct).ok());
  EXPECT_FALSE(OpenFromPeer(key, {ctx_, from_, from_, roster_hash_}, ct).ok());
}

TEST_F(ShareChannelTest, SomethingSealedThatIsNotTwoSharesIsABadCiphertext) {
  EXPECT_EQ(SplitShares(Bytes(111)).status().error(), "secagg.bad_ciphertext");
  EXPECT_EQ(SplitShares(Bytes(113)).status().error(), "secagg.bad_ciphertext");
}

TEST_F(ShareChannelTest, TheCommitmentsOfTheSharesAreTheFrozenOnes) {
  const Bytes share_b = Get("share_b"), blind_b = Get("blind_b");
  const Bytes share_m = Get("share_m"), blind_m = Get("blind_m");
  EXPECT_EQ(CommitShare(ctx_, {ShareKind::kSelf, from_, to_, share_b, blind_b}).Hex(),
            vectors_["com_share_b"]);
  EXPECT_EQ(CommitShare(ctx_, {ShareKind::kMask, from_, to_, share_m, blind_m}).Hex(),
            vectors_["com_share_m"]);
}

}  // namespace
}  // namespace accord::secagg
