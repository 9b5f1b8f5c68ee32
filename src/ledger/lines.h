// What the text formats of this module share: whole lines, canonical decimals, hashes in base64. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accord/ids.h"

namespace accord::ledger {

// Takes a text line by line.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // The next line without its newline; nullopt when nothing is left, or a line that does not end.
  [[nodiscard]] std::optional<std::string_view> Next() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  // The next line's part after `prefix`; nullopt, and nothing taken, when it does not begin so.
  [[nodiscard]] std::optional<std::string_view> Next(std::string_view prefix) {
    if (!rest_.starts_with(prefix)) return std::nullopt;
    const std::optional<std::string_view> line = Next();
    return line ? std::optional(line->substr(prefix.size())) : std::nullopt;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Sizes and indices of logs, and times: 0 to 2^63 - 1, as every implementation can hold.
inline constexpr std::uint64_t kMaxNumber = (1ULL << 63) - 1;

// ASCII digits without leading zeros, at most kMaxNumber.
[[nodiscard]] std::optional<std::uint64_t> ParseNumber(std::string_view text);
// The padded base64 of 32 bytes, in its one form.
[[nodiscard]] std::optional<Digest> ParseHash(std::string_view text);
[[nodiscard]] std::string FormatHash(const Digest& hash);
// A wrong line as it may be shown to people: in quotes, printable, not long.
[[nodiscard]] std::string Quoted(std::string_view line);

}  // namespace accord::ledger
