// A tiny language job for the tests of the trainer: a llama of two layers on a text of 1,800 bytes.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "accord/trainer.h"
#include "base/errors.h"
#include "model/init.h"
#include "tests/support/temp_dir.h"
#include "trainer/torch_trainer.h"

namespace accord::trainer {

inline constexpr std::size_t kTextBytes = 1'800, kEvalBytes = 133;

class TextJobTest : public ::testing::Test {
 protected:
  TextJobTest() {
    std::string text, eval;
    while (text.size() < kTextBytes)
      text += "die kuh lief um den teich und sah die ente " + std::to_string(text.size());
    while (eval.size() < kEvalBytes) eval += "die ente lief um die kuh ";
    std::ofstream(directory_ / "train.txt") << text.substr(0, kTextBytes);
    std::ofstream(directory_ / "eval.txt") << eval.substr(0, kEvalBytes);
    data_ = {.id = "text", .format = "text", .path = directory_ / "train.txt", .holdout = 0.0};
    data_.eval_path = directory_ / "eval.txt";
    job_.seed = 3;
    job_.model.kind = "llama";
    job_.model.llama = {.hidden_size = 16,
                        .intermediate_size = 24,
                        .num_hidden_layers = 2,
                        .num_attention_heads = 2,
                        .max_position_embeddings = 32};
    job_.text.context = 32;
    job_.inner.optimizer = OptimizerKind::kAdamW;
    job_.inner.lr = 0.01;
    job_.inner.beta2 = 0.95;
    job_.inner.batch = 5;
    job_.inner.clip_norm = 1.0;
    job_.inner.has_local_steps = true;
    job_.inner.local_steps = 6;
    job_.round.count = 8;
  }

  std::unique_ptr<Trainer> Make(std::chrono::milliseconds checkpoints = std::chrono::hours(1)) {
    auto factory = MakeTorchTrainerFactory({.threads = 1,
                                            .checkpoint_interval = checkpoints,
                                            .progress_interval = std::chrono::milliseconds(0),
                                            .cache = directory_ / "cache"});
    auto made = factory.value()->Create(job_, data_);
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    return std::move(made).value();
  }
  std::vector<float> Start(const Trainer& trainer) const {
    std::vector<float> weights(trainer.Layout().size);
    model::InitialWeights(trainer.Layout(), job_.seed, weights);
    return weights;
  }
  // The weights after a round from `start`.
  std::vector<float> Round(Trainer& trainer, std::uint64_t round, const std::vector<float>& start,
                           TrainRequest request = {}) {
    std::vector<float> result(start.size());
    request.round = round;
    request.weights = start;
    request.result = result;
    if (job_.inner.keep_state) request.state = State();
    const auto outcome = trainer.Train(request);
    EXPECT_TRUE(outcome.ok()) << Describe(outcome.status());
    return result;
  }
  std::filesystem::path State() const { return directory_ / "state"; }
  std::vector<std::string> StateFiles() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(State()))
      names.push_back(entry.path().filename().string());
    return names;
  }

  accord::testing::TempDir directory_;
  JobSpec job_;
  DatasetConfig data_;
};

}  // namespace accord::trainer
