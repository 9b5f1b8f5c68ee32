// Figures with units as people write them: "70e9", "70B", "1Gbit", "80GB", "700W", "2EUR/h". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accord/status.h"

namespace accord::plan {

enum class Unit : std::uint8_t {
  kCount,    // "70e9", "70B" (or G), "512k", "1.4T"
  kBitRate,  // "1Gbit", "100Mbit/s", "10Gbps": bits a second
  kBytes,    // "80GB", "80GiB"
  kWatts,    // "700W", "0.7kW"
};

// A number and one unit, a space between them or none; prefixes are powers of 1000, with an i of 1024. The
// result is finite and not negative. `plan.unit` otherwise; `name` (an option) leads the message.
[[nodiscard]] Result<double> ParseQuantity(Unit unit, std::string_view name, std::string_view text);
// Three digits and the unit: "1.05M", "250 Mbit/s", "4.42 TB", "0.7 kW". Not finite: "-".
[[nodiscard]] std::string FormatQuantity(Unit unit, double value);

// What a device costs an hour: "2/h", "2.50EUR/h".
struct Price {
  double amount = 0.0;
  std::string currency;  // letters, or nothing
};
// `plan.unit` otherwise.
[[nodiscard]] Result<Price> ParsePrice(std::string_view name, std::string_view text);
[[nodiscard]] std::string FormatPrice(const Price& price);

}  // namespace accord::plan
