// Small pure helpers for text and bytes that several modules need.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/clock.h"

namespace accord {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// "90s", "15m", "2h", "7d", "250ms": a whole number and one unit. nullopt otherwise, or when it overflows.
[[nodiscard]] std::optional<Millis> ParseDuration(std::string_view text);
// The shortest exact form: 7200000 ms is "2h".
[[nodiscard]] std::string FormatDuration(Millis duration);
// "1.5 MiB" and the like, for people.
[[nodiscard]] std::string FormatBytes(std::uint64_t bytes);
// "64MiB", "8GiB", "4096": bytes. nullopt otherwise, or when it overflows.
[[nodiscard]] std::optional<std::uint64_t> ParseBytes(std::string_view text);
// What is wrong with `text` where it is no whole number of 64 bits without a sign; else empty. For options of
// command lines: CLI11 takes "-3" for 2^64 - 3.
[[nodiscard]] std::string NotWhole(std::string_view text);
// RFC 3339 in UTC with milliseconds.
[[nodiscard]] std::string FormatTime(TimePoint time);
// Text of a peer made fit for a terminal, log or JSON: valid UTF-8 of at most `limit` bytes, cut between
// characters; what is not UTF-8, control characters (C0, C1) and marks that turn the direction of writing
// become '?'.
[[nodiscard]] std::string Printable(std::string_view text, std::size_t limit = 500);
// The first character of `text`, which is not empty, taken off it; nullopt, and nothing taken, where the
// bytes are not well-formed UTF-8 (RFC 3629).
[[nodiscard]] std::optional<char32_t> TakeCharacter(std::string_view& text);
// ids, names: 1 to 64 of [a-z0-9-_.], beginning with a letter or digit.
[[nodiscard]] bool IsName(std::string_view text);

}  // namespace accord
