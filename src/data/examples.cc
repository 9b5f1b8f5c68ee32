#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "data/dataset.h"

namespace accord::data {
namespace {

constexpr std::array<float, 256> MakeScale() {
  std::array<float, 256> scale{};
  for (int i = 0; i < 256; ++i) scale[i] = static_cast<float>(i) / 255.0F;
  return scale;
}
constexpr std::array<float, 256> kScale = MakeScale();

// Moves the rows of `taken` into the vector returned and closes the gaps in `from`.
template <class T>
std::vector<T> SplitRows(std::vector<T>& from, const std::vector<bool>& taken, std::uint64_t width) {
  std::vector<T> out;
  if (from.empty()) return out;
  auto keep = from.begin();
  for (std::size_t row = 0; row < taken.size(); ++row) {
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(row * width);
    const auto end = at + static_cast<std::ptrdiff_t>(width);
    if (taken[row]) {
      out.insert(out.end(), at, end);
    } else {
      keep = std::copy(at, end, keep);
    }
  }
  from.erase(keep, from.end());
  return out;
}

}  // namespace

Examples::Examples(std::uint64_t width, std::vector<float> values, std::vector<std::int64_t> labels)
    : width_(width), values_(std::move(values)), labels_(std::move(labels)) {
  ACCORD_CHECK(values_.size() == labels_.size() * width_);
}

Examples::Examples(std::uint64_t width, std::vector<std::uint8_t> pixels, std::vector<std::int64_t> labels)
    : width_(width), pixels_(std::move(pixels)), labels_(std::move(labels)) {
  ACCORD_CHECK(pixels_.size() == labels_.size() * width_);
}

void Examples::CopyRow(std::uint64_t row, float* out) const {
  ACCORD_CHECK(row < labels_.size());
  const std::size_t first = row * width_;
  if (pixels_.empty()) {
    std::copy_n(values_.data() + first, width_, out);
  } else {
    std::transform(pixels_.data() + first, pixels_.data() + first + width_, out,
                   [](std::uint8_t pixel) { return kScale[pixel]; });
  }
}

void Examples::Gather(std::span<const std::uint64_t> rows, std::span<float> out) const {
  ACCORD_CHECK(out.size() == rows.size() * width_);
  for (std::size_t i = 0; i < rows.size(); ++i) CopyRow(rows[i], out.data() + i * width_);
}

void Examples::Copy(std::uint64_t first, std::span<float> out) const {
  if (out.empty()) return;
  ACCORD_CHECK(width_ > 0 && out.size() % width_ == 0);
  for (std::size_t i = 0; i < out.size() / width_; ++i) CopyRow(first + i, out.data() + i * width_);
}

Examples Examples::TakeOut(const std::vector<bool>& taken) {
  ACCORD_CHECK(taken.size() == labels_.size());
  Examples out;
  out.width_ = width_;
  out.values_ = SplitRows(values_, taken, width_);
  out.pixels_ = SplitRows(pixels_, taken, width_);
  out.labels_ = SplitRows(labels_, taken, 1);
  return out;
}

std::vector<std::uint64_t> LabelHistogram(const Examples& examples, std::uint64_t labels) {
  std::vector<std::uint64_t> histogram(labels, 0);
  for (const std::int64_t label : examples.labels()) ++histogram.at(static_cast<std::size_t>(label));
  return histogram;
}

}  // namespace accord::data
