#include "update/warnings.h"

#include <cstdint>
#include <cstdio>
#include <optional>

#include "update/headers.h"

namespace accord::update {
namespace {

// A mean whose largest coordinate spans fewer steps than these is rounded by more than 1.5 % of it.
constexpr double kFewSteps = 32.0;
constexpr double kAtTheClip = 0.99;

std::string Text(const char* format, double share, const char* key, double clip) {
  char text[256];
  std::snprintf(text, sizeof text, format, share, key, clip);
  return text;
}

std::optional<std::string> WarningOf(const JobSpec& spec, const round::MetricSum& figure) {
  const bool relative = spec.update.clip_rms > 0.0;
  const char* const key = relative ? "update.clip_rms" : "update.clip";
  const double clip = relative ? spec.update.clip_rms : spec.update.clip;
  if (figure.metric == static_cast<std::uint8_t>(Figure::kClipped) && figure.value > kMuchClipped) {
    return Text("%.2g %% of the coordinates were cut by %s = %g; raise it, or take smaller steps",
                100.0 * figure.value, key, clip);
  }
  if (figure.metric != static_cast<std::uint8_t>(Figure::kPeak)) return std::nullopt;
  // Rotated values may reach a low clip, and be rounded to a few steps: that is what the rotation is for.
  if (spec.update.transform == Transform::kHadamard) return std::nullopt;
  if (figure.value >= kAtTheClip) {
    return Text("the mean update reaches %.0f %% of %s = %g, so updates are being cut; raise it",
                100.0 * figure.value, key, clip);
  }
  const auto steps = static_cast<double>((1ULL << (spec.update.bits - 1)) - 1);
  if (figure.value > 0.0 && figure.value * steps < kFewSteps) {
    return Text("the mean update reaches only %.2g %% of %s = %g, so rounding drowns it; lower the clip",
                100.0 * figure.value, key, clip);
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> EncodingWarnings(const JobSpec& spec, std::span<const round::MetricSum> figures) {
  std::vector<std::string> warnings;
  for (const round::MetricSum& figure : figures) {
    if (auto warning = WarningOf(spec, figure)) warnings.push_back(*std::move(warning));
  }
  return warnings;
}

}  // namespace accord::update
