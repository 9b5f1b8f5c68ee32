#include "cli/suggest.h"

#include <algorithm>
#include <numeric>

namespace accord::cli {
namespace {

// Levenshtein, one row at a time.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string Closest(std::string_view typed, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = typed.size() / 3 + 1;  // more than a third wrong is another word
  for (const std::string& word : known) {
    if (typed.size() >= 2 && word.starts_with(typed)) return word;
    const std::size_t distance = Distance(typed, word);
    if (distance > best_distance || (distance == best_distance && !best.empty())) continue;
    best = word;
    best_distance = distance;
  }
  return best;
}

}  // namespace accord::cli
