#include "strategy/streaming.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "base/check.h"
#include "base/errors.h"

namespace accord::strategy {
namespace {

// The first component of a dotted name that is a number.
std::optional<std::uint64_t> LayerOf(std::string_view tensor) {
  while (!tensor.empty()) {
    const std::string_view part = tensor.substr(0, tensor.find('.'));
    std::uint64_t layer = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), layer);
    if (error == std::errc() && end == part.data() + part.size()) return layer;
    tensor.remove_prefix(std::min(tensor.size(), part.size() + 1));
  }
  return std::nullopt;
}

}  // namespace

Status Streaming::Validate() const {
  if (fragments == 0 || steps == 0 || steps % fragments != 0)
    return Fail(errors::kJobInvalid, "the local steps are no multiple of the fragments");
  if (delay >= Interval())
    return Fail(errors::kJobInvalid, "a fragment's delay is not below the steps between two fragments");
  if (!(alpha >= 0.0 && alpha <= 1.0))
    return Fail(errors::kJobInvalid, "the share of the local value is not between 0 and 1");
  return {};
}

StreamingDue DueAt(const Streaming& plan, std::uint64_t step) {
  const std::uint64_t interval = plan.Interval();
  const auto at = [&](std::uint64_t end) -> std::optional<std::uint32_t> {
    if (end == 0 || end % interval != 0) return std::nullopt;
    return static_cast<std::uint32_t>((end / interval - 1) % plan.fragments);
  };
  return {.update = at(step + plan.delay), .value = at(step)};
}

Streaming StreamingOf(const JobSpec& job) {
  return {.steps = job.inner.local_steps,
          .fragments = job.streaming.fragments,
          .delay = job.streaming.delay,
          .alpha = job.streaming.alpha};
}

StreamingRound RoundOf(const JobSpec& job, std::uint64_t round) {
  const std::uint32_t fragments = job.streaming.fragments;
  if (round <= job.round.synchronous) return {};  // and round 0, which is none
  const std::uint64_t before = round - job.round.synchronous - 1;
  StreamingRound what{.update = static_cast<std::uint32_t>(before % fragments),
                      .turn = before / fragments + 1};
  if (before > 0) what.value = static_cast<std::uint32_t>((before - 1) % fragments);
  return what;
}

bool GoesOn(const StreamingSpec& streaming) {
  return streaming.fragments > 1 || streaming.delay > 0 || streaming.alpha > 0.0;
}

std::uint32_t FragmentOf(std::string_view tensor, std::uint32_t fragments) {
  if (const auto layer = LayerOf(tensor)) return static_cast<std::uint32_t>(*layer % fragments);
  return tensor.find("embed") != std::string_view::npos ? 0 : fragments - 1;
}

std::vector<ElementRange> ElementsOf(std::span<const TensorSpec> tensors, std::uint32_t fragment,
                                     std::uint32_t fragments) {
  std::vector<ElementRange> ranges;
  for (const TensorSpec& tensor : tensors) {
    if (FragmentOf(tensor.name, fragments) != fragment) continue;
    if (!ranges.empty() && ranges.back().first + ranges.back().count == tensor.offset) {
      ranges.back().count += tensor.size;
    } else {
      ranges.push_back({tensor.offset, tensor.size});
    }
  }
  return ranges;
}

void Meet(double alpha, std::span<const float> global, std::span<float> local) {
  ACCORD_CHECK(global.size() == local.size());
  if (alpha == 0.0) {
    std::ranges::copy(global, local.begin());
    return;
  }
  for (std::size_t i = 0; i < local.size(); ++i) {
    const auto start = static_cast<double>(global[i]);
    local[i] = static_cast<float>(start + alpha * (static_cast<double>(local[i]) - start));
  }
}

}  // namespace accord::strategy
