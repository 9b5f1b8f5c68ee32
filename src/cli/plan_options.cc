#include "cli/plan_options.h"

#include <array>
#include <chrono>
#include <cmath>
#include <optional>

#include "base/errors.h"
#include "base/text.h"
#include "plan/quantity.h"

namespace accord::cli {
namespace {

template <plan::Unit unit, double plan::Inputs::*field>
Status SetQuantity(plan::Inputs& inputs, std::string_view name, const std::string& value) {
  ACCORD_ASSIGN_OR_RETURN(inputs.*field, plan::ParseQuantity(unit, name, value));
  return {};
}

template <auto field>
Status SetWhole(plan::Inputs& inputs, std::string_view name, const std::string& value) {
  ACCORD_ASSIGN_OR_RETURN(const double number, plan::ParseQuantity(plan::Unit::kCount, name, value));
  if (number != std::floor(number) || number > 4e9) {
    return Fail(errors::kPlanUnit,
                std::string(name) + ": \"" + Printable(value, 64) + "\" is no whole number.",
                "Give a whole number of at most 4e9.");
  }
  inputs.*field = static_cast<std::remove_reference_t<decltype(inputs.*field)>>(number);
  return {};
}

template <bool plan::Inputs::*field>
Status SetWord(plan::Inputs& inputs, std::string_view /*name*/, const std::string& value) {
  inputs.*field = value == "on" || value == "bf16";
  return {};
}

Status SetTflops(plan::Inputs& inputs, std::string_view name, const std::string& value) {
  ACCORD_ASSIGN_OR_RETURN(const double tflops, plan::ParseQuantity(plan::Unit::kCount, name, value));
  inputs.device_flops = 1e12 * tflops;
  return {};
}

Status SetLatency(plan::Inputs& inputs, std::string_view name, const std::string& value) {
  const std::optional<Millis> latency = ParseDuration(value);
  if (!latency || *latency < Millis(0)) {
    return Fail(errors::kPlanUnit,
                std::string(name) + ": \"" + Printable(value, 64) + "\" is not a duration.",
                "Write a whole number and a unit, such as 80ms or 1s.");
  }
  inputs.latency_s = std::chrono::duration<double>(*latency).count();
  return {};
}

Status SetPrice(plan::Inputs& inputs, std::string_view name, const std::string& value) {
  ACCORD_ASSIGN_OR_RETURN(inputs.price, plan::ParsePrice(name, value));
  return {};
}

constexpr auto kOptions = std::to_array<PlanOption>({
    {"--params", "N", "Parameters of the model: 70e9 or 70B", true,
     SetQuantity<plan::Unit::kCount, &plan::Inputs::parameters>},
    {"--nodes", "N", "Nodes: labs that train together", true, SetWhole<&plan::Inputs::nodes>},
    {"--uplink", "RATE", "Of a node, towards the coordinator: 1Gbit", true,
     SetQuantity<plan::Unit::kBitRate, &plan::Inputs::uplink>},
    {"--gpu-tflops", "N", "Peak of one device in TFLOPS, with the precision used", true, SetTflops},
    {"--tokens", "N", "Tokens to train on in all (20 a parameter)", false,
     SetQuantity<plan::Unit::kCount, &plan::Inputs::tokens>},
    {"--gpus-per-node", "N", "Devices of a node (8)", false, SetWhole<&plan::Inputs::devices>},
    {"--gpu-memory", "BYTES", "Of one device (80GB)", false,
     SetQuantity<plan::Unit::kBytes, &plan::Inputs::device_bytes>},
    {"--mfu", "SHARE", "Of the peak, while it computes (0.4)", false,
     SetQuantity<plan::Unit::kCount, &plan::Inputs::mfu>},
    {"--downlink", "RATE", "Of a node (as the uplink)", false,
     SetQuantity<plan::Unit::kBitRate, &plan::Inputs::downlink>},
    {"--coordinator", "RATE", "The coordinator's link, each way (wide enough for all at once)", false,
     SetQuantity<plan::Unit::kBitRate, &plan::Inputs::coordinator_link>},
    {"--latency", "DURATION", "A round trip between node and coordinator (50ms)", false, SetLatency},
    {"--h", "N", "Local steps between two exchanges (100)", false, SetWhole<&plan::Inputs::local_steps>},
    {"--fragments", "N", "P of Streaming DiLoCo; divides H, at most L + 1 (10 or fewer)", false,
     SetWhole<&plan::Inputs::fragments>},
    {"--overlap", "N", "tau: steps that go on while a fragment travels (1)", false,
     SetWhole<&plan::Inputs::overlap>},
    {"--alpha", "SHARE", "Of the local value that Streaming keeps (0.5)", false,
     SetQuantity<plan::Unit::kCount, &plan::Inputs::alpha>},
    {"--overlap-backward", kOnOff, "Sending begins in the backward pass, which Accord does not do (off)",
     false, SetWord<&plan::Inputs::overlap_backward>},
    {"--batch-tokens", "N", "Tokens of one node's step (524288)", false,
     SetQuantity<plan::Unit::kCount, &plan::Inputs::batch_tokens>},
    {"--seq", "N", "Tokens of a sequence (2048)", false, SetWhole<&plan::Inputs::sequence>},
    {"--layers", "N", "Of the model; with --hidden (as a Llama of that size)", false,
     SetWhole<&plan::Inputs::layers>},
    {"--hidden", "N", "Width of the model; with --layers", false, SetWhole<&plan::Inputs::hidden>},
    {"--vocab", "N", "Tokens of the vocabulary (32000)", false, SetWhole<&plan::Inputs::vocabulary>},
    {"--precision", kPrecisions, "Of matrix products (bf16)", false, SetWord<&plan::Inputs::bf16>},
    {"--secure", kOnOff, "Masked updates (on)", false, SetWord<&plan::Inputs::secure>},
    {"--price", "PRICE", "Of one device an hour: 2/h or 2EUR/h", false, SetPrice},
    {"--watts", "WATTS", "Of one device with its share of the machine: 700W", false,
     SetQuantity<plan::Unit::kWatts, &plan::Inputs::watts>},
});

}  // namespace

std::span<const PlanOption> PlanOptions() { return kOptions; }

}  // namespace accord::cli
