#include "model/init.h"

#include <string_view>

#include "base/check.h"
#include "model/philox.h"

namespace accord::model {
namespace {

std::uint64_t Fnv1a(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
  return hash;
}

float Uniform(std::uint32_t u, double bound) {
  // The integer is odd, of at most 33 bits, and its scaling by a power of two is exact.
  const auto odd = static_cast<std::int64_t>(2 * static_cast<std::uint64_t>(u) + 1) - (std::int64_t{1} << 32);
  return static_cast<float>(bound * (static_cast<double>(odd) * 0x1p-32));
}

}  // namespace

void InitialTensor(const TensorSpec& tensor, std::uint64_t seed, std::uint64_t first, std::span<float> out) {
  ACCORD_CHECK(first <= tensor.size && out.size() <= tensor.size - first);
  if (!(tensor.init.bound > 0)) {
    for (float& x : out) x = static_cast<float>(tensor.init.constant);
    return;
  }
  const PhiloxKey key = SeedKey(seed);
  const PhiloxKey name = SeedKey(Fnv1a(tensor.name));
  PhiloxBlock words{};
  for (std::uint64_t k = 0; k < out.size(); ++k) {
    const std::uint64_t i = first + k;
    if (k == 0 || i % 4 == 0) {
      const PhiloxKey block = SeedKey(i / 4);
      words = Philox(key, {block[0], block[1], name[0], name[1]});
    }
    out[k] = Uniform(words[i % 4], tensor.init.bound);
  }
}

void InitialWeights(const ModelLayout& layout, std::uint64_t seed, std::span<float> weights) {
  ACCORD_CHECK(weights.size() == layout.size);
  for (const TensorSpec& tensor : layout.tensors) {
    InitialTensor(tensor, seed, 0, weights.subspan(tensor.offset, tensor.size));
  }
}

}  // namespace accord::model
