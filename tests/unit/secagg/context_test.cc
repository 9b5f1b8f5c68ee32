#include "secagg/context.h"

#include <gtest/gtest.h>

#include <functional>

#include "secagg/signed_body.h"
#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

Digest DigestOf(const nlohmann::json& hex) { return *Digest::FromHex(hex.get<std::string>()); }
NodeId Id(const nlohmann::json& hex) { return *NodeId::FromHex(hex.get<std::string>()); }

Offer Frozen(const nlohmann::json& vector) {
  Offer offer;
  offer.federation_id = std::string(AsText(fsa1::Hex(vector["federation_id"])));
  offer.job_id = fsa1::Hex(vector["job_id"]);
  offer.round.value = vector["round"];
  offer.attempt.value = vector["attempt"];
  offer.registry_hash = DigestOf(vector["registry_hash"]);
  for (const auto& id : vector["cohort"]) offer.cohort.push_back(Id(id));
  offer.model_hash = DigestOf(vector["model_hash"]);
  offer.train_cfg_hash = DigestOf(vector["train_cfg_hash"]);
  offer.params = fsa1::Hex(vector["params"]);
  offer.mode = static_cast<SecureMode>(vector["mode"].get<int>());
  return offer;
}

std::vector<HashedBody> Hashed(const nlohmann::json& list) {
  std::vector<HashedBody> bodies;
  for (const auto& item : list) bodies.push_back({Id(item["id"]), BodyDigest(fsa1::Hex(item["body"]))});
  return bodies;
}

TEST(ContextTest, MatchesTheFrozenContexts) {
  for (const auto& vector : fsa1::Load("encoding.json")["ctx"]) {
    EXPECT_EQ(Context(Frozen(vector)).Hex(), vector["ctx"]);
  }
}

TEST(ContextTest, EveryFieldOfTheOfferIsBound) {
  const Offer offer = Frozen(fsa1::Load("encoding.json")["ctx"][0]);
  std::vector<Digest> seen{Context(offer)};
  const std::function<void(Offer&)> changes[] = {
      [](Offer& o) { o.federation_id += 'x'; },
      [](Offer& o) { o.job_id.push_back(0); },
      [](Offer& o) { o.round.value += 1; },
      [](Offer& o) { o.attempt.value += 1; },
      [](Offer& o) { o.registry_hash.bytes[0] ^= 1; },
      [](Offer& o) { o.cohort.pop_back(); },
      [](Offer& o) { o.model_hash.bytes[0] ^= 1; },
      [](Offer& o) { o.train_cfg_hash.bytes[0] ^= 1; },
      [](Offer& o) { o.params[0] ^= 1; },
      [](Offer& o) { o.mode = SecureMode::kSemiHonest; },
  };
  for (const auto& change : changes) {
    Offer other = offer;
    change(other);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), Context(other)), 0) << seen.size();
    seen.push_back(Context(other));
  }
}

TEST(ContextTest, MatchesTheFrozenHashesOfSets) {
  const auto vector = fsa1::Load("encoding.json");
  std::vector<NodeId> cohort;
  for (const auto& id : vector["cohort"]["ids"]) cohort.push_back(Id(id));
  EXPECT_EQ(CohortHash(cohort).Hex(), vector["cohort"]["hash"]);

  const auto& sets = vector["set_hashes"];
  const auto bodies = fsa1::List(sets["roster_bodies"], fsa1::Hex);
  EXPECT_EQ(RosterHash(std::vector<ByteView>(bodies.begin(), bodies.end())).Hex(), sets["roster_hash"]);
  EXPECT_EQ(U2Hash(DigestOf(sets["u2_roster_hash"]), Hashed(sets["heads"])).Hex(), sets["u2_hash"]);
  EXPECT_EQ(U3Hash(DigestOf(sets["u3_u2_hash"]), Hashed(sets["ends"])).Hex(), sets["u3_hash"]);
}

TEST(ContextTest, MatchesTheFrozenEntryDigest) {
  const auto vector = fsa1::Load("share_channel.json");
  EXPECT_EQ(EntryDigest(fsa1::Hex(vector["entry"])).Hex(), vector["entry_digest"]);
}

TEST(SignedBodyTest, MatchesTheFrozenSignature) {
  const auto vector = fsa1::Load("encoding.json")["signature"];
  const auto key = crypto::Ed25519Key::FromSeed(fsa1::Hex(vector["sk_ed"]));
  EXPECT_EQ(key.PublicKey().Hex(), vector["pk_ed"]);
  const SignedBody made = Sign(key, BodyType::kAdvertise, DigestOf(vector["ctx"]), fsa1::Hex(vector["body"]));
  EXPECT_EQ(made.signature.Hex(), vector["sig"]);
  EXPECT_TRUE(Verify(key.PublicKey(), BodyType::kAdvertise, DigestOf(vector["ctx"]), made));
}

TEST(SignedBodyTest, ASignatureCountsForOneTypeOneContextAndOneBody) {
  const auto key = crypto::Ed25519Key::Generate();
  const Digest ctx{};
  SignedBody message = Sign(key, BodyType::kU3, ctx, {1, 2, 3});
  EXPECT_TRUE(Verify(key.PublicKey(), BodyType::kU3, ctx, message));
  EXPECT_FALSE(Verify(key.PublicKey(), BodyType::kZ, ctx, message));
  Digest other = ctx;
  other.bytes[31] = 1;
  EXPECT_FALSE(Verify(key.PublicKey(), BodyType::kU3, other, message));
  EXPECT_FALSE(Verify(crypto::Ed25519Key::Generate().PublicKey(), BodyType::kU3, ctx, message));
  message.body[0] ^= 1;
  EXPECT_FALSE(Verify(key.PublicKey(), BodyType::kU3, ctx, message));
}

}  // namespace
}  // namespace accord::secagg
