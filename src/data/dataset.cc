#include "data/dataset.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/errors.h"
#include "data/idx.h"
#include "data/input.h"
#include "data/split.h"
#include "data/table.h"
#include "model/layout.h"

namespace accord::data {
namespace {

using Shape = std::vector<std::uint64_t>;

std::uint64_t LabelCount(const ModelSpec& model) { return std::max<std::uint64_t>(model.classes, 2); }

std::uint64_t Width(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

std::string Text(const Shape& shape) {
  std::string text = "[";
  for (const std::uint64_t n : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(n);
  return text + "]";
}

// A flat example may become an image of as many pixels; an image keeps its rows and columns, since two shapes
// of one size (channels first, channels last) are two different pictures.
Status CheckShape(const Shape& example, const ModelSpec& model) {
  Shape image = example;
  if (image.size() == 2 && model.input.size() == 3) image.insert(image.begin(), 1);
  const bool flat = example.size() <= 1 || model.input.size() == 1;
  if (image == model.input || (flat && Width(example) == Width(model.input))) return {};
  return Fail(errors::kDataShape,
              "the examples have the shape " + Text(example) + ", the model takes " + Text(model.input));
}

Status CheckConfig(const DatasetConfig& config) {
  const auto fail = [&](const std::string& what) {
    return Fail(errors::kDataFormat, "data set " + config.id + ": " + what);
  };
  if (config.format != "idx" && config.format != "csv") {
    return fail("format \"" + Printable(config.format, 64) + "\" is not known");
  }
  if (config.path.empty()) return fail("path is missing");
  if (config.format == "csv" && config.target.empty()) return fail("target is missing");
  if (config.format == "idx" && config.labels.empty()) return fail("labels is missing");
  if (config.format == "idx" && config.eval_path.empty() != config.eval_labels.empty()) {
    return fail("eval_path and eval_labels go together");
  }
  if (!(config.holdout >= 0 && config.holdout < 1)) return fail("holdout must be at least 0 and below 1");
  return {};
}

Result<Examples> LoadIdx(const std::filesystem::path& path, const std::filesystem::path& labels_path,
                         const ModelSpec& model) {
  ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<Input> input, OpenInput(path));
  ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<Input> labels_input, OpenInput(labels_path));
  ACCORD_ASSIGN_OR_RETURN(const IdxArray labels_array, ReadIdx(*labels_input));
  ACCORD_ASSIGN_OR_RETURN(auto labels, IdxLabels(labels_array, LabelCount(model), labels_input->name()));
  ACCORD_ASSIGN_OR_RETURN(IdxArray array, ReadIdx(*input));
  if (array.shape[0] != labels.size()) {
    return Fail(errors::kDataCount, input->name() + " has " + std::to_string(array.shape[0]) + " examples, " +
                                        labels_input->name() + " has " + std::to_string(labels.size()) +
                                        " labels");
  }
  const Shape example(array.shape.begin() + 1, array.shape.end());
  ACCORD_RETURN_IF_ERROR(CheckShape(example, model));
  if (array.type == IdxType::kU8) return Examples(Width(example), std::move(array.bytes), std::move(labels));
  ACCORD_ASSIGN_OR_RETURN(auto values, IdxFloats(array, input->name()));
  return Examples(Width(example), std::move(values), std::move(labels));
}

Result<Dataset> LoadIdxSet(const DatasetConfig& config, const ModelSpec& model) {
  ACCORD_ASSIGN_OR_RETURN(Examples train, LoadIdx(config.path, config.labels, model));
  Dataset set{.example_shape = model.input, .train = std::move(train)};
  if (config.eval_path.empty()) {
    set.holdout = set.train.TakeOut(ChooseHoldout(set.train.size(), config.holdout, config.holdout_seed));
  } else {
    ACCORD_ASSIGN_OR_RETURN(set.holdout, LoadIdx(config.eval_path, config.eval_labels, model));
  }
  return set;
}

Result<Table> LoadTable(const std::filesystem::path& path, const TableRules& rules, const ModelSpec& model) {
  ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<Input> input, OpenInput(path));
  ACCORD_ASSIGN_OR_RETURN(Table table, ReadTable(*input, rules));
  ACCORD_RETURN_IF_ERROR(CheckShape({table.features.size()}, model));
  return table;
}

Result<Dataset> LoadCsvSet(const DatasetConfig& config, const ModelSpec& model) {
  TableRules rules{.target = config.target,
                   .features = config.features,
                   .missing = config.missing,
                   .classes = model.classes,
                   .positive_above = config.positive_above};
  ACCORD_ASSIGN_OR_RETURN(const Table table, LoadTable(config.path, rules, model));
  const bool split = config.eval_path.empty();
  const std::vector<bool> held_out =
      ChooseHoldout(table.labels.size(), split ? config.holdout : 0.0, config.holdout_seed);
  const ColumnFigures figures = FitColumns(table, held_out);
  Dataset set{.example_shape = model.input, .train = Standardise(table, figures, held_out, false)};
  if (split) {
    set.holdout = Standardise(table, figures, held_out, true);
    return set;
  }
  rules.features = table.features;  // the same columns, in whatever order the other file has them
  ACCORD_ASSIGN_OR_RETURN(const Table eval, LoadTable(config.eval_path, rules, model));
  set.holdout = Standardise(eval, figures, std::vector<bool>(eval.labels.size(), true), true);
  return set;
}

}  // namespace

Result<Dataset> LoadDataset(const DatasetConfig& config, const ModelSpec& model) {
  ACCORD_RETURN_IF_ERROR(CheckConfig(config));
  ACCORD_ASSIGN_OR_RETURN(const ModelSpec resolved, model::Resolve(model));
  try {
    return config.format == "idx" ? LoadIdxSet(config, resolved) : LoadCsvSet(config, resolved);
  } catch (const std::bad_alloc&) {
    return Fail(errors::kDataMemory, "data set " + config.id + " does not fit into memory");
  } catch (const std::length_error&) {
    return Fail(errors::kDataMemory, "data set " + config.id + " does not fit into memory");
  }
}

}  // namespace accord::data
