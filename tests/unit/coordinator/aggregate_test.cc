// What becomes of three uploads: the sum and the next model as stored, against the plain computation in
// memory.
#include "coordinator/aggregate.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "secagg/sum.h"
#include "tests/support/temp_dir.h"
#include "update/headers.h"
#include "update/next_model.h"

namespace accord::coordinator {
namespace {

constexpr std::uint32_t kNodes = 3;

JobSpec Spec() {
  JobSpec spec;
  spec.secure = SecureMode::kOff;
  spec.model = {.kind = "mlp", .input = {300}, .classes = 211};  // 63,511: no whole number of tiles
  spec.outer = {.rule = "fedavg", .lr = 0.7};
  spec.update = {.bits = 16, .clip = 0.25, .max_examples = 1000};
  return spec;
}

class AggregateTest : public ::testing::Test {
 protected:
  explicit AggregateTest(const JobSpec& spec = Spec()) : spec_(std::make_shared<const JobSpec>(spec)) {
    weights_.resize(layout_->size);
    model::InitialWeights(*layout_, 5, weights_);
    task_ = {.spec = spec_,
             .layout = layout_,
             .purpose = round::Purpose::kTrain,
             .round = {1},
             .cohort = kNodes,
             .words = encoding_.Words(),
             .uploads = {},
             .model_hash = StoreInitialModel(*blobs_, *layout_, weights_).value(),
             .blobs = blobs_.get(),
             .masked = nullptr};
    for (std::uint32_t node = 0; node < kNodes; ++node) Upload(node);
  }

  // One honest update of random coordinates; its words are added to sum_.
  void Upload(std::uint32_t node) {
    std::mt19937_64 random(node);
    const auto weight = secagg::WeightOf(spec_->update.weights, 300, spec_->update.max_examples);
    std::vector<std::uint64_t> words =
        update::HeaderValues(*spec_, weight, {10, 5.0, 6}, std::nullopt).value();
    words.resize(encoding_.Words());
    const auto reach = static_cast<std::uint64_t>(static_cast<double>(encoding_.Limit()) *
                                                  (static_cast<double>(weight.omega) / 4294967295.0));
    for (std::uint64_t j = 0; j < encoding_.coordinates; ++j) {
      const std::uint64_t z = encoding_.Limit() - reach + random() % (2 * reach + 1);
      words[encoding_.headers.size() + j / encoding_.FieldsPerWord()] +=
          z << (j % encoding_.FieldsPerWord() * encoding_.field_bits);
    }
    Bytes bytes(words.size() * 8);
    secagg::StoreWords(words, bytes);
    std::shared_ptr<store::Spool> spool = spools_->Take(bytes.size()).value();
    ASSERT_TRUE(spool->Append(ByteView(bytes)).ok());
    task_.uploads.push_back(std::move(spool));
    for (std::size_t i = 0; i < words.size(); ++i) sum_[i] += words[i];
  }

  [[nodiscard]] update::Sum PlainSum() const {
    return {task_.purpose, task_.round, kNodes, kNodes, std::span(sum_)};
  }

  testing::TempDir dir_;
  std::unique_ptr<store::Blobs> blobs_ = store::Blobs::Open(dir_ / "blobs").value();
  const std::shared_ptr<const JobSpec> spec_;
  const std::shared_ptr<const ModelLayout> layout_ =
      std::make_shared<const ModelLayout>(update::GlobalLayout(*spec_).value());
  const secagg::Encoding encoding_ =
      update::EncodingFor(*spec_, round::Purpose::kTrain, update::ParametersOf(*layout_), kNodes).value();
  // Room for one upload: the others are files.
  std::unique_ptr<store::SpoolPool> spools_ =
      store::SpoolPool::Open({.directory = dir_ / "spool", .memory_budget = encoding_.Words() * 8}).value();
  std::vector<float> weights_;
  std::vector<std::uint64_t> sum_ = std::vector<std::uint64_t>(encoding_.Words());
  AggregateTask task_;
};

TEST_F(AggregateTest, StoresTheSumAndTheModelThatThePlainComputationGives) {
  const auto done = Aggregate(task_);
  ASSERT_TRUE(done.ok()) << Describe(done.status());
  const auto metrics = update::NextModel(*spec_, PlainSum(), weights_);
  ASSERT_TRUE(metrics.ok()) << Describe(metrics.status());
  EXPECT_EQ(done->outcome.model_hash, model::ModelHash(*layout_, weights_));
  EXPECT_TRUE(blobs_->Verify(done->outcome.model_hash).ok());
  Bytes bytes(sum_.size() * 8);
  secagg::StoreWords(sum_, bytes);
  EXPECT_EQ(blobs_->Get(done->outcome.sum, bytes.size()).value(), bytes);
  EXPECT_EQ(done->outcome.words, sum_.size());
  ASSERT_EQ(done->outcome.metrics.size(), metrics->size());
  for (std::size_t i = 0; i < metrics->size(); ++i) {
    EXPECT_EQ(done->outcome.metrics[i].metric, metrics->at(i).metric);
    EXPECT_EQ(done->outcome.metrics[i].value, metrics->at(i).value)
        << "parts of the model together see it all";
  }
  EXPECT_TRUE(done->sum.empty());  // too large to go inline
}

JobSpec DiLoCo() {
  JobSpec spec = Spec();
  spec.outer = {.rule = "diloco", .lr = 0.7, .momentum = 0.9};
  return spec;
}

class AggregateStateTest : public AggregateTest {
 protected:
  AggregateStateTest() : AggregateTest(DiLoCo()) {}
};

TEST_F(AggregateStateTest, TheStateIsInTheModelAndGoesOnInTheNextRound) {
  for (const std::uint64_t round : {1U, 2U}) {
    task_.round = {round};
    const auto done = Aggregate(task_);
    ASSERT_TRUE(done.ok()) << Describe(done.status());
    ASSERT_TRUE(update::NextModel(*spec_, PlainSum(), weights_).ok());
    EXPECT_EQ(done->outcome.model_hash, model::ModelHash(*layout_, weights_)) << round;
    task_.model_hash = done->outcome.model_hash;
  }
  const Bytes file = blobs_->Get(task_.model_hash, 1 << 20).value();
  EXPECT_EQ(*model::ReadSafetensors(file, *layout_), weights_);
  EXPECT_EQ(file.size(), model::SafetensorsSize(*layout_));
}

TEST_F(AggregateStateTest, ADamagedStateIsFound) {
  const auto path = blobs_->PathOf(task_.model_hash);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-5, std::ios::end);
  file.put('\x7f');
  file.close();
  EXPECT_EQ(Aggregate(task_).status().error(), "store.corrupt");
}

TEST_F(AggregateTest, TheModelAfterARoundIsTheBaseOfTheNext) {
  task_.model_hash = Aggregate(task_).value().outcome.model_hash;
  task_.round = {2};
  const auto second = Aggregate(task_);
  ASSERT_TRUE(second.ok()) << Describe(second.status());
  ASSERT_TRUE(update::NextModel(*spec_, PlainSum(), weights_).ok());
  update::Sum sum = PlainSum();
  sum.round = {2};
  ASSERT_TRUE(update::NextModel(*spec_, sum, weights_).ok());
  EXPECT_EQ(second->outcome.model_hash, model::ModelHash(*layout_, weights_));
}

TEST_F(AggregateTest, ADamagedBaseModelIsNotSteppedFrom) {
  const std::string hex = task_.model_hash.Hex();
  const auto path = dir_ / "blobs" / hex.substr(0, 2) / hex.substr(2, 2) / hex;
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('\x7f');
  file.close();
  EXPECT_EQ(Aggregate(task_).status().error(), errors::kStoreCorrupt.id);
}

TEST_F(AggregateTest, ABaseModelThatIsGoneAndABadSumAreNamed) {
  const Digest base = std::exchange(task_.model_hash, crypto::Sha256::Of(Bytes(3)));
  EXPECT_EQ(Aggregate(task_).status().error(), errors::kBlobNotFound.id);
  task_.model_hash = base;
  task_.uploads.push_back(task_.uploads.front());  // one too many
  EXPECT_EQ(Aggregate(task_).status().error(), errors::kSecaggWrongCount.id);
}

}  // namespace
}  // namespace accord::coordinator
