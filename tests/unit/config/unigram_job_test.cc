// Jobs that train a vocabulary: what their file may say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/job_file.h"

namespace accord::config {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kVocabulary = R"(version = 1
name = "vocabulary"
purpose = "languages"
model = { kind = "unigram", vocab_size = 16000 }
[data]
dataset = "texts"
tokenizer = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
context = 8192
[inner]
lr = 1.0
local_epochs = 1
batch = 1000000
[outer]
rule = "fedavg"
[update]
bits = 32
clip = 0.25
weights = "exact"
max_examples = 100000
[eval]
metrics = ["bits_per_byte"]
[round]
count = 5
min_nodes = 3
min_survivors = 3
max_wait = "1h"
)";

std::string Changed(std::string_view from, std::string_view to) {
  std::string text(kVocabulary);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(UnigramJobTest, ReadsAVocabulary) {
  const auto job = ParseJob(kVocabulary, "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->model.kind, "unigram");
  EXPECT_EQ(job->model.llama.vocab_size, 16'000U);
  EXPECT_EQ(job->text.context, 8'192U);
}

struct Refusal {
  std::string from, to, says;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.to; }

class UnigramJobRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(UnigramJobRefuses, WhatIsNoStepOfEm) {
  const auto job = ParseJob(Changed(GetParam().from, GetParam().to), "job.toml");
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.status().error(), "job.invalid");
  EXPECT_THAT(job.status().message(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, UnigramJobRefuses,
    ::testing::Values(
        Refusal{", vocab_size = 16000", "", "model.vocab_size: is missing"},
        Refusal{", vocab_size = 16000", ", vocab_size = 9, classes = 9", "model.classes"},
        Refusal{", vocab_size = 16000", ", vocab_size = 9, hidden_size = 9", "model.hidden_size"},
        Refusal{"\"sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"", "\"byte\"",
                "data.tokenizer: must name the vocabulary to begin with"},
        Refusal{"lr = 1.0", "lr = 1.5", "inner.lr: is above 1"},
        Refusal{"lr = 1.0", "lr = 1.0\noptimizer = \"adam\"", "inner.optimizer: does not go with"},
        Refusal{"lr = 1.0", "lr = 1.0\nmomentum = 0.9", "inner.momentum"},
        Refusal{"lr = 1.0", "lr = 1.0\nweight_decay = 0.1", "inner.weight_decay"},
        Refusal{"lr = 1.0", "lr = 1.0\nclip_norm = 1.0", "inner.clip_norm"},
        Refusal{"lr = 1.0", "lr = 1.0\nproximal = 0.1", "inner.proximal"},
        Refusal{"local_epochs = 1", "local_steps = 9\nround_time = \"1m\"", "inner.round_time"},
        Refusal{"lr = 1.0", "lr = 1.0\nprecision = \"bf16\"", "inner.precision"},
        Refusal{"\"fedavg\"", "\"fedadam\"", "outer.rule: does not go with"},
        Refusal{"\"fedavg\"", "\"fedavg\"\nlr = 0.5", "outer.lr"},
        Refusal{"clip = 0.25", "clip = 2.0", "update.clip: is above 1"},
        Refusal{"clip = 0.25", "clip = 0.25\nclip_rms = 4.0", "update.clip_rms"},
        Refusal{"\"bits_per_byte\"", "\"accuracy\"", "eval.metrics"},
        Refusal{"[round]", "[personal]\nkind = \"ditto\"\nlocal_steps = 1\n[round]", "personal.kind"},
        Refusal{"[round]",
                "[adapter]\nkind = \"lora\"\nprojections = [\"frequencies\"]\nbase = \"sha256:"
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"\n[round]",
                "adapter.kind"},
        Refusal{"[round]", "[samples.de]\nprompt = \"Das\"\n[round]", "samples"},
        Refusal{"[inner]\nlr = 1.0\nlocal_epochs = 1",
                "[streaming]\nfragments = 2\n[inner]\nkeep_state = true\nlr = 1.0\nlocal_steps = 2",
                "streaming.fragments"}));

}  // namespace
}  // namespace accord::config
