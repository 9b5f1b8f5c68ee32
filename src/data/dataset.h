// A nation's data as its node trains on it: examples in memory, a training part and a hold-out. The trainer
// calls LoadDataset once per job; nothing here ever leaves the node. Immutable after loading, so any thread
// may read.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "accord/trainer.h"

namespace accord::data {

// n examples of `width` features each, row-major, and their labels. Images stay the bytes they are on disk (a
// quarter of the memory) and become [0, 1] when they are gathered.
class Examples {
 public:
  Examples() = default;
  // Exactly one of the two feature stores is used: labels.size() * width elements.
  Examples(std::uint64_t width, std::vector<float> values, std::vector<std::int64_t> labels);
  Examples(std::uint64_t width, std::vector<std::uint8_t> pixels, std::vector<std::int64_t> labels);

  [[nodiscard]] std::uint64_t size() const { return labels_.size(); }
  [[nodiscard]] std::uint64_t width() const { return width_; }
  [[nodiscard]] std::span<const std::int64_t> labels() const { return labels_; }

  // The features of the examples `rows`, one after the other, into `out` (rows.size() * width()): a batch.
  void Gather(std::span<const std::uint64_t> rows, std::span<float> out) const;
  // The examples first, first + 1, ... as many as `out` holds (a multiple of width()).
  void Copy(std::uint64_t first, std::span<float> out) const;

  // Splits off the examples whose `taken` flag (one per example) is set; order is kept in both parts.
  [[nodiscard]] Examples TakeOut(const std::vector<bool>& taken);

 private:
  void CopyRow(std::uint64_t row, float* out) const;

  std::uint64_t width_ = 0;
  std::vector<float> values_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::int64_t> labels_;
};

struct Dataset {
  std::vector<std::uint64_t> example_shape;  // as the model wants it: {features} or {channels, h, w}
  Examples train;
  Examples holdout;  // empty when the configuration says holdout = 0 and gives no eval_path
};

// Reads the files of `config`, checks them against the job's model, splits off the hold-out.
//   idx: any rank, gzip or not; unsigned bytes are scaled to [0, 1], other element types are taken as they
//   are csv: RFC 4180, with a header line or without; columns by name, or by number counted from 1. Missing
//   cells
//        become the mean of their column and every column is standardised, by figures of the training part
//        alone (a column that is constant or wholly missing there becomes 0).
// One output: labels are 0 or 1 (csv: target > positive_above). Otherwise labels are 0 .. classes - 1.
// Fails with `data.missing` (no such file), `data.format`, `data.magic`, `data.truncated`, `data.trailing`,
// `data.empty`, `data.count`, `data.label`, `data.shape`, `data.column`, `data.row`, `data.number`,
// `data.corrupt` (a damaged gzip file), `data.memory`; and as model::Resolve does.
[[nodiscard]] Result<Dataset> LoadDataset(const DatasetConfig& config, const ModelSpec& model);

// How many examples have each label 0 .. labels - 1, for the node's own operator.
[[nodiscard]] std::vector<std::uint64_t> LabelHistogram(const Examples& examples, std::uint64_t labels);

}  // namespace accord::data
