#include "data/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "base/errors.h"
#include "data/csv.h"

namespace accord::data {
namespace {

// Beyond any real measurement, and its square summed over all rows stays finite.
constexpr double kMaxCell = 1e100;

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<double> ParseNumber(std::string_view text) {
  text = Trim(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(std::fabs(value) <= kMaxCell)) {
    return std::nullopt;
  }
  return value;
}

// A column's number counted from 1, as an index from 0.
std::optional<std::size_t> ParseColumn(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number - 1;
}

bool IsMissing(std::string_view cell, const TableRules& rules) {
  const std::string_view text = Trim(cell);
  return text.empty() || text == rules.missing;
}

class TableReader {
 public:
  TableReader(Input& input, const TableRules& rules) : csv_(input), rules_(rules) {}

  Result<Table> Read() {
    std::vector<std::string> fields;
    ACCORD_ASSIGN_OR_RETURN(bool more, csv_.Next(fields));
    if (!more) return Fail(errors::kDataEmpty, csv_.name() + " has no lines");
    width_ = fields.size();
    if (IsHeader(fields)) {
      for (const std::string& field : fields) header_.emplace_back(Trim(field));
      ACCORD_ASSIGN_OR_RETURN(more, csv_.Next(fields));
    }
    ACCORD_RETURN_IF_ERROR(ChooseColumns());
    while (more) {
      ACCORD_RETURN_IF_ERROR(AddRow(fields));
      ACCORD_ASSIGN_OR_RETURN(more, csv_.Next(fields));
    }
    if (table_.labels.empty()) return Fail(errors::kDataEmpty, csv_.name() + " has no rows");
    return std::move(table_);
  }

 private:
  bool IsHeader(const std::vector<std::string>& fields) const {
    if (!ParseColumn(rules_.target) &&
        std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return Trim(f) == rules_.target; })) {
      return true;
    }
    return std::none_of(fields.begin(), fields.end(), [&](const std::string& field) {
      return ParseNumber(field).has_value() || IsMissing(field, rules_);
    });
  }

  Result<std::size_t> FindColumn(const std::string& column) const {
    const auto found = std::find(header_.begin(), header_.end(), column);
    if (found != header_.end()) return static_cast<std::size_t>(found - header_.begin());
    const std::optional<std::size_t> index = ParseColumn(column);
    if (index && *index < width_) return *index;
    return Fail(errors::kDataColumn, csv_.name() + " has no column \"" + Printable(column, 64) +
                                         "\"; it has " + std::to_string(width_) + " columns" +
                                         (header_.empty() ? " and no header line" : ""));
  }

  Status ChooseColumns() {
    ACCORD_ASSIGN_OR_RETURN(target_, FindColumn(rules_.target));
    if (rules_.features.empty()) {
      for (std::size_t i = 0; i < width_; ++i) {
        if (i != target_) columns_.push_back(i);
      }
    }
    for (const std::string& feature : rules_.features) {
      ACCORD_ASSIGN_OR_RETURN(const std::size_t index, FindColumn(feature));
      if (index == target_) return Fail(errors::kDataColumn, "the target column is also named as a feature");
      columns_.push_back(index);
    }
    if (columns_.empty()) return Fail(errors::kDataColumn, csv_.name() + " has no column beside the target");
    for (const std::size_t index : columns_) table_.features.push_back(ColumnName(index));
    return {};
  }

  std::string ColumnName(std::size_t index) const {
    return header_.empty() ? std::to_string(index + 1) : header_[index];
  }

  std::string Place(std::size_t index) const {
    return csv_.name() + " line " + std::to_string(csv_.line()) + ", column " +
           Printable(ColumnName(index), 64);
  }

  Status AddRow(const std::vector<std::string>& fields) {
    if (fields.size() != width_) {
      return Fail(errors::kDataRow, csv_.name() + " line " + std::to_string(csv_.line()) + " has " +
                                        std::to_string(fields.size()) + " fields, the first line has " +
                                        std::to_string(width_));
    }
    for (const std::size_t index : columns_) {
      if (IsMissing(fields[index], rules_)) {
        table_.cells.push_back(std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      const std::optional<double> value = ParseNumber(fields[index]);
      if (!value) return Fail(errors::kDataNumber, Place(index) + " is not a number");
      table_.cells.push_back(*value);
    }
    ACCORD_ASSIGN_OR_RETURN(const std::int64_t label, Label(fields[target_]));
    table_.labels.push_back(label);
    return {};
  }

  Result<std::int64_t> Label(const std::string& cell) const {
    if (IsMissing(cell, rules_)) return Fail(errors::kDataLabel, Place(target_) + ": the label is missing");
    const std::optional<double> value = ParseNumber(cell);
    if (!value) return Fail(errors::kDataNumber, Place(target_) + " is not a number");
    if (rules_.classes == 1) return *value > rules_.positive_above ? 1 : 0;
    if (*value < 0 || *value >= static_cast<double>(rules_.classes) || *value != std::floor(*value)) {
      return Fail(errors::kDataLabel,
                  Place(target_) + ": the label is not one of 0 to " + std::to_string(rules_.classes - 1));
    }
    return static_cast<std::int64_t>(*value);
  }

  CsvReader csv_;
  const TableRules& rules_;
  std::size_t width_ = 0;
  std::vector<std::string> header_;  // empty when the file has none
  std::size_t target_ = 0;
  std::vector<std::size_t> columns_;
  Table table_;
};

// Calls visit(column, cell) for each present cell of the rows that are not held out.
template <class Visit>
void ForEachTrainingCell(const Table& table, const std::vector<bool>& held_out, Visit visit) {
  const std::size_t width = table.features.size();
  for (std::size_t row = 0; row < table.labels.size(); ++row) {
    if (held_out[row]) continue;
    for (std::size_t column = 0; column < width; ++column) {
      const double cell = table.cells[row * width + column];
      if (!std::isnan(cell)) visit(column, cell);
    }
  }
}

}  // namespace

Result<Table> ReadTable(Input& input, const TableRules& rules) { return TableReader(input, rules).Read(); }

ColumnFigures FitColumns(const Table& table, const std::vector<bool>& held_out) {
  const std::size_t width = table.features.size();
  std::vector<double> count(width, 0.0);
  ColumnFigures figures{std::vector<double>(width, 0.0), std::vector<double>(width, 0.0)};
  ForEachTrainingCell(table, held_out, [&](std::size_t column, double cell) {
    count[column] += 1;
    figures.mean[column] += cell;
  });
  for (std::size_t c = 0; c < width; ++c) figures.mean[c] /= std::max(count[c], 1.0);
  ForEachTrainingCell(table, held_out, [&](std::size_t column, double cell) {
    const double off = cell - figures.mean[column];
    figures.deviation[column] += off * off;
  });
  for (std::size_t c = 0; c < width; ++c) {
    figures.deviation[c] = std::sqrt(figures.deviation[c] / std::max(count[c], 1.0));
    // A constant column's mean may be off by rounding; what is left of it is no spread.
    if (figures.deviation[c] <= 1e-12 * std::fabs(figures.mean[c])) figures.deviation[c] = 0;
  }
  return figures;
}

Examples Standardise(const Table& table, const ColumnFigures& figures, const std::vector<bool>& flags,
                     bool flag) {
  const std::size_t width = table.features.size();
  std::vector<float> values;
  std::vector<std::int64_t> labels;
  for (std::size_t row = 0; row < table.labels.size(); ++row) {
    if (flags[row] != flag) continue;
    labels.push_back(table.labels[row]);
    for (std::size_t c = 0; c < width; ++c) {
      const double cell = table.cells[row * width + c];
      const bool known = !std::isnan(cell) && figures.deviation[c] > 0;
      const double value = known ? (cell - figures.mean[c]) / figures.deviation[c] : 0.0;
      values.push_back(static_cast<float>(std::clamp(value, -kMaxDeviations, kMaxDeviations)));
    }
  }
  return Examples(width, std::move(values), std::move(labels));
}

}  // namespace accord::data
