#include "cli/line_diff.h"

#include <algorithm>
#include <cstdint>

namespace accord::cli {
namespace {

using Lines = std::span<const SectionLine>;

// At [i, j]: the length of the longest common subsequence of was[i..] and is[j..].
class Common {
 public:
  Common(Lines was, Lines is) : width_(is.size() + 1), cells_((was.size() + 1) * width_) {
    for (std::size_t i = was.size(); i-- > 0;) {
      for (std::size_t j = is.size(); j-- > 0;)
        cells_[i * width_ + j] =
            was[i] == is[j] ? At(i + 1, j + 1) + 1 : std::max(At(i + 1, j), At(i, j + 1));
    }
  }
  [[nodiscard]] std::uint32_t At(std::size_t i, std::size_t j) const { return cells_[i * width_ + j]; }

 private:
  std::size_t width_;
  std::vector<std::uint32_t> cells_;
};

void All(Lines lines, bool added, std::vector<LineChange>& changes) {
  for (const SectionLine& line : lines) changes.push_back({added, line});
}

}  // namespace

std::vector<SectionLine> SectionLines(std::string_view toml) {
  std::vector<SectionLine> lines;
  std::string section;
  std::size_t begin = 0;  // of the section
  for (std::size_t at = 0; at < toml.size();) {
    const std::size_t end = std::min(toml.find('\n', at), toml.size());
    const std::string_view line = toml.substr(at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    if (line.front() == '[') {
      section = line;
      begin = lines.size();
      continue;
    }
    lines.push_back({section, std::string(line)});
    constexpr std::string_view kId = "id = ";
    if (!section.starts_with("[[") || !line.starts_with(kId)) continue;
    section += " " + std::string(line.substr(kId.size()));
    for (std::size_t i = begin; i < lines.size(); ++i) lines[i].section = section;
  }
  return lines;
}

std::vector<LineChange> DiffLines(Lines was, Lines is, std::size_t max_cells) {
  while (!was.empty() && !is.empty() && was.front() == is.front()) {
    was = was.subspan(1);
    is = is.subspan(1);
  }
  while (!was.empty() && !is.empty() && was.back() == is.back()) {
    was = was.first(was.size() - 1);
    is = is.first(is.size() - 1);
  }
  std::vector<LineChange> changes;
  std::size_t i = 0, j = 0;
  if (is.empty() || was.size() <= max_cells / is.size()) {
    const Common common(was, is);
    while (i < was.size() && j < is.size()) {
      if (was[i] == is[j]) {
        ++i, ++j;
      } else if (common.At(i + 1, j) >= common.At(i, j + 1)) {
        changes.push_back({false, was[i++]});
      } else {
        changes.push_back({true, is[j++]});
      }
    }
  }
  All(was.subspan(i), false, changes);
  All(is.subspan(j), true, changes);
  return changes;
}

}  // namespace accord::cli
