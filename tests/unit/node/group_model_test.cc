// The model of a job with groups, made of certified sums: of nothing less, and of no other partition.
#include "node/group_model.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>

#include "base/errors.h"
#include "base/file.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "secagg/bodies.h"
#include "secagg/chunk_root.h"
#include "secagg/collector.h"
#include "secagg/weight.h"
#include "tests/unit/node/lab.h"
#include "update/groups.h"
#include "update/headers.h"
#include "update/statement.h"

namespace accord::node {
namespace {

const std::string kGroups =
    "[eval]\nmetrics = [\"loss\"]\n[groups]\nmin_groups = 2\nmax_norm = 1.0\n"
    "[groups.east]\nnodes = [\"ankara\", \"bogota\", \"cairo\"]\n"
    "[groups.west]\nnodes = [\"dakar\", \"essen\", \"fez\"]\n";
const char* const kNames[] = {"ankara", "bogota", "cairo", "dakar", "essen", "fez"};

class GroupModelTest : public ::testing::Test {
 protected:
  GroupModelTest() : lab_("ankara", 0.1F, "malicious", kGroups) {
    registry_ = MakeRegistry();
    EXPECT_TRUE(Pin(lab_.config.node.state, *registry_).ok());
    auto parsed = config::ParseJob(AsText(lab_.plan), "job");
    EXPECT_TRUE(parsed.ok()) << Describe(parsed.status());
    spec_ = std::make_shared<const JobSpec>(*parsed);
    layout_ = std::make_shared<const ModelLayout>(*model::BuildLayout(spec_->model));
    auto first = std::make_shared<std::vector<float>>(layout_->size);
    model::InitialWeights(*layout_, spec_->seed, *first);
    base_hash_ = model::ModelHash(*layout_, *first);
    base_ = first;
    terms_ = {.facts = {lab_.job(), spec_, layout_, lab_.id},
              .federation = kFederation,
              .pinned = {registry_, registry_->Hash()},
              .policy = lab_.config.policy,
              .now = 1'700'000'000};
    sums_ = {MakeSum(0, 0.1), MakeSum(1, 0.2)};
  }

  static NodeId IdOf(const std::string& name) {
    return crypto::SpiffeId::Make(kFederation, crypto::Role::kNode, name)->ToNodeId();
  }
  static crypto::Ed25519Key KeyOf(const std::string& name) {
    return crypto::Ed25519Key::FromSeed(crypto::Sha256::Of(name).bytes);
  }
  static std::shared_ptr<const secagg::Registry> MakeRegistry() {
    auto made = std::make_shared<secagg::Registry>();
    made->version = 1;
    for (const char* name : kNames)
      made->entries.push_back({IdOf(name), name, KeyOf(name).PublicKey(), 4'000'000'000});
    std::ranges::sort(made->entries, {}, &secagg::RegistryEntry::id);
    return made;
  }
  // Names of a group, ascending by id.
  static std::vector<std::string> Members(std::uint32_t group) {
    std::vector<std::string> names(kNames + 3 * group, kNames + 3 * group + 3);
    std::ranges::sort(names, {}, IdOf);
    return names;
  }

  secagg::Offer MakeOffer(const std::vector<std::string>& members) const {
    const JobId job = lab_.job();
    secagg::Offer offer{
        .federation_id = kFederation,
        .job_id = Bytes(job.bytes.begin(), job.bytes.end()),
        .round = {1},
        .attempt = {0},
        .registry_hash = registry_->Hash(),
        .cohort = {},
        .model_hash = base_hash_,
        .train_cfg_hash = update::TrainConfigHash(job, round::Purpose::kTrain),
        .params = update::ParamsFor(*spec_, round::Purpose::kTrain, layout_->size, 3)->Encode(),
        .mode = spec_->secure};
    for (const std::string& name : members) offer.cohort.push_back(IdOf(name));
    return offer;
  }
  // The sum of three nodes that each add `value` to every weight.
  std::vector<std::uint64_t> MakeWords(double value) const {
    const auto encoding = *update::EncodingFor(*spec_, round::Purpose::kTrain, layout_->size, 3);
    const auto weight = secagg::WeightOf(spec_->update.weights, 10, spec_->update.max_examples);
    const auto headers = *update::HeaderValues(*spec_, weight, {10, 5.0, 6}, std::nullopt);
    std::vector<std::uint64_t> words(encoding.Words());
    for (std::size_t i = 0; i < headers.size(); ++i) words[i] = 3 * headers[i];
    const auto limit = static_cast<double>(encoding.Limit());
    const auto field = static_cast<std::uint64_t>(limit + std::floor(limit * value));
    for (std::size_t j = 0; j < layout_->size; ++j) {
      words[headers.size() + j / encoding.FieldsPerWord()] +=
          (3 * field) << (j % encoding.FieldsPerWord() * encoding.field_bits);
    }
    return words;
  }
  rpc::GroupSum MakeSum(std::uint32_t group, double value) { return MakeSum(group, value, Members(group)); }
  rpc::GroupSum MakeSum(std::uint32_t group, double value, const std::vector<std::string>& members) {
    rpc::GroupSum sum{group, {}, {}};
    sum.proof.offer = MakeOffer(members);
    sum.proof.u3_hash.bytes.fill(static_cast<std::uint8_t>(group + 1));
    const std::vector<std::uint64_t> words = MakeWords(value);
    sum.proof.words = words.size();
    sum.proof.z_root = secagg::RootOf(words, rpc::kChunkWords);
    sum.sum.bytes.fill(static_cast<std::uint8_t>(group + 9));
    blobs_[sum.sum] = words;
    Sign(sum, members);
    return sum;
  }
  static void Sign(rpc::GroupSum& sum, const std::vector<std::string>& names) {
    sum.proof.result.clear();
    const Digest ctx = secagg::Context(sum.proof.offer);
    for (const std::string& name : names) {
      const secagg::ResultSignature body{IdOf(name), sum.proof.u3_hash, sum.proof.words, sum.proof.z_root};
      const auto made = secagg::Sign(KeyOf(name), secagg::BodyType::kZ, ctx, body.Encode());
      sum.proof.result.push_back({IdOf(name), made.signature});
    }
  }

  // The plan has its groups dealt anew each round.
  void DealAnew() {
    JobSpec dealt = *spec_;
    dealt.groups.reshuffle = true;
    dealt.groups.max_norm = 0.0;
    spec_ = std::make_shared<const JobSpec>(dealt);
    terms_.facts.spec = spec_;
  }
  // Of the groups as this seed deals them.
  std::vector<rpc::GroupSum> SumsOf(const Digest& seed) {
    std::vector<rpc::GroupSum> sums;
    for (const update::Group& group : update::Reshuffled(*update::PartitionOf(*spec_, kFederation), seed)) {
      std::vector<std::string> names(std::begin(kNames), std::end(kNames));
      std::erase_if(names, [&](const std::string& name) { return !group.nodes.contains(IdOf(name)); });
      std::ranges::sort(names, {}, IdOf);
      const auto place = static_cast<std::uint32_t>(sums.size());
      sums.push_back(MakeSum(place, place == 0 ? 0.1 : 0.2, names));
    }
    return sums;
  }

  // The model that honest code makes of these values of the groups.
  Digest Expected(const std::vector<double>& values) const {
    std::vector<std::vector<std::uint64_t>> words;
    std::vector<update::Sum> sums;
    for (const double value : values) words.push_back(MakeWords(value));
    for (const auto& sum : words) sums.push_back({round::Purpose::kTrain, {1}, 3, 3, sum});
    std::vector<float> weights = *base_;
    update::OuterStep::Open(*spec_, sums, layout_->size)->Apply(0, weights);
    return model::ModelHash(*layout_, weights);
  }
  [[nodiscard]] std::string Fate(std::uint64_t round = 2) const {
    const auto base = CheckGroupSums(terms_, {round}, sums_);
    return base.ok() ? "good" : base.status().error();
  }
  [[nodiscard]] std::string Made(const Digest& told) const {
    if (Fate() != "good") return Fate();
    const auto made = MakeGroupModel({.terms = terms_,
                                      .round = {2},
                                      .model_hash = told,
                                      .sums = sums_,
                                      .base = base_,
                                      .client = nullptr,
                                      .stop = {},
                                      .judge = judge_,
                                      .fetch = [&](const Digest& hash, std::uint64_t) {
                                        return Result<std::vector<std::uint64_t>>(blobs_.at(hash));
                                      }});
    return made.ok() ? "good" : made.status().error();
  }

  Lab lab_;
  std::shared_ptr<const secagg::Registry> registry_;
  std::shared_ptr<const JobSpec> spec_;
  std::shared_ptr<const ModelLayout> layout_;
  Weights base_;
  Digest base_hash_;
  MaskedTerms terms_;
  std::vector<rpc::GroupSum> sums_;
  std::map<Digest, std::vector<std::uint64_t>> blobs_;
  std::optional<Judge> judge_;
};

TEST_F(GroupModelTest, IsTheStepOfAllCertifiedSums) {
  EXPECT_EQ(Made(Expected({0.1, 0.2})), "good");
  EXPECT_EQ(Made(Expected({0.1})), errors::kSecaggWrongModel.id);
  sums_[1].proof.result.pop_back();  // n = 3, T = 0: t = 2
  EXPECT_EQ(Made(Expected({0.1, 0.2})), "good");
}

TEST_F(GroupModelTest, OneSignatureTooFewIsNoCertificate) {
  sums_[1].proof.result.resize(1);
  EXPECT_EQ(Made(Expected({0.1, 0.2})), errors::kSecaggBadCertificate.id);
}

TEST_F(GroupModelTest, AForgedSignatureOrAnothersIsNone) {
  sums_[1].proof.result[0].signature.bytes[5] ^= 1;
  EXPECT_EQ(Made(Expected({0.1, 0.2})), errors::kSecaggBadCertificate.id);
  sums_[1] = MakeSum(1, 0.2);
  sums_[1].proof.result[1] = sums_[1].proof.result[0];
  EXPECT_EQ(Made(Expected({0.1, 0.2})), errors::kSecaggBadCertificate.id);
  sums_[1] = MakeSum(1, 0.2);
  Sign(sums_[1], Members(0));  // of the other group
  EXPECT_EQ(Made(Expected({0.1, 0.2})), errors::kSecaggBadCertificate.id);
}

TEST_F(GroupModelTest, ACertificateOfAnotherContextIsNone) {
  sums_[1].proof.offer.attempt.value = 1;
  EXPECT_EQ(Made(Expected({0.1, 0.2})), errors::kSecaggBadCertificate.id);
  sums_[1] = MakeSum(1, 0.2);
  sums_[1].proof.u3_hash.bytes[0] ^= 1;
  EXPECT_EQ(Made(Expected({0.1, 0.2})), errors::kSecaggBadCertificate.id);
}

TEST_F(GroupModelTest, AForgedSumIsRefused) {
  blobs_[sums_[1].sum] = MakeWords(0.3);
  EXPECT_EQ(Made(Expected({0.1, 0.3})), errors::kSecaggBadRoot.id);
  sums_[1].proof.z_root = secagg::RootOf(blobs_[sums_[1].sum], rpc::kChunkWords);
  EXPECT_EQ(Made(Expected({0.1, 0.3})), errors::kSecaggBadCertificate.id);
  sums_[1].proof.words = 3;
  EXPECT_EQ(Made(Expected({0.1, 0.3})), errors::kSecaggWrongLength.id);
}

TEST_F(GroupModelTest, AnotherPartitionIsRefused) {
  sums_[1].group = 0;
  sums_[0].group = 1;
  std::swap(sums_[0], sums_[1]);
  EXPECT_EQ(Fate(), errors::kSecaggWrongGroup.id) << "the groups' names are changed round";
  sums_ = {MakeSum(0, 0.1), MakeSum(1, 0.2)};
  std::vector<std::string> mixed{"ankara", "dakar", "essen"};
  std::ranges::sort(mixed, {}, IdOf);
  sums_[1].proof.offer = MakeOffer(mixed);
  EXPECT_EQ(Fate(), errors::kSecaggWrongGroup.id);
}

// governance.md 4, test 23: a partition that does not follow from the votes, and a second one for a round.
TEST_F(GroupModelTest, GroupsThatAreDealtAnewFollowFromTheVotes) {
  DealAnew();
  EXPECT_EQ(Fate(), errors::kGroupsDraw.id) << "no votes were shown here";
  charter::GroupDraw draw{Digest{lab_.job().bytes}, {}};
  draw.nonces.resize(2);
  terms_.facts.draw = std::make_shared<const charter::GroupDraw>(draw);
  EXPECT_EQ(Fate(), errors::kSecaggWrongGroup.id) << "as the plan names them";
  sums_ = SumsOf(draw.SeedOf(1));
  EXPECT_EQ(Made(Expected({0.1, 0.2})), "good");
  sums_ = SumsOf(draw.SeedOf(2));
  EXPECT_EQ(Fate(), errors::kSecaggWrongGroup.id) << "those of another round: no round has two partitions";
  draw.nonces[1].fill(1);
  sums_ = SumsOf(draw.SeedOf(1));
  EXPECT_EQ(Fate(), errors::kSecaggWrongGroup.id) << "of other votes";
}

// By how much "the loss" falls: half the mean weight.
class MeanTrainer final : public Trainer {
 public:
  explicit MeanTrainer(std::uint64_t examples) : examples_(examples) {}
  const ModelLayout& Layout() const override { return layout_; }
  Result<TrainOutcome> Train(const TrainRequest&) override { return TrainOutcome{}; }
  Result<EvalOutcome> Evaluate(std::span<const float> weights, std::stop_token) override {
    double sum = 0.0;
    for (const float weight : weights) sum += weight;
    const double mean = sum / static_cast<double>(weights.size());
    return EvalOutcome{.examples = examples_, .loss_sum = -0.5 * mean * static_cast<double>(examples_)};
  }

 private:
  const ModelLayout layout_;
  const std::uint64_t examples_;
};

TEST_F(GroupModelTest, AJudgeKeepsWhatEachSetOfGroupsIsWorth) {
  const auto file = lab_.config.node.state / "worth" / "job";
  judge_ = Judge{std::make_shared<MeanTrainer>(8), file};
  for (int time = 0; time < 2; ++time) ASSERT_EQ(Made(Expected({0.1, 0.2})), "good");
  const auto judged = charter::DecodeJudgedRounds(*ReadFile(file));
  ASSERT_TRUE(judged.ok()) << Describe(judged.status());
  EXPECT_EQ(judged->job, Digest{lab_.job().bytes});
  ASSERT_EQ(judged->rounds.size(), 1U) << "the same round again";
  EXPECT_EQ(judged->rounds[0].round, 1U);
  EXPECT_EQ(judged->rounds[0].groups, (std::vector<std::uint32_t>{0, 1}));
  ASSERT_EQ(judged->rounds[0].fell.size(), 4U);
  const double wanted[] = {0.0, 0.05, 0.1, 0.075};  // the mean of both, not their sum
  for (std::size_t set = 0; set < 4; ++set)
    EXPECT_NEAR(judged->rounds[0].fell[set], wanted[set], 1e-4) << set;
}

TEST_F(GroupModelTest, AJudgeThatCannotJudgeHoldsNothingUp) {
  const auto file = lab_.config.node.state / "worth";
  judge_ = Judge{std::make_shared<MeanTrainer>(0), file};
  EXPECT_EQ(Made(Expected({0.1, 0.2})), "good") << "no hold-out";
  EXPECT_FALSE(std::filesystem::exists(file));
  std::ofstream(file) << "something else";
  judge_->trainer = std::make_shared<MeanTrainer>(1);
  EXPECT_EQ(Made(Expected({0.1, 0.2})), "good");
  EXPECT_EQ(AsText(*ReadFile(file)), "something else") << "what is damaged is left to people";
}

TEST_F(GroupModelTest, IsOfEnoughGroupsInTheirOrder) {
  sums_.pop_back();
  EXPECT_EQ(Fate(), errors::kJobTooFewGroups.id);
  sums_ = {MakeSum(1, 0.2), MakeSum(0, 0.1)};
  EXPECT_EQ(Fate(), errors::kSecaggBadEncoding.id);
  sums_ = {MakeSum(0, 0.1), MakeSum(0, 0.1)};
  EXPECT_EQ(Fate(), errors::kSecaggBadEncoding.id);
  sums_ = {MakeSum(0, 0.1), MakeSum(1, 0.2)};
  sums_[1].group = 2;
  EXPECT_EQ(Fate(), errors::kSecaggBadEncoding.id);
}

TEST_F(GroupModelTest, IsOfOneModelAndTheRoundBefore) {
  EXPECT_EQ(Fate(3), errors::kSecaggWrongModel.id);
  sums_[1].proof.offer.model_hash.bytes[0] ^= 1;
  EXPECT_EQ(Fate(), errors::kSecaggWrongModel.id);
  sums_[1] = MakeSum(1, 0.2);
  sums_[1].proof.offer.train_cfg_hash = update::TrainConfigHash(lab_.job(), round::Purpose::kEvaluate);
  EXPECT_NE(Fate(), "good");
}

TEST_F(GroupModelTest, AGroupThatFailsAGateIsLeftOutHereToo) {
  JobSpec lenient = *spec_;  // of the plan that lets one group do
  lenient.groups.min_groups = 1;
  spec_ = std::make_shared<const JobSpec>(lenient);
  terms_.facts.spec = spec_;
  sums_[1] = MakeSum(1, 0.9);
  EXPECT_EQ(Made(Expected({0.1, 0.9})), errors::kSecaggWrongModel.id) << "a coordinator that counts it lies";
  EXPECT_EQ(Made(Expected({0.1})), "good");
}

TEST_F(GroupModelTest, ALabRefusesACohortOfAnotherGroup) {
  lab_.Prepare();
  lab_.Await<rpc::Prepared>();
  lab_.task->OnTrain({lab_.job(), {1}, round::Purpose::kTrain, base_hash_, {}, {}, {}, {}});
  lab_.Await<rpc::Trained>();
  std::vector<std::string> mixed{"ankara", "dakar", "essen"};
  std::ranges::sort(mixed, {}, IdOf);
  lab_.task->OnOffer({lab_.job(), MakeOffer(mixed), {}});
  EXPECT_EQ(lab_.Await<rpc::Refused>().error.error(), errors::kSecaggWrongGroup.id);
  secagg::Offer good = MakeOffer(Members(0));
  good.attempt = {1};
  lab_.task->OnOffer({lab_.job(), good, {}});
  EXPECT_EQ(lab_.Await<rpc::Advertised>().attempt, AttemptId{1});
}

TEST_F(GroupModelTest, ALabDeclinesSumsThatProveNothing) {
  lab_.Prepare();
  lab_.Await<rpc::Prepared>();
  rpc::Train train{lab_.job(), {2}, round::Purpose::kTrain, Expected({0.1, 0.2}), {}, {}, {}, sums_};
  train.groups.pop_back();
  lab_.task->OnTrain(train);
  EXPECT_EQ(lab_.Await<rpc::Declined>().error.error(), errors::kJobTooFewGroups.id);
  train.groups = {};
  train.proof = sums_[0].proof;
  lab_.task->OnTrain(train);
  EXPECT_EQ(lab_.Await<rpc::Declined>().error.error(), errors::kSecaggWrongModel.id)
      << "one group's word is not enough";
  train.proof = {};
  lab_.task->OnTrain(train);
  EXPECT_EQ(lab_.Await<rpc::Declined>().error.error(), errors::kSecaggWrongModel.id);
  EXPECT_EQ(lab_.activity(), "idle");
}

TEST_F(GroupModelTest, ALabThatNoGroupNamesTakesNoPart) {
  Lab stranger("oslo", 0.1F, "malicious", kGroups);
  ASSERT_TRUE(Pin(stranger.config.node.state, *registry_).ok());
  stranger.Prepare();
  EXPECT_EQ(stranger.Await<rpc::Declined>().error.error(), errors::kTaskRefused.id);
}

}  // namespace
}  // namespace accord::node
