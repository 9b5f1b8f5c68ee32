#include "trainer/sampler.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "model/philox.h"

namespace accord::trainer {
namespace {

constexpr std::uint32_t Low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
constexpr std::uint32_t High(std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); }

// Uniform in [0, bound) from 64 random bits, off by at most bound * 2^-64 (Lemire, "Fast Random Integer
// Generation in an Interval", 2019, without the rejection).
std::uint64_t Below(std::uint64_t bound, std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = static_cast<std::uint64_t>(high) << 32 | low;
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(bits) * bound >> 64);
}

}  // namespace

void Permute(const ShuffleSeed& seed, std::uint64_t epoch, std::span<std::uint64_t> order) {
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  const model::PhiloxBlock node =
      model::Philox(model::SeedKey(seed.job), {Low(seed.node), High(seed.node), Low(epoch), High(epoch)});
  const model::PhiloxBlock key =
      model::Philox({node[0], node[1]}, {Low(seed.round), High(seed.round), node[2], node[3]});
  for (std::uint64_t i = order.size(); i-- > 1;) {
    const model::PhiloxBlock draw = model::Philox({key[0], key[1]}, {Low(i), High(i), key[2], key[3]});
    std::swap(order[i], order[Below(i + 1, draw[0], draw[1])]);
  }
}

Sampler::Sampler(const ShuffleSeed& seed, std::uint64_t examples, std::uint64_t batch)
    : seed_(seed), batch_(batch), order_(examples) {
  ACCORD_CHECK(examples > 0 && batch > 0);
  steps_per_epoch_ = (examples - 1) / batch + 1;
}

std::span<const std::uint64_t> Sampler::Batch(std::uint64_t step) {
  const std::uint64_t epoch = step / steps_per_epoch_;
  if (epoch != epoch_) {
    Permute(seed_, epoch, order_);
    epoch_ = epoch;
  }
  const std::uint64_t first = step % steps_per_epoch_ * batch_;
  return std::span(order_).subspan(first, std::min<std::uint64_t>(batch_, order_.size() - first));
}

}  // namespace accord::trainer
