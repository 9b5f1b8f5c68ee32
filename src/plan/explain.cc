#include "plan/explain.h"

#include <cstdio>

namespace accord::plan {
namespace {

std::string Number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}
std::string Number(std::uint64_t value) { return std::to_string(value); }
std::string Number(std::uint32_t value) { return std::to_string(value); }

// "6 * {} + 12 * {}" with the values in their order.
template <class... Values>
std::string Fill(std::string_view pattern, const Values&... values) {
  std::string out(pattern);
  std::size_t at = 0;
  const auto put = [&](const std::string& value) {
    at = out.find("{}", at);
    out.replace(at, 2, value);
    at += value.size();
  };
  (put(Number(values)), ...);
  return out;
}

std::string Seconds(double value) { return Number(value) + " s"; }

using Lines = std::vector<Explained>;

void ExplainWork(const Plan& p, Lines& lines) {
  const Inputs& s = p.inputs;
  lines.push_back({"work of a token", "F = 6 N + 12 L d s",
                   Fill("6 * {} + 12 * {} * {} * {}", s.parameters, s.layers, s.hidden, s.sequence),
                   Number(p.work.flops_per_token) + " FLOP"});
  lines.push_back({"a local step", "C = B F / (g R mfu)",
                   Fill("{} * {} / ({} * {} * {})", s.batch_tokens, p.work.flops_per_token, s.devices,
                        s.device_flops, s.mfu),
                   Seconds(p.work.step_s)});
  lines.push_back({"local steps of a node", "S = ceil(D / (n B))",
                   Fill("ceil({} / ({} * {}))", s.tokens, s.nodes, s.batch_tokens), Number(p.work.steps)});
}

void ExplainBytes(const Plan& p, const Option& o, Lines& lines) {
  const std::uint32_t bits = o.codec.bits;
  lines.push_back({"bits of a sum", "f = b + ceil(log2 n)", Fill("{} + ceil(log2 {})", bits, p.inputs.nodes),
                   Number(o.packing.field_bits)});
  lines.push_back({"update in words of 8 bytes", "w = 3 + ceil(K / floor(64 / f))",
                   Fill("3 + ceil(K / floor(64 / {}))", o.packing.field_bits), Number(o.packing.words)});
  lines.push_back(
      {"bytes up, and down", "U = 8 w + masking",
       Fill("8 * {} + {}", o.packing.words, o.traffic.up_bytes - 8.0 * static_cast<double>(o.packing.words)),
       FormatQuantity(Unit::kBytes, o.traffic.up_bytes) + ", " +
           FormatQuantity(Unit::kBytes, o.traffic.down_bytes)});
}

void ExplainTime(const Plan& p, const Option& o, Lines& lines) {
  const Schedule schedule = ScheduleOf(p.inputs, o.method);
  lines.push_back({"an exchange", "T = 8 U / up + 8 V / down + turns * latency",
                   Fill("8 * {} / {} + 8 * {} / {} + {} * {}", o.traffic.up_bytes, p.link.up,
                        o.traffic.down_bytes, p.link.down, o.traffic.turns, p.inputs.latency_s),
                   Seconds(o.exchange_s)});
  if (schedule.backward) {
    lines.push_back({"waiting", "X = mean over fragments of max(0, behind the backward pass - tau C)",
                     "see docs/planner.md", Seconds(o.waiting_s)});
  } else {
    lines.push_back({"waiting", "X = max(0, T - tau C)",
                     Fill("max(0, {} - {} * {})", o.exchange_s, schedule.overlap, p.work.step_s),
                     Seconds(o.waiting_s)});
  }
  lines.push_back({"utilisation", "u = I C / (I C + X)",
                   Fill("{} * {} / ({} * {} + {})", schedule.interval, p.work.step_s, schedule.interval,
                        p.work.step_s, o.waiting_s),
                   Number(o.utilisation)});
  lines.push_back({"wall-clock", "days = S C / (86400 u)",
                   Fill("{} * {} / (86400 * {})", p.work.steps, p.work.step_s, o.utilisation),
                   Number(o.days) + " days"});
  lines.push_back({"peak", "peak = 8 U / C", Fill("8 * {} / {}", o.traffic.up_bytes, p.work.step_s),
                   FormatQuantity(Unit::kBitRate, o.peak_rate)});
}

void ExplainCost(const Plan& p, const Option& o, Lines& lines) {
  const Inputs& s = p.inputs;
  if (o.cost)
    lines.push_back({"cost", "cost = 24 days n g price",
                     Fill("24 * {} * {} * {} * {}", o.days, s.nodes, s.devices, s.price->amount),
                     Number(*o.cost) + " " + s.price->currency});
  if (o.energy_wh)
    lines.push_back({"energy", "energy = 24 days n g watts",
                     Fill("24 * {} * {} * {} * {}", o.days, s.nodes, s.devices, s.watts),
                     FormatQuantity(Unit::kWatts, *o.energy_wh) + "h"});
}

void ExplainMemory(const Plan& p, Lines& lines) {
  const Inputs& s = p.inputs;
  const Memory& m = p.memory;
  const std::uint64_t value = s.bf16 ? 2 : 4;
  lines.push_back({"weights, gradients, AdamW of a device", "state = q N / g",
                   Fill("{} * {} / {}", m.bytes_per_parameter, s.parameters, s.devices),
                   FormatQuantity(Unit::kBytes, m.State())});
  lines.push_back({"activations, all kept", "A = 17 v L s d + 8 s V",
                   Fill("17 * {} * {} * {} * {} + 8 * {} * {}", value, s.layers, s.sequence, s.hidden,
                        s.sequence, s.vocabulary),
                   FormatQuantity(Unit::kBytes, m.activations)});
  lines.push_back({"activations, checkpointed", "A = v L s d + 17 v s d + 8 s V",
                   Fill("{} * {} * {} * {} + 17 * {} * {} * {} + 8 * {} * {}", value, s.layers, s.sequence,
                        s.hidden, value, s.sequence, s.hidden, s.sequence, s.vocabulary),
                   FormatQuantity(Unit::kBytes, m.checkpointed)});
}

}  // namespace

std::vector<Section> Explain(const Plan& plan) {
  std::vector<Section> sections{{"the work", {}}, {"memory of a device", {}}};
  ExplainWork(plan, sections[0].lines);
  ExplainMemory(plan, sections[1].lines);
  for (const Option& option : plan.options) {
    if (option.codec.name != kCodecs.back().name) continue;
    Section section{std::string(MethodName(option.method)) + ", " + std::string(option.codec.name), {}};
    ExplainBytes(plan, option, section.lines);
    ExplainTime(plan, option, section.lines);
    ExplainCost(plan, option, section.lines);
    sections.push_back(std::move(section));
  }
  return sections;
}

}  // namespace accord::plan
