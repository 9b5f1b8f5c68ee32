// A vocabulary behind the seam: a full step is one of EM, and so is the mean of several nodes'.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "model/init.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unigram_em.h"
#include "tests/support/unigram_seed.h"
#include "trainer/torch_trainer.h"

namespace accord::trainer {
namespace {

using accord::testing::CentralEm;
using accord::testing::EmStep;

const std::vector<std::string> kDocuments = {"die kuh lief um den teich und sah die ente",
                                             "die ente lief um die kuh und die kuh lief um den teich",
                                             "\xC3\xBC"
                                             "ber die br\xC3\xBC"
                                             "cke lief die kuh zum teich und \xF0\x9F\xA6\x86"};
const std::vector<std::string> kHeldOut = {"die ente sah die kuh um den teich"};

class UnigramTrainerTest : public ::testing::Test {
 protected:
  UnigramTrainerTest() {
    const Bytes file =
        accord::testing::UnigramSeed(accord::testing::PartsOf(kDocuments[0] + " " + kDocuments[1], 4));
    seed_ = data::ParseSentencePieceModel(file).value();
    Write("seed.model", AsText(file));
    Write("train.txt", Joined(kDocuments, '\f'));
    Write("eval.txt", Joined(kHeldOut, '\f'));
    data_ = {.id = "text", .format = "text", .path = directory_ / "train.txt", .holdout = 0.0};
    data_.eval_path = directory_ / "eval.txt";
    data_.tokenizer = directory_ / "seed.model";
    job_.model.kind = "unigram";
    job_.model.llama.vocab_size = seed_.pieces.size();
    job_.text = {.tokenizer = "sha256:" + crypto::Sha256::Of(file).Hex(), .context = 16};
    job_.inner.lr = 1.0;
    job_.inner.batch = 1000;
    job_.round.count = 8;
  }
  static std::string Joined(const std::vector<std::string>& texts, char between) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : std::string(1, between)) + text;
    return all;
  }
  void Write(const std::string& name, std::string_view text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  Result<std::unique_ptr<Trainer>> Create() const {
    return MakeTorchTrainerFactory({.threads = 1, .cache = directory_ / "cache"})
        .value()
        ->Create(job_, data_);
  }
  std::unique_ptr<Trainer> Make() const {
    auto made = Create();
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    return *std::move(made);
  }
  std::vector<float> Start(const Trainer& trainer) const {
    std::vector<float> weights(trainer.Layout().size);
    model::InitialWeights(trainer.Layout(), 0, weights);
    return weights;
  }
  static std::vector<float> Round(Trainer& trainer, std::uint64_t round, const std::vector<float>& weights) {
    std::vector<float> result(weights.size());
    const auto outcome = trainer.Train({.round = round, .weights = weights, .result = result});
    EXPECT_TRUE(outcome.ok()) << Describe(outcome.status());
    return result;
  }
  // Bytes of the examples together: each of `context`, the last one too.
  double Positions() const {
    std::size_t tokens = 0;
    for (const std::string& document : kDocuments) tokens += document.size() + 1;
    return std::ceil(static_cast<double>(tokens) / static_cast<double>(job_.text.context)) *
           static_cast<double>(job_.text.context);
  }

  accord::testing::TempDir directory_;
  data::SentencePieceModel seed_;
  JobSpec job_;
  DatasetConfig data_;
};

TEST_F(UnigramTrainerTest, AFullStepIsOneOfEm) {
  for (const std::uint64_t context : {16, 40, 4096}) {
    job_.text.context = context;
    const auto trainer = Make();
    const CentralEm em(seed_);
    std::vector<float> weights = Start(*trainer);
    for (std::uint64_t round = 1; round <= 4; ++round) {
      const EmStep step = em.Step(kDocuments, {weights.begin(), weights.end()});
      weights = Round(*trainer, round, weights);
      for (std::size_t id = 0; id < weights.size(); ++id)
        ASSERT_NEAR(weights[id], step.counts[id] / Positions(), 1e-7) << context << " " << round << " " << id;
    }
    // What no text is made of is nothing by now.
    EXPECT_EQ(weights[1], 0.0F);
    EXPECT_GT(weights[0], 0.0F) << "the duck is no piece";
  }
}

TEST_F(UnigramTrainerTest, BatchesAndPartsAreStepwiseEm) {
  job_.inner.lr = 0.25;
  job_.inner.accumulate = 3;
  const auto trainer = Make();
  const CentralEm em(seed_);
  const std::vector<float> start = Start(*trainer), weights = Round(*trainer, 1, start);
  const EmStep step = em.Step(kDocuments, {start.begin(), start.end()});
  for (std::size_t id = 0; id < weights.size(); ++id)
    ASSERT_NEAR(weights[id], 0.75 * start[id] + 0.25 * step.counts[id] / Positions(), 1e-6) << id;
  // Small batches go towards the same, and use the text several times a round.
  job_.inner.accumulate = 1;
  job_.inner.batch = 3;
  const auto small = Make();
  const double before = small->Evaluate(start, {})->loss_sum;
  const double after = small->Evaluate(Round(*small, 1, start), {})->loss_sum;
  EXPECT_LT(after, trainer->Evaluate(weights, {})->loss_sum);
  EXPECT_LT(after, 0.9 * before);
}

TEST_F(UnigramTrainerTest, IsCountedInBitsPerByte) {
  const auto trainer = Make();
  const CentralEm em(seed_);
  std::vector<float> weights = Start(*trainer);
  double last = 1e9;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    const EmStep held = em.Step(kHeldOut, {weights.begin(), weights.end()});
    const EvalOutcome outcome = trainer->Evaluate(weights, {}).value();
    EXPECT_EQ(outcome.bytes, kHeldOut[0].size());
    EXPECT_NEAR(outcome.loss_sum, -held.log_likelihood, 1e-4);
    double pieces = 0.0;
    for (const double count : held.counts) pieces += count;
    EXPECT_NEAR(static_cast<double>(outcome.examples), pieces, 0.51);
    EXPECT_LT(outcome.loss_sum, last);
    last = outcome.loss_sum;
    weights = Round(*trainer, round, weights);
  }
}

TEST_F(UnigramTrainerTest, WeightsThatRoundingMadeNegativeAreUsed) {
  const auto trainer = Make();
  std::vector<float> weights = Round(*trainer, 1, Start(*trainer));
  for (std::size_t id = 0; id < weights.size(); id += 2) weights[id] = -1e-5F;
  const std::vector<float> next = Round(*trainer, 2, weights);
  for (const float weight : next) EXPECT_GE(weight, -1e-12F);
  EXPECT_TRUE(std::isfinite(trainer->Evaluate(weights, {})->loss_sum));
}

TEST_F(UnigramTrainerTest, ATextShorterThanAWindowIsOneExample) {
  job_.text.context = 0;  // the default
  const auto trainer = Make();
  std::vector<float> weights = Start(*trainer), result(weights.size());
  const auto outcome = trainer->Train({.round = 1, .weights = weights, .result = result});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->examples, 1U);
  EXPECT_EQ(outcome->steps, 1U);
}

TEST_F(UnigramTrainerTest, AnotherVocabularyIsRefusedByName) {
  job_.model.llama.vocab_size += 1;
  EXPECT_EQ(Create().status().error(), errors::kDataTokenizer.id);
  job_.model.llama.vocab_size -= 1;
  Write("seed.model", "another");
  EXPECT_EQ(Create().status().error(), errors::kDataTokenizer.id);
  data_.tokenizer.clear();
  EXPECT_EQ(Create().status().error(), errors::kDataTokenizer.id);
}

TEST_F(UnigramTrainerTest, WithoutAHoldoutNothingIsReported) {
  data_.eval_path.clear();
  const auto trainer = Make();
  EXPECT_EQ(trainer->Evaluate(Start(*trainer), {})->examples, 0U);
}

}  // namespace
}  // namespace accord::trainer
