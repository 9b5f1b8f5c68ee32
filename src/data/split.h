// Which examples a node holds out. The same seed gives the same split after every restart. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace accord::data {

// A flag per example, set for those held out: floor(n * fraction) of them, but at least one when fraction > 0
// and n > 1, and never all. They are the first of a Fisher-Yates shuffle whose i-th draw comes from
// Philox4x32-10, key = seed, counter = (lo32(i), hi32(i), 0, 0), its first two words as a u64 r: j = i +
// floor(r * (n - i) / 2^64).
[[nodiscard]] std::vector<bool> ChooseHoldout(std::uint64_t n, double fraction, std::uint64_t seed);

}  // namespace accord::data
