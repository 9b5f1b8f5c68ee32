// Which of many strings a text begins with. Used by the SentencePiece tokenizer. Immutable after it was made.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace accord::data {

class PrefixTable {
 public:
  struct Entry {
    std::string_view text;  // borrowed, not empty
    std::int32_t id = 0;
  };
  // No text twice.
  explicit PrefixTable(std::vector<Entry> entries) : entries_(std::move(entries)) {
    std::ranges::sort(entries_, {}, &Entry::text);
  }

  // Calls take(entry) for each entry that `text` begins with, the shortest first. Each byte halves its way
  // through those that fit so far.
  template <class Take>
  void ForEachPrefix(std::string_view text, const Take& take) const {
    auto low = entries_.begin(), high = entries_.end();
    for (std::size_t depth = 0; depth < text.size() && low != high; ++depth) {
      const auto byte = [depth](const Entry& entry) { return static_cast<std::uint8_t>(entry.text[depth]); };
      const auto wanted = static_cast<std::uint8_t>(text[depth]);
      low = std::partition_point(low, high, [&](const Entry& e) { return byte(e) < wanted; });
      high = std::partition_point(low, high, [&](const Entry& e) { return byte(e) == wanted; });
      if (low != high && low->text.size() == depth + 1) take(*low++);
    }
  }
  // Length of the longest; 0 when there is none.
  [[nodiscard]] std::size_t Longest(std::string_view text) const {
    std::size_t longest = 0;
    ForEachPrefix(text, [&](const Entry& entry) { longest = entry.text.size(); });
    return longest;
  }

 private:
  std::vector<Entry> entries_;
};

}  // namespace accord::data
