#include "data/split.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "model/philox.h"

namespace accord::data {

std::vector<bool> ChooseHoldout(std::uint64_t n, double fraction, std::uint64_t seed) {
  ACCORD_CHECK(fraction >= 0 && fraction < 1);
  std::vector<bool> taken(n, false);
  if (fraction <= 0 || n < 2) return taken;
  const auto wanted = static_cast<std::uint64_t>(static_cast<double>(n) * fraction);
  const std::uint64_t count = std::clamp<std::uint64_t>(wanted, 1, n - 1);
  std::vector<std::uint64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  const model::PhiloxKey key = model::SeedKey(seed);
  for (std::uint64_t i = 0; i < count; ++i) {
    const model::PhiloxKey at = model::SeedKey(i);
    const model::PhiloxBlock words = model::Philox(key, {at[0], at[1], 0, 0});
    const std::uint64_t r = std::uint64_t{words[1]} << 32 | words[0];
    __extension__ using U128 = unsigned __int128;
    const auto j = i + static_cast<std::uint64_t>(U128{r} * (n - i) >> 64);
    std::swap(order[i], order[j]);
    taken[order[i]] = true;
  }
  return taken;
}

}  // namespace accord::data
