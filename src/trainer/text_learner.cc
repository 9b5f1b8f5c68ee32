#include <algorithm>
#include <utility>
#include <vector>

#include "base/codec.h"
#include "base/crc32c.h"
#include "trainer/learner.h"
#include "trainer/llama.h"

namespace accord::trainer {
namespace {

constexpr std::uint64_t kEvalTokens = 4'096;  // evaluated at a time, where a window is not longer

class TextLearner final : public Learner {
 public:
  TextLearner(const JobSpec& job, const ModelLayout& layout, data::TextDataset dataset)
      : dataset_(std::move(dataset)),
        context_(job.text.context != 0 ? job.text.context : job.model.llama.max_position_embeddings),
        model_(job.model.llama, layout,
               {.precision = job.inner.precision, .checkpointing = job.inner.checkpointing}),
        gradients_(model_.gradients()) {}

  const at::Tensor& weights() const override { return model_.weights(); }
  const at::Tensor& gradients() const override { return gradients_; }
  std::uint64_t examples() const override { return dataset_.train->windows(context_); }

  Status AddGradient(std::span<const std::uint64_t> rows, double share) override {
    tokens_.resize(rows.size() * (context_ + 1));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ACCORD_RETURN_IF_ERROR(dataset_.train->Window(rows[i], context_, Row(i)).status());
    }
    const TokenBatch batch = BatchOf(rows.size());
    (void)model_.AddGradient(batch, share / static_cast<double>(batch.windows * batch.context));
    return {};
  }

  Result<EvalOutcome> Evaluate(const std::stop_token& stop) override {
    EvalOutcome outcome;
    if (dataset_.holdout == nullptr) return outcome;
    outcome.bytes = dataset_.holdout_counts.bytes;
    const std::uint64_t windows = dataset_.holdout->windows(context_);
    const std::uint64_t at_a_time = std::max<std::uint64_t>(1, kEvalTokens / context_);
    for (std::uint64_t first = 0; first < windows; first += at_a_time) {
      if (stop.stop_requested()) return StoppedDuring("evaluation");
      const std::uint64_t count = std::min(at_a_time, windows - first);
      tokens_.resize(count * (context_ + 1));
      std::uint64_t repeated = 0;  // by the last window
      for (std::uint64_t i = 0; i < count; ++i) {
        ACCORD_ASSIGN_OR_RETURN(repeated, dataset_.holdout->Window(first + i, context_, Row(i)));
      }
      TokenBatch batch = BatchOf(count);
      batch.uncounted = static_cast<std::int64_t>(repeated);
      const TokenLoss loss = model_.Loss(batch);
      outcome.examples += static_cast<std::uint64_t>(loss.counted);
      outcome.correct += static_cast<std::uint64_t>(loss.correct);
      outcome.loss_sum += loss.nll;
    }
    return outcome;
  }

  Result<std::uint32_t> DataCrc() override {
    const std::uint64_t all = examples(), sample = std::min(all, kDataSample);
    tokens_.resize(context_ + 1);
    std::uint32_t crc = Crc32c(std::move(Writer().U64(all).U64(context_)).Take());
    for (std::uint64_t i = 0; i < sample; ++i) {
      ACCORD_RETURN_IF_ERROR(dataset_.train->Window(all * i / sample, context_, Row(0)).status());
      crc = Crc32c(
          {reinterpret_cast<const std::uint8_t*>(tokens_.data()), tokens_.size() * sizeof tokens_[0]}, crc);
    }
    return crc;
  }

 private:
  std::span<std::int32_t> Row(std::size_t i) {
    return std::span(tokens_).subspan(i * (context_ + 1), context_ + 1);
  }
  TokenBatch BatchOf(std::size_t windows) const {
    return {.tokens = tokens_,
            .windows = static_cast<std::int64_t>(windows),
            .context = static_cast<std::int64_t>(context_)};
  }

  data::TextDataset dataset_;
  std::uint64_t context_;
  Llama model_;
  at::Tensor gradients_;
  std::vector<std::int32_t> tokens_;
};

}  // namespace

std::unique_ptr<Learner> MakeTextLearner(const JobSpec& job, const ModelLayout& layout,
                                         data::TextDataset dataset) {
  return std::make_unique<TextLearner>(job, layout, std::move(dataset));
}

}  // namespace accord::trainer
