// Adapters are those that others mean by LoRA: loss, gradients and a step of training agree with autograd in
// Python's torch (adapter_reference.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/errors.h"
#include "base/file.h"
#include "model/frozen.h"
#include "model/safetensors.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/trainer/fixture.h"
#include "tests/unit/trainer/llama_fixture.h"
#include "trainer/adapter_learner.h"
#include "trainer/optimizer.h"
#include "trainer/part.h"

namespace accord::trainer {
namespace {

// One batch, again and again.
class OneBatch final : public Learner {
 public:
  OneBatch(const SmallLlama& model, std::vector<std::int32_t> tokens, std::int64_t windows)
      : tokens_(std::move(tokens)), windows_(windows), llama_(model.Make()), gradients_(llama_.gradients()) {}
  const at::Tensor& weights() const override { return llama_.weights(); }
  const at::Tensor& gradients() const override { return gradients_; }
  std::uint64_t examples() const override { return 1; }
  Status AddGradient(std::span<const std::uint64_t>, double share) override {
    (void)llama_.AddGradient(Batch(), share / static_cast<double>(Predictions()));
    return {};
  }
  Result<EvalOutcome> Evaluate(const std::stop_token&) override {
    return EvalOutcome{.examples = static_cast<std::uint64_t>(Predictions()),
                       .loss_sum = llama_.Loss(Batch()).nll};
  }
  Result<std::uint32_t> DataCrc() override { return 0U; }

 private:
  [[nodiscard]] std::int64_t Predictions() const {
    return static_cast<std::int64_t>(tokens_.size()) - windows_;
  }
  [[nodiscard]] TokenBatch Batch() const {
    return {.tokens = tokens_, .windows = windows_, .context = Predictions() / windows_};
  }

  std::vector<std::int32_t> tokens_;
  std::int64_t windows_;
  Llama llama_;
  at::Tensor gradients_;
};

struct AdapterCase {
  std::string name;
  std::uint64_t rank;
  double alpha;
  std::vector<std::string> projections;
  bool tied = true;
};

std::vector<AdapterCase> AdapterCases() {
  return {{"all", 4, 8.0, {}},
          {"attention", 8, 8.0, {"q_proj", "v_proj"}},
          {"one", 1, 3.0, {"layers.1.mlp.down_proj"}},
          {"head", 3, 16.0, {"lm_head", "gate_proj"}, false}};
}

// A case's adapter, with A and B that both matter.
struct SmallAdapter {
  explicit SmallAdapter(const AdapterCase& test) : model(Spec(test)) {
    job.adapter = {
        .kind = AdapterKind::kLora, .rank = test.rank, .alpha = test.alpha, .projections = test.projections};
    job.model = model.spec;
    adapter = model::MakeAdapter(job.adapter, job.model, model.layout).value();
    weights.resize(adapter.layout.size);
    for (TensorSpec tensor : adapter.layout.tensors) {
      tensor.init.bound = 0.3;
      model::InitialTensor(tensor, 11, 0, std::span(weights).subspan(tensor.offset, tensor.size));
    }
  }
  static LlamaSpec Spec(const AdapterCase& test) {
    LlamaSpec spec = TinyLlama();
    spec.tie_word_embeddings = test.tied;
    return spec;
  }
  [[nodiscard]] std::unique_ptr<Learner> Make(const ModelLayout& trained, std::uint64_t seed = 0) const {
    return MakeAdapterLearner(std::make_unique<OneBatch>(model, model.Tokens(2, 40), 2),
                              {.adapter = adapter, .trained = trained, .base = model.weights, .seed = seed});
  }

  SmallLlama model;
  JobSpec job;
  model::Adapter adapter;
  std::vector<float> weights;
};

InnerSpec AdapterStep() {
  InnerSpec inner;
  inner.optimizer = OptimizerKind::kAdamW;
  inner.lr = 0.01;
  inner.epsilon = 1e-4;
  inner.weight_decay = 0.1;
  return inner;
}

void WriteAdapter(const std::filesystem::path& directory, const SmallAdapter& test) {
  std::filesystem::create_directory(directory);
  ASSERT_TRUE(
      model::WriteSafetensors(directory / "model.safetensors", test.model.layout, test.model.weights).ok());
  ASSERT_TRUE(
      model::WriteSafetensors(directory / "adapter.safetensors", test.adapter.layout, test.weights).ok());
  const std::vector<std::int32_t> tokens = test.model.Tokens(2, 40);
  std::ofstream(directory / "tokens.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(tokens.data()),
             static_cast<std::streamsize>(tokens.size() * sizeof(tokens[0])));
  const LlamaSpec& spec = test.model.spec.llama;
  const InnerSpec inner = AdapterStep();
  std::ofstream(directory / "config.json")
      << nlohmann::json{{"num_hidden_layers", spec.num_hidden_layers},
                        {"num_attention_heads", spec.num_attention_heads},
                        {"num_key_value_heads", spec.num_key_value_heads},
                        {"rms_norm_eps", spec.rms_norm_eps},
                        {"rope_theta", spec.rope_theta},
                        {"tie_word_embeddings", spec.tie_word_embeddings},
                        {"context", 40},
                        {"rank", test.job.adapter.rank},
                        {"alpha", test.job.adapter.alpha},
                        {"lr", inner.lr},
                        {"beta1", inner.beta1},
                        {"beta2", inner.beta2},
                        {"epsilon", inner.epsilon},
                        {"weight_decay", inner.weight_decay}};
}

double GreatestGap(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

std::vector<float> ReadTensors(const std::filesystem::path& path, const ModelLayout& layout) {
  const auto read = model::ReadSafetensors(path, layout);
  EXPECT_TRUE(read.ok()) << Describe(read.status());
  return *read;
}

TEST(AdapterReferenceTest, AgreesWithAutogradInPython) {
  const std::string python = ACCORD_PYTHON;
  if (std::system((python + " -c 'import torch' >/dev/null 2>&1").c_str()) != 0) {
    GTEST_SKIP() << "python3-torch is not installed";
  }
  const accord::testing::TempDir scratch;
  std::string command = python + " tests/unit/trainer/adapter_reference.py";
  for (const AdapterCase& test : AdapterCases()) {
    WriteAdapter(scratch / test.name, SmallAdapter(test));
    command += " " + (scratch / test.name).string();
  }
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const AdapterCase& test : AdapterCases()) {
    SCOPED_TRACE(test.name);
    const SmallAdapter small(test);
    const auto learner = small.Make(small.adapter.layout);
    learner->weights().copy_(at::tensor(small.weights));
    const EvalOutcome outcome = learner->Evaluate({}).value();
    const auto loss = nlohmann::json::parse(AsText(ReadFile(scratch / test.name / "loss.json").value()));
    EXPECT_NEAR(outcome.loss_sum / static_cast<double>(outcome.examples), loss.get<double>(), 1e-5);

    const std::uint64_t rows[] = {0};
    ASSERT_TRUE(learner->AddGradient(rows, 0.25).ok());
    ASSERT_TRUE(learner->AddGradient(rows, 0.75).ok());
    const at::Tensor gradients =
        at::tensor(ReadTensors(scratch / test.name / "gradients.safetensors", small.adapter.layout));
    EXPECT_GT(gradients.norm().item<double>(), 0.1);
    EXPECT_LT(GreatestGap(learner->gradients(), gradients), 1e-5);

    Optimizer optimizer(AdapterStep(), learner->weights(), learner->gradients());
    optimizer.Step(AdapterStep().lr);
    const at::Tensor stepped =
        at::tensor(ReadTensors(scratch / test.name / "stepped.safetensors", small.adapter.layout));
    EXPECT_LT(GreatestGap(learner->weights(), stepped), 1e-5);
    EXPECT_GT(GreatestGap(learner->weights(), at::tensor(small.weights)), 1e-3);
  }
}

TEST(AdapterLearnerTest, EvaluatesWhatMergeWrites) {
  const SmallAdapter small(AdapterCases()[0]);
  const auto learner = small.Make(small.adapter.layout);
  learner->weights().copy_(at::tensor(small.weights));
  SmallLlama merged = small.model;
  model::Merge(small.adapter, small.weights, merged.weights);
  OneBatch plain(merged, merged.Tokens(2, 40), 2);
  EXPECT_NEAR(learner->Evaluate({})->loss_sum, plain.Evaluate({})->loss_sum, 1e-3);
  learner->weights().zero_();  // back at the frozen model, whatever was merged before
  OneBatch frozen(small.model, small.model.Tokens(2, 40), 2);
  EXPECT_EQ(learner->Evaluate({})->loss_sum, frozen.Evaluate({})->loss_sum);
}

// With A fixed what is left are the same gradients of B.
TEST(AdapterLearnerTest, WithoutAInWhatIsTrainedAIsTheSeeds) {
  SmallAdapter small(AdapterCases()[1]);
  small.job.adapter.kind = AdapterKind::kFfaLora;
  const model::Partition parts = model::MakePartition(small.job).value();
  const auto ffa = small.Make(parts.trained, 21);
  const auto both = small.Make(small.adapter.layout, 21);
  model::InitialWeights(small.adapter.layout, 21, {both->weights().data_ptr<float>(), small.weights.size()});
  ffa->weights().fill_(0.1);
  for (const TensorSpec& tensor : small.adapter.layout.tensors) {
    if (!tensor.name.ends_with("lora_B.weight")) continue;
    both->weights()
        .narrow(0, static_cast<std::int64_t>(tensor.offset), static_cast<std::int64_t>(tensor.size))
        .fill_(0.1);
  }
  const std::uint64_t rows[] = {0};
  ASSERT_TRUE(ffa->AddGradient(rows, 1.0).ok());
  ASSERT_TRUE(both->AddGradient(rows, 1.0).ok());
  const Part b(small.adapter.layout, parts.trained);
  at::Tensor expected = at::empty_like(ffa->gradients());
  b.Gather(both->gradients(), expected);
  EXPECT_GT(expected.norm().item<double>(), 0.01);
  EXPECT_EQ(GreatestGap(ffa->gradients(), expected), 0.0);
}

class ImageAdapterTest : public TinyJobTest {
 protected:
  ImageAdapterTest() {
    const ModelLayout layout = model::BuildLayout(job_.model).value();
    std::vector<float> weights(layout.size);
    model::InitialWeights(layout, 3, weights);
    data_.base = directory_ / "base";
    const Digest hash = model::WriteSafetensors(data_.base, layout, weights).value();
    job_.adapter = {.kind = AdapterKind::kLora,
                    .rank = 2,
                    .alpha = 4.0,
                    .projections = {"fc1", "fc2"},
                    .base = model::NameOfHash(hash)};
  }
};

TEST_F(ImageAdapterTest, OtherModelsLearnThroughAdaptersToo) {
  job_.inner.local_epochs = 20;
  const auto trainer = Make();
  EXPECT_EQ(trainer->Layout().tensors.size(), 4U);
  const std::vector<float> start = Start(*trainer);
  const double before = trainer->Evaluate(start, {})->loss_sum;
  EXPECT_LT(trainer->Evaluate(Train(*trainer), {})->loss_sum, 0.7 * before);
}

TEST_F(ImageAdapterTest, TheFrozenModelMustBeThere) {
  data_.base.clear();
  EXPECT_EQ(Create().status().error(), "model.base");
  data_.base = data_.path;
  EXPECT_EQ(Create().status().error(), "model.base");
}

}  // namespace
}  // namespace accord::trainer
