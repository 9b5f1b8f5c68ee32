// A vocabulary's frequencies as weights. With the gradient p - c, where c is how often each piece stands in
// a batch, a byte, an SGD step of rate g is p <- (1 - g) p + g c, the step of stepwise EM (Cappe and
// Moulines, 0712.4273). Frequencies and not probabilities are kept since they add up: c of all texts is the
// mean of the nations' c by their sizes. Who uses them takes their shares.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "base/codec.h"
#include "base/crc32c.h"
#include "data/byte_windows.h"
#include "data/unigram_counter.h"
#include "model/unigram.h"
#include "trainer/learner.h"

namespace accord::trainer {
namespace {

constexpr std::uint64_t kWindowsAtATime = 64;  // between looks at a stop

class UnigramLearner final : public Learner {
 public:
  UnigramLearner(std::uint64_t context, std::unique_ptr<data::UnigramCounter> counter,
                 data::TextDataset dataset, std::uint64_t size)
      : dataset_(std::move(dataset)),
        counter_(std::move(counter)),
        context_(context),
        windows_(*dataset_.train, context),
        weights_(at::zeros({static_cast<std::int64_t>(size)}, at::kFloat)),
        gradients_(at::zeros_like(weights_)) {}

  const at::Tensor& weights() const override { return weights_; }
  const at::Tensor& gradients() const override { return gradients_; }
  std::uint64_t examples() const override { return windows_.size(); }

  Status AddGradient(std::span<const std::uint64_t> rows, double share) override {
    counter_->Begin(Values(weights_));
    for (const std::uint64_t row : rows) ACCORD_RETURN_IF_ERROR(AddWindow(windows_, row));
    const std::vector<double>& expected = counter_->Total().expected;
    // Windows count alike, the text's last one too: so sums over all windows are sums over all bytes.
    const double per_byte = 1.0 / (static_cast<double>(rows.size()) * static_cast<double>(context_));
    const float* weights = weights_.data_ptr<float>();
    float* gradients = gradients_.data_ptr<float>();
    for (std::size_t id = 0; id < expected.size(); ++id)
      gradients[id] += static_cast<float>(share * (weights[id] - expected[id] * per_byte));
    return {};
  }

  Result<EvalOutcome> Evaluate(const std::stop_token& stop) override {
    EvalOutcome outcome;
    if (dataset_.holdout == nullptr) return outcome;
    const data::ByteWindows windows(*dataset_.holdout, context_);
    counter_->Begin(Values(weights_));
    for (std::uint64_t i = 0; i < windows.size(); ++i) {
      if (i % kWindowsAtATime == 0 && stop.stop_requested()) return StoppedDuring("evaluation");
      ACCORD_RETURN_IF_ERROR(AddWindow(windows, i));
    }
    const data::UnigramCounter::Counts& counts = counter_->Total();
    outcome.examples = static_cast<std::uint64_t>(std::llround(counts.pieces));
    outcome.loss_sum = -counts.log_likelihood;
    outcome.bytes = dataset_.holdout_counts.bytes;
    return outcome;
  }

  Result<std::uint32_t> DataCrc() override {
    const std::uint64_t all = examples(), sample = std::min(all, kDataSample);
    std::uint32_t crc = Crc32c(std::move(Writer().U64(all).U64(context_)).Take());
    for (std::uint64_t i = 0; i < sample; ++i) {
      ACCORD_RETURN_IF_ERROR(windows_.ForEachText(
          all * i / sample, [&](std::string_view text, data::Place) { crc = Crc32c(AsBytes(text), crc); }));
    }
    return crc;
  }

 private:
  static std::span<const float> Values(const at::Tensor& host) {
    return {host.data_ptr<float>(), static_cast<std::size_t>(host.numel())};
  }
  Status AddWindow(const data::ByteWindows& windows, std::uint64_t index) {
    return windows.ForEachText(index,
                               [&](std::string_view text, data::Place place) { counter_->Add(text, place); });
  }

  data::TextDataset dataset_;
  std::unique_ptr<data::UnigramCounter> counter_;
  std::uint64_t context_;
  data::ByteWindows windows_;
  at::Tensor weights_, gradients_;
};

}  // namespace

Result<std::unique_ptr<Learner>> MakeUnigramLearner(const JobSpec& job, const DatasetConfig& data,
                                                    const std::filesystem::path& cache) {
  ACCORD_ASSIGN_OR_RETURN(auto counter,
                          data::OpenUnigramCounter(job.text.tokenizer, data.tokenizer, job.model.classes));
  // The text is read as bytes, of which a small one may have fewer than a window.
  ACCORD_ASSIGN_OR_RETURN(data::TextDataset dataset, data::LoadText(data, {.tokenizer = "byte", .context = 0},
                                                                    data::kByteVocabulary, cache));
  const std::uint64_t context = job.text.context != 0 ? job.text.context : model::kUnigramContext;
  return std::unique_ptr<Learner>(
      std::make_unique<UnigramLearner>(context, std::move(counter), std::move(dataset), job.model.classes));
}

}  // namespace accord::trainer
