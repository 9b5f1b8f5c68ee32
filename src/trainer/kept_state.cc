#include "trainer/kept_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/errors.h"
#include "trainer/checkpoint.h"

namespace accord::trainer {
namespace {

constexpr std::string_view kSuffix = ".state";

// Of the file `name`, when it is one of those called prefix-ROUND.state.
std::optional<std::uint64_t> RoundOf(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  if (!name.starts_with('-')) return std::nullopt;
  name.remove_prefix(1);
  name.remove_suffix(kSuffix.size());
  std::uint64_t round = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), round);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return round;
}

}  // namespace

KeptState::KeptState(Place place, std::vector<at::Tensor> vectors)
    : place_(std::move(place)), vectors_(std::move(vectors)) {}

Result<std::uint64_t> KeptState::Load(std::uint64_t round) {
  if (place_.directory.empty() || vectors_.empty()) return std::uint64_t{0};
  for (const std::uint64_t there : Rounds()) {
    if (there < round) loaded_ = std::max(loaded_, there);
  }
  if (loaded_ == 0) return std::uint64_t{0};
  std::vector<at::Tensor> host;
  std::vector<std::span<float>> spans;
  for (const at::Tensor& vector : vectors_) {
    host.push_back(vector.is_cpu() ? vector : at::empty_like(vector, vector.options().device(at::kCPU)));
    spans.emplace_back(host.back().data_ptr<float>(), static_cast<std::size_t>(host.back().numel()));
  }
  const std::filesystem::path path = PathOf(std::exchange(loaded_, 0));
  const CheckpointId id{.round = *RoundOf(path.filename().string(), place_.name), .plan = place_.plan};
  ACCORD_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> steps, LoadCheckpoint(path, id, spans));
  if (!steps) return Fail(errors::kStoreCorrupt, path.string() + " is gone");
  loaded_ = id.round;
  for (std::size_t i = 0; i < host.size(); ++i) {
    if (!vectors_[i].is_cpu()) vectors_[i].copy_(host[i]);
  }
  return *steps;
}

Status KeptState::Save(std::uint64_t round, std::uint64_t steps) {
  if (place_.directory.empty() || vectors_.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(place_.directory, error);  // what fails here fails below, with a reason
  std::vector<at::Tensor> host;
  std::vector<std::span<const float>> spans;
  for (const at::Tensor& vector : vectors_) {
    host.push_back(vector.cpu());
    spans.emplace_back(host.back().data_ptr<float>(), static_cast<std::size_t>(host.back().numel()));
  }
  ACCORD_RETURN_IF_ERROR(SaveCheckpoint(PathOf(round), {.round = round, .plan = place_.plan}, steps, spans));
  for (const std::uint64_t there : Rounds()) {
    if (there != round && there != loaded_) std::filesystem::remove(PathOf(there), error);
  }
  return {};
}

std::vector<std::uint64_t> KeptState::Rounds() const {
  std::vector<std::uint64_t> rounds;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(place_.directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (const auto round = RoundOf(entry->path().filename().string(), place_.name)) rounds.push_back(*round);
  }
  return rounds;
}

std::filesystem::path KeptState::PathOf(std::uint64_t round) const {
  return place_.directory / (place_.name + "-" + std::to_string(round) + std::string(kSuffix));
}

}  // namespace accord::trainer
