#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/plan_text.h"
#include "plan/explain.h"

namespace accord::cli {
namespace {

using nlohmann::ordered_json;

ordered_json FiniteJson(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}
ordered_json ToldJson(const std::optional<double>& value) {
  return value ? FiniteJson(*value) : ordered_json(nullptr);
}

ordered_json InputsJson(const plan::Inputs& in) {
  ordered_json out{{"params", in.parameters},
                   {"tokens", in.tokens},
                   {"nodes", in.nodes},
                   {"gpus_per_node", in.devices},
                   {"gpu_flops", in.device_flops},
                   {"gpu_memory_bytes", in.device_bytes},
                   {"mfu", in.mfu},
                   {"uplink_bit_s", in.uplink},
                   {"downlink_bit_s", in.downlink},
                   {"coordinator_bit_s",
                    in.coordinator_link > 0.0 ? ordered_json(in.coordinator_link) : ordered_json(nullptr)},
                   {"latency_s", in.latency_s},
                   {"h", in.local_steps},
                   {"fragments", in.fragments},
                   {"overlap", *in.overlap},
                   {"alpha", in.alpha},
                   {"overlap_backward", in.overlap_backward},
                   {"batch_tokens", in.batch_tokens},
                   {"seq", in.sequence},
                   {"layers", in.layers},
                   {"hidden", in.hidden},
                   {"vocab", in.vocabulary},
                   {"precision", in.bf16 ? "bf16" : "f32"},
                   {"secure", in.secure},
                   {"watts", in.watts > 0.0 ? ordered_json(in.watts) : ordered_json(nullptr)}};
  out["price"] = in.price ? ordered_json{{"amount", in.price->amount}, {"currency", in.price->currency}}
                          : ordered_json(nullptr);
  return out;
}

ordered_json MemoryJson(const plan::Memory& m) {
  return {
      {"state_bytes", m.State()},
      {"weights_bytes", m.weights},
      {"gradients_bytes", m.gradients},
      {"optimizer_bytes", m.optimizer},
      {"activations_bytes", m.activations},
      {"checkpointed_bytes", m.checkpointed},
      {"host_bytes", m.host},
      {"least_gpus_per_node", m.least_devices > 0 ? ordered_json(m.least_devices) : ordered_json(nullptr)}};
}

ordered_json OptionJson(const plan::Option& o) {
  return {{"method", plan::MethodName(o.method)},
          {"codec", o.codec.name},
          {"bits", o.codec.bits},
          {"field_bits", o.packing.field_bits},
          {"words", o.packing.words},
          {"days", FiniteJson(o.days)},
          {"utilisation", o.utilisation},
          {"exchanges", o.exchanges},
          {"exchange_s", FiniteJson(o.exchange_s)},
          {"waiting_s", FiniteJson(o.waiting_s)},
          {"up_bytes", o.traffic.up_bytes},
          {"down_bytes", o.traffic.down_bytes},
          {"round_bytes", o.round_bytes},
          {"day_bytes", o.day_bytes},
          {"total_bytes", o.total_bytes},
          {"token_bytes", o.token_bytes},
          {"peak_bit_s", o.peak_rate},
          {"bit_s_for_95_percent", FiniteJson(o.rate_for_share)},
          {"coordinator_bit_s", o.coordinator_rate},
          {"cost", ToldJson(o.cost)},
          {"energy_wh", ToldJson(o.energy_wh)}};
}

ordered_json ExplainedJson(const plan::Plan& plan) {
  ordered_json out = ordered_json::array();
  for (const plan::Section& section : plan::Explain(plan)) {
    for (const plan::Explained& line : section.lines)
      out.push_back({{"section", section.title},
                     {"what", line.what},
                     {"formula", line.formula},
                     {"numbers", line.numbers},
                     {"result", line.result}});
  }
  return out;
}

}  // namespace

std::string PlanJson(const plan::Plan& plan, bool explain) {
  ordered_json out{{"inputs", InputsJson(plan.inputs)}, {"flops_per_token", plan.work.flops_per_token},
                   {"step_s", plan.work.step_s},        {"steps", plan.work.steps},
                   {"computing_days", plan.work.days},  {"memory", MemoryJson(plan.memory)},
                   {"options", ordered_json::array()}};
  for (const plan::Option& option : plan.options) out["options"].push_back(OptionJson(option));
  if (explain) out["explained"] = ExplainedJson(plan);
  return out.dump();
}

}  // namespace accord::cli
