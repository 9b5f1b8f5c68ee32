#include "trainer/replica.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "base/crc32c.h"

namespace accord::trainer {
namespace {

// Part `index` of `count`, of which the sizes differ by at most one.
std::span<const std::uint64_t> PartOf(std::span<const std::uint64_t> rows, std::size_t index,
                                      std::size_t count) {
  const std::size_t begin = rows.size() * index / count, end = rows.size() * (index + 1) / count;
  return rows.subspan(begin, end - begin);
}

}  // namespace

Status AddShare(Learner& learner, const InnerSpec& inner, std::span<const std::uint64_t> rows, Place place) {
  const auto mine = PartOf(rows, place.rank, place.size);
  if (mine.empty()) return {};
  const std::size_t wanted = (std::max<std::size_t>(1, inner.accumulate) + place.size - 1) / place.size;
  const std::size_t parts = std::min(wanted, mine.size());
  for (std::size_t i = 0; i < parts; ++i) {
    const auto part = PartOf(mine, i, parts);
    const double share = static_cast<double>(part.size()) / static_cast<double>(rows.size());
    ACCORD_RETURN_IF_ERROR(learner.AddGradient(part, share));
  }
  return {};
}

std::vector<at::Tensor> ReplicaTensors(const at::Tensor& weights, const at::Tensor& start,
                                       Optimizer& optimizer) {
  std::vector<at::Tensor> tensors{weights};
  tensors.insert(tensors.end(), optimizer.State().begin(), optimizer.State().end());
  if (start.defined()) tensors.push_back(start);
  return tensors;
}

std::uint32_t WeightsCrc(const at::Tensor& weights) {
  const at::Tensor host = weights.cpu();
  return Crc32c({static_cast<const std::uint8_t*>(host.data_ptr()), host.nbytes()});
}

}  // namespace accord::trainer
