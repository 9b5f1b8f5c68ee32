// Which lines were taken out of a text and which were put in, by a longest common subsequence: for people who
// sign the newer text. Lines are compared with the section that they stand in, so that one that moved from
// one section to another shows as taken out and put in. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace accord::cli {

struct SectionLine {
  std::string section;  // "[quorum]", "[[member]] \"ke\""; empty: before the first
  std::string text;

  friend bool operator==(const SectionLine&, const SectionLine&) = default;
};

struct LineChange {
  bool added = false;  // else taken out
  SectionLine line;
};

// The lines of a TOML file as charter::FormatCharterFile writes it, without empty ones and headers. A table
// of several, "[[member]]", is known by the value of its "id".
[[nodiscard]] std::vector<SectionLine> SectionLines(std::string_view toml);

// What made `is` out of `was`, in the order of the texts. Lines that differ are compared one by one up to
// kMaxDiffCells pairs of them; beyond that all of them count as taken out and put in, which is longer and
// just as true.
inline constexpr std::size_t kMaxDiffCells = 4'000'000;
[[nodiscard]] std::vector<LineChange> DiffLines(std::span<const SectionLine> was,
                                                std::span<const SectionLine> is,
                                                std::size_t max_cells = kMaxDiffCells);

}  // namespace accord::cli
