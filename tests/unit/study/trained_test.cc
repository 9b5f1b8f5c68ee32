// A trained language model at work: what it says within its positions, and what its directory for other
// programs says of it.
#include "study/trained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "config/job_file.h"
#include "crypto/sha256.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/safetensors.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unigram_seed.h"

namespace accord::study {
namespace {

using accord::testing::SeedOptions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class TrainedTest : public ::testing::Test {
 protected:
  // An untrained model of a job of these lines in [model] and [data].
  Trained Open(const std::string& model = "", const std::string& data = "") {
    std::ofstream(directory_ / "job.toml") << "version = 1\nname = \"words\"\npurpose = \"test\"\n"
                                              "[model]\nkind = \"llama\"\nhidden_size = 8\n"
                                              "intermediate_size = 12\nnum_hidden_layers = 2\n"
                                              "num_attention_heads = 2\nmax_position_embeddings = 16\n"
                                           << model << "[data]\ndataset = \"words\"\n"
                                           << data
                                           << "[inner]\nlr = 0.1\nlocal_steps = 1\n"
                                              "[update]\nmax_examples = 9\n[round]\ncount = 1\n"
                                              "min_nodes = 3\nmin_survivors = 3\nmax_wait = \"1m\"\n";
    const Bytes plan = ReadFile(directory_ / "job.toml").value();
    const JobSpec job = config::ParseJob(AsText(plan), "job").value();
    const ModelLayout layout = model::BuildLayout(job.model).value();
    std::vector<float> weights(layout.size);
    model::InitialWeights(layout, 7, weights);
    hash_ = model::WriteSafetensors(directory_ / "model", layout, weights).value();
    const auto trained = OpenTrained(directory_ / "job.toml", directory_ / "model");
    EXPECT_TRUE(trained.ok()) << Describe(trained.status());
    return trained.value();
  }
  // The file of this name in the directory that the model becomes.
  std::string Exported(const Trained& trained, const std::string& name, Values values = Values::kF32) {
    const Status written =
        Write(trained, {.format = Format::kHuggingFace, .values = values, .out = directory_ / "hf"});
    EXPECT_TRUE(written.ok()) << Describe(written);
    const Bytes file = ReadFile(directory_ / "hf" / name).value();
    return std::string(AsText(file));
  }
  Said Generate(const Trained& trained, const std::string& prompt, std::uint64_t tokens) {
    const auto said =
        study::Generate(trained, {.prompt = prompt, .max_tokens = tokens, .threads = 1}, [](auto) {});
    EXPECT_TRUE(said.ok()) << Describe(said.status());
    return said.ok() ? *said : Said{};
  }

  accord::testing::TempDir directory_;
  Digest hash_;
};

TEST_F(TrainedTest, SaysWhetherThePositionsEndedIt) {
  Trained trained = Open();
  const std::string prompt = "seven b";  // and <s>: half of the positions
  EXPECT_FALSE(Generate(trained, prompt, 3).cut);
  const Said long_one = Generate(trained, prompt, 5'000);
  EXPECT_TRUE(long_one.cut);
  EXPECT_EQ(long_one.tokens, 9U) << "the last one is told and not read";
  EXPECT_FALSE(Generate(trained, prompt, 9).cut) << "as many as were asked for";
}

TEST_F(TrainedTest, SaysNothingBeforeItIsKnownThatItCanSpeak) {
  const Trained trained = Open();
  const auto refused = [&](Wish wish) {
    wish.max_tokens = wish.threads = 1;
    std::size_t told = 0;
    const Status status = study::Generate(trained, wish, [&](auto) { ++told; }).status();
    EXPECT_EQ(status.error(), errors::kJobInvalid.id);
    EXPECT_EQ(told, 0U) << "not even nothing, which would show the prompt";
    return status.hint();
  };
  EXPECT_THAT(refused({.prompt = "x", .sampling = {.temperature = -1.0}}), HasSubstr("--temperature"));
  EXPECT_THAT(refused({.prompt = "x", .sampling = {.top_p = 0.0}}), HasSubstr("--top-p"));
  EXPECT_THAT(refused({.prompt = std::string(16, 'x')}), HasSubstr("--prompt"));
}

TEST_F(TrainedTest, ADirectoryOfAByteModelSaysWhatItsTokensAre) {
  const Trained trained = Open();
  EXPECT_EQ(trained.source, hash_) << "the model hash";
  const std::string readme = Exported(trained, "README.md", Values::kF16);
  EXPECT_THAT(readme, ::testing::StartsWith("---\nlibrary_name: transformers\n"));
  EXPECT_THAT(readme, HasSubstr("\n# words\n"));
  EXPECT_THAT(readme, HasSubstr(hash_.Hex()));
  EXPECT_THAT(readme, HasSubstr(crypto::Sha256::Of(trained.job.plan).Hex()));
  EXPECT_THAT(readme, HasSubstr("LlamaForCausalLM: 2 layers of width 8, 2 heads (2 of keys and values), 16 "
                                "positions, " +
                                std::to_string(trained.weights.size()) + " parameters"));
  EXPECT_THAT(readme, HasSubstr("| values | f16 |"));
  EXPECT_THAT(readme, HasSubstr("Token 256 is `<s>`, which begins every text, 257 `</s>`, and 258 `<unk>`"));
  EXPECT_THAT(readme, Not(HasSubstr("SentencePiece")));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "hf/tokenizer.model"));
}

TEST_F(TrainedTest, ADirectoryBringsTheTokenizerOfItsJob) {
  const Bytes file = accord::testing::UnigramSeed({"\xE2\x96\x81", "a", "b"}, {.byte_fallback = true});
  const std::string name = "sha256:" + crypto::Sha256::Of(file).Hex();
  std::ofstream(directory_ / "seed.model") << AsText(file);
  Trained trained = Open("vocab_size = 262\n", "tokenizer = \"" + name + "\"\n");
  trained.tokenizer = directory_ / "seed.model";
  EXPECT_EQ(Exported(trained, "tokenizer.model"), AsText(file));
  const std::string readme(AsText(ReadFile(directory_ / "hf/README.md").value()));
  EXPECT_THAT(readme, HasSubstr("SentencePiece model `tokenizer.model` (`" + name + "`)"));
  EXPECT_THAT(readme, HasSubstr("begins with `<s>`, token 1:"));
}

TEST_F(TrainedTest, AGgufSaysWhatItsReadersMakeOtherwise) {
  const auto notes = [&](const SeedOptions& options, const std::string& size) {
    const Bytes file = accord::testing::UnigramSeed({"\xE2\x96\x81", "a", "b"}, options);
    std::ofstream(directory_ / "seed.model") << AsText(file);
    Trained trained = Open("vocab_size = " + size + "\n",
                           "tokenizer = \"sha256:" + crypto::Sha256::Of(file).Hex() + "\"\n");
    trained.tokenizer = directory_ / "seed.model";
    std::vector<std::string> told;
    EXPECT_EQ(Write(trained, {.out = directory_ / (size + ".gguf"),
                              .note = [&](const std::string& note) { told.push_back(note); }}),
              Status());
    return told;
  };
  EXPECT_THAT(notes({.byte_fallback = true, .remove_extra_whitespaces = false}, "262"),
              ElementsAre(HasSubstr("characters that are no piece become <unk>")));
  EXPECT_THAT(notes({.byte_fallback = false}, "6"), ElementsAre(HasSubstr("may keep spaces")));
  EXPECT_EQ(Write(Open(), {.out = directory_ / "bytes.gguf",
                           .note = [](const std::string& note) { ADD_FAILURE() << note; }}),
            Status());
}

TEST_F(TrainedTest, WithoutTheTokenizerNothingIsWritten) {
  const Trained trained = Open("vocab_size = 262\n", "tokenizer = \"sha256:" + std::string(64, 'a') + "\"\n");
  const Status refused = Write(trained, {.format = Format::kHuggingFace, .out = directory_ / "hf"});
  EXPECT_EQ(refused.error(), errors::kDataTokenizer.id);
  EXPECT_EQ(refused.hint(), "Name its file: --tokenizer FILE");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "hf"));
}

}  // namespace
}  // namespace accord::study
