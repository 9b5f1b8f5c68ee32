#include "cli/table.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace accord::cli {
namespace {

constexpr std::size_t kGap = 2;

std::size_t LongestWord(std::string_view text) {
  std::size_t longest = 0;
  for (const std::string& word : Wrap(text, 1)) longest = std::max(longest, Width(word));
  return longest;
}

}  // namespace

void Table::Row(std::vector<Cell> cells) {
  ACCORD_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

// On a terminal that is too narrow columns of words are folded, the widest first, and no word is cut.
std::vector<std::size_t> Table::Widths(const Style& style) const {
  std::vector<std::size_t> widths, least;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(Width(columns_[i].title));
    least.push_back(widths.back());
    for (const auto& row : rows_) {
      widths[i] = std::max(widths[i], Width(row[i].text));
      least[i] = std::max(least[i], LongestWord(row[i].text));
    }
  }
  if (!style.live || columns_.empty()) return widths;
  std::size_t all = std::accumulate(widths.begin(), widths.end(), kGap * (columns_.size() - 1));
  for (; all > static_cast<std::size_t>(std::max(style.width, 0)); --all) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] > least[i] && (widest == columns_.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == columns_.size()) break;
    --widths[widest];
  }
  return widths;
}

// A row, on as many lines as its cells are folded to.
std::string Table::Lines(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                         const Style& style) const {
  std::vector<std::vector<std::string>> folded;
  std::size_t lines = 1;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool fits = Width(cells[i].text) <= widths[i];
    folded.push_back(fits ? std::vector{cells[i].text} : Wrap(cells[i].text, widths[i]));
    lines = std::max(lines, folded[i].size());
  }
  std::string out;
  for (std::size_t at = 0; at < lines; ++at) {
    std::string padding;  // held back, so that lines do not end in spaces
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string text = at < folded[i].size() ? folded[i][at] : "";
      const std::string fill(widths[i] - Width(text), ' ');
      if (i > 0) padding += std::string(kGap, ' ');
      if (columns_[i].align == Align::kRight) padding += fill;
      if (!text.empty()) out += std::exchange(padding, "") + Paint(style, cells[i].tone, text);
      if (columns_[i].align == Align::kLeft) padding += fill;
    }
    out += "\n";
  }
  return out;
}

std::string Table::Render(const Style& style) const {
  const std::vector<std::size_t> widths = Widths(style);
  std::vector<Cell> header;
  for (const Column& column : columns_) header.emplace_back(column.title, Tone::kFaint);
  std::string out = Lines(header, widths, style);
  for (const auto& cells : rows_) out += Lines(cells, widths, style);
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
