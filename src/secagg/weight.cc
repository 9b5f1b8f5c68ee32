#include "secagg/weight.h"

#include <algorithm>

#include "base/check.h"
#include "secagg/encoding.h"

namespace accord::secagg {
namespace {

constexpr std::uint64_t kCoarseSteps = 16;

std::uint64_t Coarse(std::uint64_t w, std::uint64_t w_max) {
  const std::uint64_t step = (w_max + kCoarseSteps - 1) / kCoarseSteps;
  return std::min((w + step - 1) / step * step, w_max);
}

// floor((2 w (2^32 - 1) + W_max) / (2 W_max)); below 2^65 only in 128 bits.
std::uint32_t OmegaOf(std::uint64_t w, std::uint64_t w_max) {
  const auto doubled = static_cast<unsigned __int128>(2 * w) * kOmegaOne + w_max;
  return static_cast<std::uint32_t>(doubled / (2 * w_max));
}

}  // namespace

Weight WeightOf(WeightPolicy policy, std::uint64_t examples, std::uint64_t w_max) {
  ACCORD_CHECK(w_max >= 1 && w_max <= kOmegaOne);
  Weight weight{.w = std::min(examples, w_max), .cut = examples > w_max};
  switch (policy) {
    case WeightPolicy::kEqual:
      weight = {.w = w_max};
      break;
    case WeightPolicy::kCoarse:
      weight.w = Coarse(weight.w, w_max);
      break;
    case WeightPolicy::kExact:
      break;
  }
  weight.omega = OmegaOf(weight.w, w_max);
  return weight;
}

}  // namespace accord::secagg
