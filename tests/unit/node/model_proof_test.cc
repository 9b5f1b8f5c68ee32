// A lab that missed a round takes its model on the word of t members of the cohort, and on nothing less.
#include "node/model_proof.h"

#include "base/errors.h"
#include "tests/unit/node/conductor.h"

namespace accord::node {
namespace {

class ModelProofTest : public ::testing::Test {
 protected:
  ModelProofTest() {
    c_.Prepare();
    c_.Round();
    proof_ = *c_.proof;
    model_ = c_.next_hash;
    const Lab& lab = *c_.labs[0];
    terms_ = {.facts = {c_.job(), std::make_shared<const JobSpec>(c_.spec),
                        std::make_shared<const ModelLayout>(c_.layout), lab.id},
              .federation = kFederation,
              .pinned = {c_.registry, c_.registry->Hash()},
              .policy = lab.config.policy,
              .now = 1'700'000'000};
  }
  [[nodiscard]] std::string Fate() const {
    const Status status = CheckModelProof(terms_, proof_, model_);
    return status.ok() ? "good" : status.error();
  }

  Conductor c_;
  rpc::ModelProof proof_;
  MaskedTerms terms_;
  Digest model_;
};

TEST_F(ModelProofTest, TakesTheWordOfT) {
  EXPECT_EQ(Fate(), "good");
  proof_.model.pop_back();  // n = 3, T = 0: t = 2
  EXPECT_EQ(Fate(), "good");
  proof_.model.pop_back();
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id);
}

TEST_F(ModelProofTest, CountsNobodyTwiceAndNoStranger) {
  proof_.model[1] = proof_.model[0];
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id);
  proof_ = *c_.proof;
  proof_.model[2].id.bytes.fill(0xFF);
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id);
  proof_ = *c_.proof;
  std::swap(proof_.model[0].signature, proof_.model[1].signature);
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id);
}

TEST_F(ModelProofTest, IsOfThisModelAndThisAttempt) {
  model_ = c_.model_hash;
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id);
  model_ = c_.next_hash;
  proof_.offer.round.value = 7;
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id);
  proof_ = *c_.proof;
  proof_.offer.attempt.value = 7;
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id);
}

TEST_F(ModelProofTest, IsOfACohortThatThisLabWouldMaskWith) {
  terms_.federation = "other.example";
  EXPECT_EQ(Fate(), errors::kSecaggWrongConfig.id);
  terms_.federation = kFederation;
  terms_.policy.min_cohort = 4;
  EXPECT_EQ(Fate(), errors::kSecaggCohortTooSmall.id);
  terms_.policy.min_cohort = 3;
  terms_.now = 4'000'000'000;
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id) << "no entry holds any more";
  terms_.now = 1'700'000'000;
  terms_.pinned = {};
  EXPECT_EQ(Fate(), errors::kSecaggWrongRegistry.id);
}

// A version with one more node, or one fewer, was pinned since the round.
TEST_F(ModelProofTest, MayBeOfAnotherRegistryWithTheSameKeys) {
  secagg::Registry later = *c_.registry;
  later.version = 2;
  later.entries.push_back({.id = {}, .org = "new", .key = later.entries[0].key, .not_after = 4'000'000'000});
  later.entries.back().id.bytes.fill(0xFF);
  const auto pin = [&](const secagg::Registry& registry) {
    terms_.pinned = {std::make_shared<const secagg::Registry>(registry), registry.Hash()};
  };
  pin(later);
  EXPECT_NE(terms_.pinned.hash, proof_.offer.registry_hash);
  EXPECT_EQ(Fate(), "good");
  proof_.offer.registry_hash = terms_.pinned.hash;
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id) << "the signatures are of the version that it names";
  proof_ = *c_.proof;
  secagg::Registry rekeyed = later;
  std::swap(rekeyed.entries[0].key, rekeyed.entries[1].key);
  pin(rekeyed);
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id) << "only keys that are pinned here count";
  later.entries.erase(later.entries.begin());
  pin(later);
  EXPECT_EQ(Fate(), "good") << "one left since; t are still there";
  later.entries.erase(later.entries.begin());
  pin(later);
  EXPECT_EQ(Fate(), errors::kSecaggBadCertificate.id);
}

TEST_F(ModelProofTest, IsOfTheModeAndTheParametersOfThePlan) {
  proof_.offer.mode = SecureMode::kSemiHonest;
  EXPECT_EQ(Fate(), errors::kSecaggModeRefused.id);
  proof_ = *c_.proof;
  proof_.offer.train_cfg_hash.bytes[0] ^= 1;
  EXPECT_EQ(Fate(), errors::kSecaggWrongConfig.id);
  proof_ = *c_.proof;
  secagg::Params params = *secagg::Params::Parse(proof_.offer.params, proof_.offer.mode);
  params.encoding.w_max = 7;
  proof_.offer.params = params.Encode();
  EXPECT_EQ(Fate(), errors::kSecaggBadParams.id);
  proof_ = *c_.proof;
  proof_.offer.cohort.pop_back();
  EXPECT_NE(Fate(), "good");
}

// A lab that never saw round 1 is told to train in round 2, under the registry that it came into.
TEST_F(ModelProofTest, ALateLabTakesPartFromThereOn) {
  Lab late("delhi", 0.1F);
  secagg::Registry second = *c_.registry;
  second.version = 2;
  second.entries.push_back({late.id, late.identity.name, late.key->PublicKey(), 4'000'000'000});
  std::ranges::sort(second.entries, {}, &secagg::RegistryEntry::id);
  ASSERT_TRUE(Pin(late.config.node.state, second).ok());
  late.Prepare();
  late.Await<rpc::Prepared>();
  c_.Next();
  rpc::Train train = c_.TrainMessage();
  train.proof->model.resize(1);
  late.task->OnTrain(train);
  EXPECT_EQ(late.Await<rpc::Declined>().error.error(), errors::kSecaggBadCertificate.id);
  EXPECT_EQ(late.activity(), "idle");
  late.task->OnTrain(c_.TrainMessage());
  EXPECT_EQ(late.activity(), "training");
  EXPECT_EQ(late.task->state().model, c_.model_hash);
}

}  // namespace
}  // namespace accord::node
