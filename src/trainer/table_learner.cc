#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/codec.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "trainer/learner.h"
#include "trainer/network.h"

namespace accord::trainer {
namespace {

constexpr std::uint64_t kEvalBatch = 512;

class TableLearner final : public Learner {
 public:
  TableLearner(const ModelSpec& model, const ModelLayout& layout, data::Dataset dataset, at::Device device)
      : dataset_(std::move(dataset)), device_(device), network_(model, layout, device) {}

  const at::Tensor& weights() const override { return network_.weights(); }
  const at::Tensor& gradients() const override { return network_.gradients(); }
  std::uint64_t examples() const override { return dataset_.train.size(); }

  Status AddGradient(std::span<const std::uint64_t> rows, double share) override {
    const Batch batch = Gather(rows);
    at::Tensor loss = Loss(network_.Forward(batch.examples), batch.labels, /*mean=*/true);
    if (share != 1.0) loss = loss * share;
    loss.backward();
    return {};
  }

  Result<EvalOutcome> Evaluate(const std::stop_token& stop) override {
    const at::NoGradGuard no_grad;
    EvalOutcome outcome{.examples = dataset_.holdout.size()};
    for (std::uint64_t first = 0; first < outcome.examples; first += kEvalBatch) {
      if (stop.stop_requested()) return StoppedDuring("evaluation");
      const Batch batch = Holdout(first, std::min(kEvalBatch, outcome.examples - first));
      const at::Tensor logits = network_.Forward(batch.examples);
      outcome.loss_sum += Loss(logits, batch.labels, /*mean=*/false).sum(at::kDouble).item<double>();
      outcome.correct += static_cast<std::uint64_t>(Correct(logits, batch.labels));
    }
    return outcome;
  }

  Result<std::uint32_t> DataCrc() override {
    const data::Examples& train = dataset_.train;
    const std::uint64_t sample = std::min(train.size(), kDataSample);
    std::vector<float> example(train.width());
    Writer labels;
    labels.U64(train.size());
    std::uint32_t crc = 0;
    for (std::uint64_t i = 0; i < sample; ++i) {
      const std::uint64_t row = train.size() * i / sample;
      train.Copy(row, example);
      labels.I64(train.labels()[row]);
      crc = Crc32c(
          {reinterpret_cast<const std::uint8_t*>(example.data()), example.size() * sizeof example[0]}, crc);
    }
    return Crc32c(labels.bytes(), crc);
  }

 private:
  struct Batch {
    at::Tensor examples, labels;
  };

  // The training examples `rows`; valid until the next call.
  Batch Gather(std::span<const std::uint64_t> rows) {
    const Batch batch = Buffers(rows.size());
    const data::Examples& train = dataset_.train;
    train.Gather(rows, {batch.examples.data_ptr<float>(), rows.size() * train.width()});
    auto* labels = batch.labels.data_ptr<std::int64_t>();
    for (std::size_t i = 0; i < rows.size(); ++i) labels[i] = train.labels()[rows[i]];
    return OnDevice(batch);
  }

  // `count` hold-out examples from `first`; valid until the next call.
  Batch Holdout(std::uint64_t first, std::uint64_t count) {
    const Batch batch = Buffers(count);
    const data::Examples& holdout = dataset_.holdout;
    holdout.Copy(first, {batch.examples.data_ptr<float>(), count * holdout.width()});
    std::ranges::copy(holdout.labels().subspan(first, count), batch.labels.data_ptr<std::int64_t>());
    return OnDevice(batch);
  }

  // Buffers for `count` examples on the host, at least as many as asked for before.
  Batch Buffers(std::uint64_t count) {
    const auto n = static_cast<std::int64_t>(count);
    if (!buffers_.labels.defined() || buffers_.labels.size(0) < n) {
      std::vector<std::int64_t> shape{n};
      shape.insert(shape.end(), dataset_.example_shape.begin(), dataset_.example_shape.end());
      buffers_ = {at::empty(shape, at::kFloat), at::empty({n}, at::kLong)};
    }
    return {buffers_.examples.narrow(0, 0, n), buffers_.labels.narrow(0, 0, n)};
  }

  Batch OnDevice(const Batch& batch) const { return {batch.examples.to(device_), batch.labels.to(device_)}; }

  data::Dataset dataset_;
  at::Device device_;
  Network network_;
  Batch buffers_;
};

}  // namespace

std::unique_ptr<Learner> MakeTableLearner(const ModelSpec& model, const ModelLayout& layout,
                                          data::Dataset dataset, at::Device device) {
  return std::make_unique<TableLearner>(model, layout, std::move(dataset), device);
}

Status StoppedDuring(const std::string& what) { return Fail(errors::kTaskStopped, "stopped during " + what); }

}  // namespace accord::trainer
