// Aligned tables for people. Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "cli/style.h"

namespace accord::cli {

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
  Cell(std::string t, Tone n = Tone::kPlain) : text(std::move(t)), tone(n) {}  // NOLINT: implicit by design
  Cell(const char* t) : text(t) {}                                             // NOLINT: likewise
};

enum class Align : std::uint8_t { kLeft, kRight };
struct Column {
  std::string title;
  Align align = Align::kLeft;
};

// Columns two spaces apart, a faint header line, no trailing spaces. Where a terminal is too narrow for the
// lines, words of the widest cells go on below.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // As many cells as columns.
  void Row(std::vector<Cell> cells);
  [[nodiscard]] std::string Render(const Style& style) const;

 private:
  [[nodiscard]] std::vector<std::size_t> Widths(const Style& style) const;
  [[nodiscard]] std::string Lines(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                                  const Style& style) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// "  key    value" lines: keys faint and padded to the longest.
class Facts {
 public:
  // Nothing when the value is empty.
  void Add(std::string key, Cell value);
  [[nodiscard]] std::string Render(const Style& style) const;

 private:
  struct Fact {
    std::string key;
    Cell value;
  };
  std::vector<Fact> facts_;
};

}  // namespace accord::cli
