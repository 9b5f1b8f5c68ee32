// The model is the one that others mean by Llama: logits, gradients and a step of training agree with a model
// that was written in Python's torch from Hugging Face's conventions alone (llama_reference.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/errors.h"
#include "base/file.h"
#include "model/safetensors.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/trainer/llama_fixture.h"
#include "trainer/optimizer.h"
#include "trainer/torchscript.h"

namespace accord::trainer {
namespace {

struct Case {
  std::string name;
  LlamaSpec spec;
  std::int64_t windows, context;
};

std::vector<Case> Cases() {
  std::vector<Case> cases{{"shared_heads", TinyLlama(), 3, 20}};
  cases.push_back({"own_head", TinyLlama(), 2, 130});  // more than two blocks of scores
  cases.back().spec.tie_word_embeddings = false;
  cases.push_back({"one_kv_head", TinyLlama(), 1, 65});
  cases.back().spec.num_key_value_heads = 1;
  cases.back().spec.rope_theta = 500'000.0;
  cases.push_back({"no_shared_heads", TinyLlama(), 2, 64});
  cases.back().spec.num_key_value_heads = 4;
  cases.back().spec.rms_norm_eps = 1e-3;
  cases.push_back({"one_layer_bytes", TinyLlama(), 4, 1});
  cases.back().spec.num_hidden_layers = 1;
  cases.back().spec.vocab_size = 259;
  return cases;
}

InnerSpec AdamW() {
  InnerSpec inner;
  inner.optimizer = OptimizerKind::kAdamW;
  inner.lr = 0.01;
  inner.beta2 = 0.95;
  inner.epsilon = 1e-4;  // the first step divides g by |g| + epsilon: rounding matters where that is nothing
  inner.weight_decay = 0.1;
  inner.clip_norm = 0.5;
  return inner;
}

void WriteCase(const std::filesystem::path& directory, const Case& test, const SmallLlama& model,
               const std::vector<std::int32_t>& tokens) {
  std::filesystem::create_directory(directory);
  ASSERT_TRUE(model::WriteSafetensors(directory / "model.safetensors", model.layout, model.weights).ok());
  ASSERT_TRUE(WriteTorchScript(directory / "module.pt", model.spec.llama, model.weights).ok());
  std::ofstream(directory / "tokens.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(tokens.data()),
             static_cast<std::streamsize>(tokens.size() * sizeof(tokens[0])));
  const LlamaSpec& spec = model.spec.llama;
  const InnerSpec inner = AdamW();
  std::ofstream(directory / "config.json")
      << nlohmann::json{{"num_hidden_layers", spec.num_hidden_layers},
                        {"num_attention_heads", spec.num_attention_heads},
                        {"num_key_value_heads", spec.num_key_value_heads},
                        {"rms_norm_eps", spec.rms_norm_eps},
                        {"rope_theta", spec.rope_theta},
                        {"tie_word_embeddings", spec.tie_word_embeddings},
                        {"context", test.context},
                        {"clip_norm", inner.clip_norm},
                        {"lr", inner.lr},
                        {"beta1", inner.beta1},
                        {"beta2", inner.beta2},
                        {"epsilon", inner.epsilon},
                        {"weight_decay", inner.weight_decay}};
}

double Farthest(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

at::Tensor Flat(const std::vector<float>& values) { return at::tensor(values); }

TEST(LlamaReferenceTest, AgreesWithAModelWrittenInPython) {
  const std::string python = ACCORD_PYTHON;
  if (std::system((python + " -c 'import torch' >/dev/null 2>&1").c_str()) != 0) {
    GTEST_SKIP() << "python3-torch is not installed";
  }
  const accord::testing::TempDir scratch;
  std::string command = python + " tests/unit/trainer/llama_reference.py";
  for (const Case& test : Cases()) {
    const SmallLlama model(test.spec);
    WriteCase(scratch / test.name, test, model, model.Tokens(test.windows, test.context));
    command += " " + (scratch / test.name).string();
  }
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const Case& test : Cases()) {
    SCOPED_TRACE(test.name);
    const SmallLlama model(test.spec);
    const std::vector<std::int32_t> tokens = model.Tokens(test.windows, test.context);
    const TokenBatch batch{.tokens = tokens, .windows = test.windows, .context = test.context};
    Llama ours = model.Make();
    const at::Tensor logits = ours.Logits(batch);
    const auto theirs = ReadFile(scratch / test.name / "logits.bin", 1U << 30);
    ASSERT_TRUE(theirs.ok());
    ASSERT_EQ(theirs->size(), static_cast<std::size_t>(logits.nbytes()));
    EXPECT_GT(logits.abs().max().item<double>(), 1.0);
    EXPECT_LT(Farthest(logits,
                       at::from_blob(const_cast<std::uint8_t*>(theirs->data()), logits.sizes(), at::kFloat)),
              1e-4);

    const auto script = ReadFile(scratch / test.name / "script.bin", 1U << 30);
    ASSERT_TRUE(script.ok());
    ASSERT_EQ(script->size(), static_cast<std::size_t>(logits.nbytes()));
    EXPECT_LT(Farthest(logits,
                       at::from_blob(const_cast<std::uint8_t*>(script->data()), logits.sizes(), at::kFloat)),
              1e-4);

    ours.AddGradient(batch, 1.0 / static_cast<double>(test.windows * test.context));
    const auto gradients =
        model::ReadSafetensors(scratch / test.name / "gradients.safetensors", model.layout);
    ASSERT_TRUE(gradients.ok()) << Describe(gradients.status());
    EXPECT_GT(Flat(*gradients).norm().item<double>(), AdamW().clip_norm);
    EXPECT_LT(Farthest(ours.gradients(), Flat(*gradients)), 1e-5);

    Optimizer optimizer(AdamW(), ours.weights(), ours.gradients());
    optimizer.Limit({}, Part(model.layout, model.layout));
    optimizer.Step(AdamW().lr);
    const auto stepped = model::ReadSafetensors(scratch / test.name / "stepped.safetensors", model.layout);
    ASSERT_TRUE(stepped.ok()) << Describe(stepped.status());
    EXPECT_LT(Farthest(ours.weights(), Flat(*stepped)), 1e-4);
    EXPECT_GT(Farthest(ours.weights(), Flat(model.weights)), 1e-3);
  }
}

}  // namespace
}  // namespace accord::trainer
