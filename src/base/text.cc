#include "base/text.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <limits>

namespace accord {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// number * unit; the units are tried in order, the empty one means "no suffix".
std::optional<std::uint64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (unit.name != suffix) continue;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.factor)
      return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

constexpr std::array<Unit, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 5> kSizes{
    {{"", 1}, {"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};

struct Character {
  char32_t code = 0;  // 0 for bytes that are not UTF-8, which the NUL character may share
  std::size_t size = 1;
};

// The first character of `text`, which is not empty; of ill-formed bytes one at a time (RFC 3629).
Character NextCharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < size) return {};
  char32_t code = byte(0) & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kLeast[size] || code > 0x10FFFF || surrogate) return {};
  return {code, size};
}

bool Harmless(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
  const bool turns = c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
                     (c >= 0x2066 && c <= 0x2069);
  return !control && !turns;
}

}  // namespace

std::optional<Millis> ParseDuration(std::string_view text) {
  const auto count = ParseWithUnit(text, kDurations);
  if (!count) return std::nullopt;
  return Millis(static_cast<std::int64_t>(*count));
}

std::string FormatDuration(Millis duration) {
  const auto signed_count = static_cast<std::uint64_t>(duration.count());
  const bool negative = duration.count() < 0;
  const std::string sign = negative ? "-" : "";
  const std::uint64_t count = negative ? 0 - signed_count : signed_count;
  if (count == 0) return "0s";
  for (const Unit& unit : kDurations) {
    if (count % unit.factor == 0) return sign + std::to_string(count / unit.factor) + std::string(unit.name);
  }
  return sign + std::to_string(count) + "ms";
}

std::string FormatBytes(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 1024.0 && unit < 5) {
    value /= 1024.0;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

std::optional<std::uint64_t> ParseBytes(std::string_view text) { return ParseWithUnit(text, kSizes); }

std::string FormatTime(TimePoint time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t seconds = whole.time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>((time - whole).count()));
  return text;
}

std::string NotWhole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return {};
  return "\"" + Printable(text, 64) + "\" is not a whole number from 0 to " +
         std::to_string(std::numeric_limits<std::uint64_t>::max());
}

std::string Printable(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    const Character next = NextCharacter(text);
    const std::string_view shown = Harmless(next.code) ? text.substr(0, next.size) : "?";
    if (out.size() + shown.size() > limit) break;
    out += shown;
    text.remove_prefix(next.size);
  }
  return out;
}

std::optional<char32_t> TakeCharacter(std::string_view& text) {
  const Character next = NextCharacter(text);
  if (next.code == 0 && text.front() != '\0') return std::nullopt;
  text.remove_prefix(next.size);
  return next.code;
}

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (!alphanumeric(text.front())) return false;
  for (const char c : text) {
    if (!alphanumeric(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

}  // namespace accord
