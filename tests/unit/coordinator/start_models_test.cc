// Weights that jobs begin from: what import keeps of others' checkpoints, which jobs fit it, and what is
// noticed of a file that has changed since.
#include "coordinator/start_models.h"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>

#include "base/errors.h"
#include "config/job_file.h"
#include "model/checkpoint.h"
#include "model/float_format.h"
#include "model/frozen.h"
#include "model/hf_export.h"
#include "model/layout.h"
#include "model/llama.h"
#include "model/safetensors.h"
#include "tests/unit/coordinator/office.h"

namespace accord::coordinator {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kRest =
    "[data]\ndataset = \"d\"\n[inner]\nlr = 0.1\nlocal_steps = 1\n[outer]\nrule = \"diloco\"\n[update]\n"
    "clip = 1.0\nmax_examples = 100\n[round]\ncount = 2\nmin_nodes = 3\nmin_survivors = 2\nmax_wait = "
    "\"2h\"\n";

class StartModelsTest : public ::testing::Test {
 protected:
  StartModelsTest() {
    weights_.resize(layout_.size);
    for (std::size_t i = 0; i < weights_.size(); ++i)
      weights_[i] = model::FromBf16(model::ToBf16(0.01F * static_cast<float>(i % 89) - 0.4F));
    EXPECT_TRUE(model::WriteHfModel(
                    directory_ / "hf",
                    {.spec = llama_, .weights = weights_, .details = {.format = model::FloatFormat::kBf16}})
                    .ok());
  }
  ImportedModel Import(const std::filesystem::path& path) {
    const auto made = models_.Import(path);
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    return made.ok() ? *made : ImportedModel{};
  }
  static std::string JobText(const std::string& model) {
    return "version = 1\nname = \"j\"\npurpose = \"demo\"\nsecure = \"off\"\n" + model + kRest;
  }
  static JobSpec Job(const std::string& model) {
    const auto job = config::ParseJob(JobText(model), "job");
    EXPECT_TRUE(job.ok()) << Describe(job.status());
    return *job;
  }
  Status Check(const JobSpec& job) { return models_.Check(job, *update::GlobalLayout(job)); }
  // One byte behind the header becomes another.
  static void Damage(const std::filesystem::path& file) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(-3, std::ios::end);
    stream.put('\x55');
  }

  testing::TempDir directory_;
  Office office_;
  const StartModels models_{office_.state()};
  const LlamaSpec llama_ = model::ResolveLlama({.hidden_size = 8,
                                                .intermediate_size = 6,
                                                .num_hidden_layers = 1,
                                                .num_attention_heads = 4,
                                                .num_key_value_heads = 2,
                                                .max_position_embeddings = 16,
                                                .rms_norm_eps = 3e-6,
                                                .rope_theta = 500'000.5})
                               .value();
  const ModelLayout layout_ = model::BuildLayout({.kind = "llama", .llama = llama_}).value();
  std::vector<float> weights_;
};

TEST_F(StartModelsTest, KeepsAnothersCheckpointUnderTheHashOfItsWeightsAsF32) {
  const ImportedModel made = Import(directory_ / "hf");
  EXPECT_EQ(made.hash, model::ModelHash(layout_, weights_));
  EXPECT_EQ(made.parameters, layout_.size);
  EXPECT_EQ(model::HashFile(made.file).value(), made.hash);
  EXPECT_THAT(made.file.string(), EndsWith("models/" + made.hash.Hex() + ".safetensors"));
  EXPECT_EQ(models_.CheckFiles().whole, 1U);
}

TEST_F(StartModelsTest, TheJobFileThatItPrintsBeginsFromTheseWeights) {
  const JobSpec job = Job(ModelTable(Import(directory_ / "hf")));
  EXPECT_EQ(job.model.llama.rope_theta, llama_.rope_theta);
  EXPECT_EQ(job.model.llama.rms_norm_eps, llama_.rms_norm_eps);
  EXPECT_EQ(Check(job), Status());
  const ModelLayout global = *update::GlobalLayout(job);
  std::vector<float> wanted = weights_;
  wanted.resize(global.size, 0.0F);  // and no momentum
  EXPECT_EQ(models_.FirstState(job, global).value(), wanted);
}

TEST_F(StartModelsTest, TheJobFileSaysThatAnotherVocabularyNeedsItsTokenizer) {
  ImportedModel made{.hash = {}, .llama = llama_};
  EXPECT_THAT(ModelTable(made), Not(HasSubstr("tokenizer"))) << "it has that of \"byte\"";
  made.llama->vocab_size = 32'000;
  EXPECT_THAT(ModelTable(made),
              HasSubstr("# not the 259 tokens of \"byte\": [data] has to name the tokenizer"));
}

TEST_F(StartModelsTest, TheModelOfAFormerJobBeginsWithoutWhatItsOuterRuleKept) {
  const JobSpec job = Job("[model]\nkind = \"mlp\"\ninput = [3]\nclasses = 2\n");
  const ModelLayout global = *update::GlobalLayout(job);
  std::vector<float> state(global.size, 0.5F);
  const auto weights = std::span(state).first(update::ParametersOf(global));
  ASSERT_TRUE(model::WriteSafetensors(directory_ / "former", global, state).ok());
  const ImportedModel made = Import(directory_ / "former");
  EXPECT_EQ(made.hash, model::ModelHash(update::ModelOf(global), weights));
  EXPECT_FALSE(made.llama);
  EXPECT_EQ(ModelTable(made), "start = \"" + model::NameOfHash(made.hash) + "\"\n");
}

TEST_F(StartModelsTest, TheSameWeightsTwiceAreOneFile) {
  const ImportedModel first = Import(directory_ / "hf");
  const ImportedModel second = Import(first.file);
  EXPECT_EQ(second.file, first.file);
  EXPECT_EQ(models_.CheckFiles().whole, 1U);
}

TEST_F(StartModelsTest, AJobIsRefusedWhoseModelIsAnother) {
  const std::string table = ModelTable(Import(directory_ / "hf"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = table;
    EXPECT_NE(text.find(from), std::string::npos);
    return Job(text.replace(text.find(from), from.size(), to));
  };
  EXPECT_EQ(Check(with("rope_theta = 500000.5", "rope_theta = 10000.0")).error(), "model.config_differs");
  EXPECT_THAT(std::string(Check(with("num_key_value_heads = 2", "num_key_value_heads = 4")).message()),
              HasSubstr("num_key_value_heads is 2, in the job 4"));
  EXPECT_EQ(Check(with("max_position_embeddings = 16", "max_position_embeddings = 8")), Status());
  const JobSpec mlp =
      Job("[model]\nkind = \"mlp\"\ninput = [3]\nclasses = 2\n" + table.substr(table.find("start")));
  EXPECT_EQ(Check(mlp).error(), "model.start");
  EXPECT_THAT(Check(mlp).message(), HasSubstr("tensor layers.0.bias is missing"));
}

TEST_F(StartModelsTest, AJobIsRefusedAtSubmissionUntilItsWeightsAreThere) {
  const std::string hash = model::NameOfHash(model::ModelHash(layout_, weights_));
  ImportedModel none{.hash = model::ModelHash(layout_, weights_), .llama = llama_};
  const std::string text = JobText(ModelTable(none));
  EXPECT_EQ(office_.Refusal(text).error(), "model.start_missing");
  EXPECT_THAT(office_.Refusal(text).message(), HasSubstr(hash));
  (void)Import(directory_ / "hf");
  EXPECT_EQ(office_.Refusal(text), Status());
}

TEST_F(StartModelsTest, AFileThatHasChangedIsNoticedAndImportedAnew) {
  const ImportedModel made = Import(directory_ / "hf");
  const JobSpec job = Job(ModelTable(made));
  Damage(made.file);
  EXPECT_EQ(models_.FirstState(job, *update::GlobalLayout(job)).status().error(), "model.start");
  const StartModels::Contents contents = models_.CheckFiles();
  EXPECT_EQ(contents.whole, 0U);
  ASSERT_EQ(contents.faults.size(), 1U);
  EXPECT_EQ(contents.faults[0].file, made.file);
  (void)Import(directory_ / "hf");
  EXPECT_EQ(models_.CheckFiles().whole, 1U);
}

TEST_F(StartModelsTest, WhatCannotBeReadLeavesNothing) {
  const auto refusal = [&](const std::filesystem::path& path) {
    return std::string(models_.Import(path).status().error());
  };
  EXPECT_EQ(refusal(directory_ / "none"), "store.io");
  weights_[5] = std::numeric_limits<float>::infinity();
  ASSERT_TRUE(model::WriteSafetensors(directory_ / "hf/model.safetensors", layout_, weights_).ok());
  EXPECT_EQ(refusal(directory_ / "hf"), "model.values");
  std::ofstream(directory_ / "hf/config.json") << R"({"model_type": "gpt2"})";
  EXPECT_EQ(refusal(directory_ / "hf"), "model.config");
  EXPECT_EQ(models_.CheckFiles().whole, 0U);
}

}  // namespace
}  // namespace accord::coordinator
