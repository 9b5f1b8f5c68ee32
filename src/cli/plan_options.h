// The options of `accord plan`: one table for the command line, its help and what each one sets. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "accord/status.h"
#include "plan/inputs.h"

namespace accord::cli {

inline constexpr std::string_view kOnOff = "on|off";
inline constexpr std::string_view kPrecisions = "bf16|f32";

struct PlanOption {
  std::string_view name;  // "--params"
  std::string_view type;  // of the value, for the help; words with | between them are all there are
  std::string_view help;
  bool required = false;
  // Reads the value into the inputs: `plan.unit`.
  Status (*set)(plan::Inputs& inputs, std::string_view name, const std::string& value) = nullptr;
};
[[nodiscard]] std::span<const PlanOption> PlanOptions();

}  // namespace accord::cli
