#include "plan/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>

#include "base/errors.h"
#include "base/text.h"

namespace accord::plan {
namespace {

struct Scale {
  std::string_view prefix;
  double factor;
};
constexpr std::array<Scale, 7> kDecimal{
    {{"", 1.0}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15}}};
constexpr std::array<Scale, 5> kBinary{
    {{"Ki", 0x1p10}, {"Mi", 0x1p20}, {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}}};

struct Words {
  std::string_view example;
  std::array<std::string_view, 3> symbols;  // behind the prefix; the empty ones are left out
  bool bare;                                // nothing behind the prefix will do
};
const Words& WordsOf(Unit unit) {
  static constexpr Words kCount{"70e9, 70B, 512k or 1.4T", {}, true};
  static constexpr Words kBitRate{"1Gbit, 100Mbit/s or 10Gbps", {"bit", "bit/s", "bps"}, false};
  static constexpr Words kBytes{"80GB or 80GiB", {"B"}, false};
  static constexpr Words kWatts{"700W or 0.7kW", {"W"}, false};
  switch (unit) {
    case Unit::kCount:
      return kCount;
    case Unit::kBitRate:
      return kBitRate;
    case Unit::kBytes:
      return kBytes;
    case Unit::kWatts:
      break;
  }
  return kWatts;
}

std::optional<double> FactorOf(Unit unit, std::string_view suffix) {
  if (unit == Unit::kCount && suffix == "B") return 1e9;  // as people count parameters
  const Words& words = WordsOf(unit);
  const auto among = [&](std::span<const Scale> scales) -> std::optional<double> {
    for (const Scale& scale : scales) {
      if (!suffix.starts_with(scale.prefix)) continue;
      const std::string_view rest = suffix.substr(scale.prefix.size());
      if (rest.empty() ? words.bare : std::ranges::find(words.symbols, rest) != words.symbols.end())
        return scale.factor;
    }
    return std::nullopt;
  };
  if (const auto decimal = among(kDecimal)) return decimal;
  return unit == Unit::kBytes ? among(kBinary) : std::nullopt;
}

Status NotA(std::string_view name, std::string_view text, std::string_view example) {
  return Fail(errors::kPlanUnit, std::string(name) + ": \"" + Printable(text, 64) +
                                     "\" is not a figure such as " + std::string(example) + ".");
}

// The number that the text begins with; the rest stays.
std::optional<double> TakeNumber(std::string_view& text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number) || number < 0.0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return number;
}

std::string Digits(double value) {
  char text[40];
  std::snprintf(text, sizeof text, value >= 1000.0 ? "%.0f" : "%.3g", value);
  return text;
}

}  // namespace

Result<double> ParseQuantity(Unit unit, std::string_view name, std::string_view text) {
  std::string_view rest = text;
  const std::optional<double> number = TakeNumber(rest);
  const std::optional<double> factor = number ? FactorOf(unit, rest) : std::nullopt;
  if (!factor || !std::isfinite(*number * *factor)) return NotA(name, text, WordsOf(unit).example);
  return *number * *factor;
}

std::string FormatQuantity(Unit unit, double value) {
  if (!std::isfinite(value)) return "-";
  constexpr std::array<std::string_view, 6> kPrefixes{"", "k", "M", "G", "T", "P"};
  std::size_t at = 0;
  // "999.9" has the three digits 1.00e3: the next prefix.
  while (at + 1 < kPrefixes.size() && std::strtod(Digits(value).c_str(), nullptr) >= 999.5) {
    value /= 1000.0;
    ++at;
  }
  const std::string prefix(kPrefixes[at]);
  switch (unit) {
    case Unit::kCount:
      return Digits(value) + (prefix == "G" ? "B" : prefix);
    case Unit::kBitRate:
      return Digits(value) + " " + prefix + "bit/s";
    case Unit::kBytes:
      return Digits(value) + " " + prefix + "B";
    case Unit::kWatts:
      break;
  }
  return Digits(value) + " " + prefix + "W";
}

Result<Price> ParsePrice(std::string_view name, std::string_view text) {
  constexpr std::string_view kExample = "2/h or 2.50EUR/h";
  std::string_view rest = text;
  const std::optional<double> amount = TakeNumber(rest);
  if (!amount || !rest.ends_with("/h")) return NotA(name, text, kExample);
  rest.remove_suffix(2);
  const bool letters =
      std::ranges::all_of(rest, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
  if (!letters || rest.size() > 8) return NotA(name, text, kExample);
  return Price{.amount = *amount, .currency = std::string(rest)};
}

std::string FormatPrice(const Price& price) {
  char text[48];
  std::snprintf(text, sizeof text, "%.6g", price.amount);
  return text + price.currency + "/h";
}

}  // namespace accord::plan
