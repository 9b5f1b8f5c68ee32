#include "cli/table.h"

#include <algorithm>

#include "base/check.h"

namespace accord::cli {

void Table::Row(std::vector<Cell> cells) {
  ACCORD_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::Render(const Style& style) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = Width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, Width(row[i].text));
    widths.push_back(width);
  }
  std::string out;
  const auto line = [&](const std::vector<Cell>& cells) {
    std::string text;
    std::string padding;  // held back, so that lines do not end in spaces
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) padding += "  ";
      const std::string fill(widths[i] - Width(cells[i].text), ' ');
      if (columns_[i].align == Align::kRight) padding += fill;
      if (!cells[i].text.empty()) {
        text += padding + Paint(style, cells[i].tone, cells[i].text);
        padding.clear();
      }
      if (columns_[i].align == Align::kLeft) padding += fill;
    }
    out += text + "\n";
  };
  std::vector<Cell> header;
  for (const Column& column : columns_) header.emplace_back(column.title, Tone::kFaint);
  line(header);
  for (const auto& row : rows_) line(row);
  return out;
}

void Facts::Add(std::string key, Cell value) {
  if (!value.text.empty()) facts_.push_back({std::move(key), std::move(value)});
}

std::string Facts::Render(const Style& style) const {
  std::size_t width = 0;
  for (const Fact& fact : facts_) width = std::max(width, Width(fact.key));
  std::string out;
  for (const Fact& fact : facts_) {
    out += "  " + Paint(style, Tone::kFaint, fact.key) + std::string(width - Width(fact.key) + 2, ' ') +
           Paint(style, fact.value.tone, fact.value.text) + "\n";
  }
  return out;
}

}  // namespace accord::cli
