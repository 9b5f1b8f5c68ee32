// "Did you mean": the known word closest to a mistyped one. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace accord::cli {

// The known word with the smallest edit distance, or one that `typed` begins; empty when none is close.
[[nodiscard]] std::string Closest(std::string_view typed, const std::vector<std::string>& known);

}  // namespace accord::cli
