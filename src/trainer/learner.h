// What TorchTrainer trains: a model over flat buffers, and the node's examples for it. One implementation a
// kind of data, and one around another for adapters (adapter_learner.h). Used by the trainer on its thread;
// internal, knows ATen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>

#include "accord/trainer.h"
#include "data/dataset.h"
#include "data/text.h"
#include "trainer/aten.h"

namespace accord::trainer {

class Learner {
 public:
  virtual ~Learner() = default;
  // The flat buffers, f32 of one size. Writing the weights is writing the model.
  [[nodiscard]] virtual const at::Tensor& weights() const = 0;
  [[nodiscard]] virtual const at::Tensor& gradients() const = 0;
  // Examples to train on; at least one.
  [[nodiscard]] virtual std::uint64_t examples() const = 0;
  // Adds share times the gradient of the mean loss of the training examples `rows`. May throw, as libtorch
  // does; fails when the examples cannot be read.
  [[nodiscard]] virtual Status AddGradient(std::span<const std::uint64_t> rows, double share) = 0;
  // The weights as they are, on the hold-out; fails with `task.stopped` when asked to stop. May throw.
  [[nodiscard]] virtual Result<EvalOutcome> Evaluate(const std::stop_token& stop) = 0;
  // Tells one training set from another, for processes that must have the same: a checksum of how many
  // examples there are, and of at most kDataSample of them, evenly spread. Fails when they cannot be read.
  [[nodiscard]] virtual Result<std::uint32_t> DataCrc() = 0;
};

inline constexpr std::uint64_t kDataSample = 1'024;

// `mlp` and `cnn` on a data set of features and labels; `model` resolved and `layout` that of it.
[[nodiscard]] std::unique_ptr<Learner> MakeTableLearner(const ModelSpec& model, const ModelLayout& layout,
                                                        data::Dataset dataset, at::Device device);
// `llama` on text: an example is a window of text.context + 1 tokens, or of the model's positions where that
// is 0. job.model resolved and `layout` that of it. On the processor.
[[nodiscard]] std::unique_ptr<Learner> MakeTextLearner(const JobSpec& job, const ModelLayout& layout,
                                                       data::TextDataset dataset);

// `unigram` on text, which is read as bytes: an example is about text.context of them,
// model::kUnigramContext where that is 0; `data` also names the vocabulary to begin with. job.model
// resolved. On the processor. Fails as data::OpenUnigramCounter and data::LoadText.
[[nodiscard]] Result<std::unique_ptr<Learner>> MakeUnigramLearner(const JobSpec& job,
                                                                  const DatasetConfig& data,
                                                                  const std::filesystem::path& cache);

[[nodiscard]] Status StoppedDuring(const std::string& what);

}  // namespace accord::trainer
