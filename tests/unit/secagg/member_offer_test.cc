// The checks of an Offer: policy, pins, memory, and the order in which they name a refusal.
#include <gtest/gtest.h>

#include "tests/support/secagg_federation.h"

namespace accord::secagg {
namespace {

using fsa1::Federation;

struct MemberOfferTest : testing::Test {
  // What lab 0 says to the offer; "" when it opens it.
  std::string Answer(NodeId* concerns = nullptr) {
    const auto opened = Member::Open(offer, federation.Inputs(lab, federation.offer));
    if (opened.ok()) return "";
    if (concerns != nullptr) *concerns = opened.refusal().concerns;
    return opened.refusal().Name();
  }
  void SetParams(const std::function<void(Params&)>& change) {
    Params params = federation.params;
    change(params);
    offer.params = params.Encode();
  }

  Federation federation{{.n = 5, .corrupt = 1}};
  Offer offer = federation.offer;
  fsa1::Lab& lab = federation.labs[0];
};

TEST_F(MemberOfferTest, AnHonestOfferIsOpened) { EXPECT_EQ(Answer(), ""); }

TEST_F(MemberOfferTest, ModesThatThePolicyLeavesOutAreRefused) {
  lab.policy.malicious = false;
  EXPECT_EQ(Answer(), "mode_refused");
  lab.policy = {};
  offer.mode = SecureMode::kSemiHonest;
  EXPECT_EQ(Answer(), "mode_refused");
  offer.mode = SecureMode::kOff;
  EXPECT_EQ(Answer(), "mode_refused");
}

TEST_F(MemberOfferTest, OnlyLaterAttemptsThanTheLastAreOpened) {
  lab.memory.last = {RoundId{1}, AttemptId{0}};
  EXPECT_EQ(Answer(), "stale_attempt");
  offer.attempt.value = 1;
  EXPECT_EQ(Answer(), "");
  lab.memory.last = {RoundId{2}, AttemptId{0}};
  EXPECT_EQ(Answer(), "stale_attempt");
  offer.round.value = 3;
  offer.attempt.value = 0;
  EXPECT_EQ(Answer(), "");
}

TEST_F(MemberOfferTest, AttemptsOfARoundAreBounded) {
  offer.attempt.value = 7;
  EXPECT_EQ(Answer(), "");
  offer.attempt.value = 8;
  EXPECT_EQ(Answer(), "too_many_attempts");
}

TEST_F(MemberOfferTest, WhatTheNodeComputedForItselfMustBeWhatIsOffered) {
  offer.registry_hash.bytes[0] ^= 1;
  offer.model_hash.bytes[0] ^= 1;
  offer.train_cfg_hash.bytes[0] ^= 1;
  offer.params.clear();
  EXPECT_EQ(Answer(), "wrong_registry");
  offer.registry_hash = federation.offer.registry_hash;
  EXPECT_EQ(Answer(), "wrong_model");
  offer.model_hash = federation.offer.model_hash;
  EXPECT_EQ(Answer(), "wrong_config");
  offer.train_cfg_hash = federation.offer.train_cfg_hash;
  EXPECT_EQ(Answer(), "bad_encoding");
}

TEST_F(MemberOfferTest, TheCohortIsASortedSetOfTheParametersSizeWithThisNode) {
  std::swap(offer.cohort[1], offer.cohort[2]);
  offer.cohort[4] = offer.cohort[3];
  EXPECT_EQ(Answer(), "duplicate_node");
  offer.cohort[4] = federation.offer.cohort[4];
  EXPECT_EQ(Answer(), "bad_encoding");
  offer.cohort = federation.offer.cohort;
  offer.cohort.pop_back();
  EXPECT_EQ(Answer(), "bad_params");
  offer.cohort = federation.offer.cohort;
  offer.cohort[0].bytes[15] ^= 1;
  EXPECT_EQ(Answer(), "not_in_cohort");
}

TEST_F(MemberOfferTest, APolicyMayAskForMoreNodesMoreHonestOnesOrMoreCaution) {
  lab.policy.min_cohort = 6;
  EXPECT_EQ(Answer(), "cohort_too_small");
  lab.policy.min_cohort = 5;
  lab.policy.min_honest = 5;
  EXPECT_EQ(Answer(), "cohort_too_small");
  lab.policy.min_honest = 4;
  lab.policy.least_corrupt = 2;
  EXPECT_EQ(Answer(), "bad_params");
  lab.policy.least_corrupt = 1;
  EXPECT_EQ(Answer(), "");
}

TEST_F(MemberOfferTest, LoweredThresholdsAreRefused) {
  SetParams([](Params& p) { p.thresholds.t -= 1; });
  EXPECT_EQ(Answer(), "bad_params");
  SetParams([](Params& p) { p.thresholds.u_min -= 1; });
  EXPECT_EQ(Answer(), "bad_params");
}

TEST_F(MemberOfferTest, TheParametersMustBeThoseOfTheApprovedPlan) {
  lab.policy.params = federation.params;
  EXPECT_EQ(Answer(), "");
  const std::vector<std::function<void(Params&)>> lies = {
      [](Params& p) {
        p.encoding.headers.push_back({"salary", 1'000'000});
      },
      [](Params& p) { p.verify = false; }, [](Params& p) { p.thresholds.u_min += 1; },
      [](Params& p) { p.chunk_words = 3; },
      [](Params& p) { p.graph = NeighbourGraph{.degree = 4, .threshold = 4}; }};
  for (const auto& lie : lies) {
    SetParams(lie);
    EXPECT_EQ(Answer(), "bad_params");
  }
}

TEST_F(MemberOfferTest, NoiseIsRefusedWhereNobodyAddsIt) {
  SetParams([](Params& p) {
    p.noise = {.clip_norm = 1.0, .mu = 10.0, .margin = 100};
    p.encoding.margin = 100;
  });
  EXPECT_EQ(Answer(), "bad_params");
  lab.policy.noise = true;
  EXPECT_EQ(Answer(), "");
}

TEST_F(MemberOfferTest, EveryNodeIsInThePinnedRegistryAndNotExpired) {
  auto changed = std::make_shared<Registry>(*federation.registry);
  changed->entries[3].not_after = Federation::kNow;
  federation.registry = changed;
  offer.registry_hash = changed->Hash();
  NodeId concerns;
  EXPECT_EQ(Answer(&concerns), "expired_node");
  EXPECT_EQ(concerns, federation.labs[3].id);

  changed = std::make_shared<Registry>(*federation.registry);
  changed->entries.erase(changed->entries.begin() + 2);
  federation.registry = changed;
  offer.registry_hash = changed->Hash();
  EXPECT_EQ(Answer(&concerns), "unknown_node");
  EXPECT_EQ(concerns, federation.labs[2].id);
}

TEST_F(MemberOfferTest, AnOrganisationMayBeCapped) {
  lab.policy.max_per_org = 1;
  EXPECT_EQ(Answer(), "org_cap");
  lab.policy.max_per_org = 2;
  EXPECT_EQ(Answer(), "");
}

TEST_F(MemberOfferTest, OnASpentModelOnlyTheSameSetIsJoined) {
  lab.memory.signed_set = federation.Ids({0, 1, 2, 3});
  EXPECT_EQ(Answer(), "spent_model");
  lab.memory.signed_set = federation.offer.cohort;
  EXPECT_EQ(Answer(), "");
}

TEST_F(MemberOfferTest, ARefusedOfferIsAnsweredUnderAContextOfZeros) {
  const auto opened = Member::Open({}, federation.Inputs(lab, federation.offer));
  ASSERT_FALSE(opened.ok());
  const SignedBody abort = SignAbort(lab.key, Digest(), opened.refusal(), lab.id);
  EXPECT_TRUE(Verify(lab.key.PublicKey(), BodyType::kAbort, Digest(), abort));
  EXPECT_EQ(*Abort::Parse(abort.body), (Abort{.id = lab.id, .reason = "wrong_registry", .concerns = {}}));
}

}  // namespace
}  // namespace accord::secagg
