// A CSV file as numbers: which columns are features and which is the target, missing cells, labels; then
// standardised by the figures of the training part. Called by LoadDataset. Pure but for reading its input.
//
// Messages name lines and columns and never a cell's content: a failure may be reported beyond the node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accord/status.h"
#include "accord/trainer.h"
#include "data/dataset.h"
#include "data/input.h"

namespace accord::data {

struct Table {
  std::vector<std::string> features;  // names by the header line, or numbers from 1 as text
  std::vector<double> cells;          // row-major, features.size() a row; NaN where missing
  std::vector<std::int64_t> labels;   // one a row
};

struct TableRules {
  std::string target;                 // as DatasetConfig says it
  std::vector<std::string> features;  // empty: all but the target
  std::string missing;                // an empty cell is missing, too
  std::uint64_t classes = 1;          // 1: label is target > positive_above; else it is 0 .. classes - 1
  double positive_above = 0.0;
};

// The first line is a header when one of its fields is the target's name, or when none is a number or
// missing. Fails with `data.column`, `data.row`, `data.number`, `data.label`, `data.empty`.
[[nodiscard]] Result<Table> ReadTable(Input& input, const TableRules& rules);

// Mean and standard deviation (of the population) of each column's present cells, over the rows whose flag is
// not set. A column without present cells, or without spread, has deviation 0.
struct ColumnFigures {
  std::vector<double> mean;
  std::vector<double> deviation;
};
[[nodiscard]] ColumnFigures FitColumns(const Table& table, const std::vector<bool>& held_out);

// The rows whose flag equals `flag`, standardised: (cell - mean) / deviation, 0 where the cell is missing or
// the deviation is 0, at most kMaxDeviations either way.
inline constexpr double kMaxDeviations = 1e6;
[[nodiscard]] Examples Standardise(const Table& table, const ColumnFigures& figures,
                                   const std::vector<bool>& flags, bool flag);

}  // namespace accord::data
