#include "cli/plan_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cli/table.h"
#include "cli/words.h"
#include "plan/explain.h"

namespace accord::cli {
namespace {

constexpr double kMostMillis = 9e15;

std::string SizeText(double value) { return plan::FormatQuantity(plan::Unit::kBytes, value); }
std::string RateText(double value) { return plan::FormatQuantity(plan::Unit::kBitRate, value); }
std::string NumberText(double value) { return plan::FormatQuantity(plan::Unit::kCount, value); }
std::string TimeText(double seconds) {
  return Span(Millis(static_cast<std::int64_t>(std::min(1'000.0 * seconds + 0.5, kMostMillis))));
}
// "57.5", "1,204".
std::string DaysText(double days) {
  if (days >= 1'000.0 && days < kMostMillis) return Count(static_cast<std::uint64_t>(days + 0.5));
  char text[40];
  std::snprintf(text, sizeof text, "%.3g", days);
  return text;
}

std::string PlanHeadline(const plan::Plan& p) {
  const plan::Inputs& in = p.inputs;
  return NumberText(in.parameters) + " parameters, " + NumberText(in.tokens) + " tokens (" +
         NumberText(in.tokens / in.parameters) + " a parameter), " + Count(in.nodes) +
         (in.nodes == 1 ? " node" : " nodes") + " of " + Count(in.devices) +
         (in.devices == 1 ? " device" : " devices") + " (" + NumberText(in.device_flops / 1e12) +
         " TFLOPS, " + Percent(in.mfu) + " of it used)";
}

std::string ExchangesText(const plan::Inputs& in) {
  const std::uint64_t interval = in.local_steps / in.fragments;
  char alpha[32];
  std::snprintf(alpha, sizeof alpha, "%.3g", in.alpha);
  return "every " + Count(in.local_steps) + " steps; streaming: " + Count(in.fragments) +
         " fragments, one every " + Count(interval) + " steps, overlap " + Count(*in.overlap) + ", alpha " +
         alpha;
}

std::string LinkText(const plan::Inputs& in) {
  return RateText(in.uplink) + " up, " + RateText(in.downlink) + " down, " + TimeText(in.latency_s) +
         " a round trip";
}

std::string CoordinatorText(const plan::Plan& p) {
  const plan::Inputs& in = p.inputs;
  if (in.coordinator_link > 0.0) return RateText(in.coordinator_link) + " each way, shared by all nodes";
  return "not a limit: needs " + RateText(in.nodes * std::max(in.uplink, in.downlink)) + " each way";
}

Cell MemoryCell(const plan::Plan& p) {
  const plan::Memory& m = p.memory;
  const bool fits = p.inputs.devices >= m.least_devices && m.least_devices > 0;
  return {SizeText(m.State()) + " (weights " + SizeText(m.weights) + ", gradients " + SizeText(m.gradients) +
              ", AdamW " + SizeText(m.optimizer) + ") of " + SizeText(p.inputs.device_bytes),
          fits ? Tone::kPlain : Tone::kBad};
}

Cell DevicesCell(const plan::Plan& p) {
  const std::uint64_t least = p.memory.least_devices;
  if (least == 0) return {"never enough: the activations alone are too large; see --seq", Tone::kBad};
  const bool fits = p.inputs.devices >= least;
  return {
      "at least " + Count(least) + " a node, with checkpointing" + (fits ? "" : ": more than the plan has"),
      fits ? Tone::kPlain : Tone::kBad};
}

std::string AssumedText(const plan::Plan& p, const Style& style) {
  const plan::Inputs& in = p.inputs;
  Facts facts;
  facts.Add("local step", NumberText(in.batch_tokens) + " tokens of a node in " + TimeText(p.work.step_s) +
                              ", " + NumberText(p.work.steps) + " steps each");
  facts.Add("computing alone", DaysText(p.work.days) + " days");
  facts.Add("exchanges", ExchangesText(in));
  facts.Add("link of a node", LinkText(in));
  facts.Add("coordinator", CoordinatorText(p));
  const plan::ProtocolBytes masks = in.secure ? plan::MaskingBytes(in.nodes) : plan::ProtocolBytes{};
  facts.Add("masks", in.secure ? Cell("on: " + SizeText(static_cast<double>(masks.up)) + " up, " +
                                      SizeText(static_cast<double>(masks.down)) + " down more an exchange")
                               : Cell("off", Tone::kWarn));
  facts.Add("model", Count(in.layers) + " layers, width " + Count(in.hidden) + ", sequences of " +
                         Count(in.sequence) + ", " + (in.bf16 ? "bf16" : "f32") + " products");
  facts.Add("memory a device", MemoryCell(p));
  facts.Add("activations", SizeText(p.memory.activations) + " a device beside it, " +
                               SizeText(p.memory.checkpointed) + " with checkpointing");
  facts.Add("devices", DevicesCell(p));
  return facts.Render(style);
}

Tone UsedTone(double utilisation) {
  if (utilisation >= plan::kShareAimedAt) return Tone::kGood;
  return utilisation >= 0.5 ? Tone::kPlain : Tone::kWarn;
}

// The method stands in its first row only.
Cell MethodCell(const plan::Plan& p, const plan::Option& option) {
  const bool first = &option == &p.options.front() || (&option - 1)->method != option.method;
  return first ? Cell(std::string(MethodName(option.method)), Tone::kStrong) : Cell("");
}

std::string TimeTable(const plan::Plan& p, const Style& style) {
  std::vector<Column> columns{{"method"},
                              {"codec"},
                              {"days", Align::kRight},
                              {"used", Align::kRight},
                              {"exchange", Align::kRight},
                              {"for 95%", Align::kRight},
                              {"peak", Align::kRight}};
  const std::string currency = p.inputs.price ? p.inputs.price->currency : "";
  if (p.inputs.price) columns.push_back({currency.empty() ? "cost" : "cost " + currency, Align::kRight});
  if (p.inputs.watts > 0.0) columns.push_back({"energy", Align::kRight});
  Table table(std::move(columns));
  for (const plan::Option& o : p.options) {
    std::vector<Cell> row{MethodCell(p, o),
                          std::string(o.codec.name),
                          {DaysText(o.days), UsedTone(o.utilisation)},
                          {Percent(o.utilisation), UsedTone(o.utilisation)},
                          TimeText(o.exchange_s),
                          RateText(o.rate_for_share),
                          RateText(o.peak_rate)};
    if (o.cost) row.emplace_back(NumberText(*o.cost));
    if (o.energy_wh) row.emplace_back(plan::FormatQuantity(plan::Unit::kWatts, *o.energy_wh) + "h");
    table.Row(std::move(row));
  }
  return table.Render(style);
}

std::string BytesTable(const plan::Plan& p, const Style& style) {
  Table table({{"bytes of a node"},
               {"codec"},
               {"a parameter", Align::kRight},
               {"a round", Align::kRight},
               {"a day", Align::kRight},
               {"in all", Align::kRight},
               {"a token", Align::kRight}});
  for (const plan::Option& o : p.options) {
    table.Row({MethodCell(p, o), std::string(o.codec.name), NumberText(8.0 / o.packing.fields_per_word),
               SizeText(o.round_bytes), SizeText(o.day_bytes), SizeText(o.total_bytes),
               SizeText(o.token_bytes)});
  }
  return table.Render(style);
}

}  // namespace

std::string PlanText(const plan::Plan& plan, const Style& style) {
  return Paint(style, Tone::kStrong, PlanHeadline(plan)) + "\n" + AssumedText(plan, style) + "\n" +
         TimeTable(plan, style) + "\n" + BytesTable(plan, style) + "\n" +
         Paint(style, Tone::kFaint,
               "used: share of the time that devices compute. for 95%: the link, both ways, that lets them\n"
               "compute 95% of it. peak: one exchange's upload within one step. Formulas: --explain.") +
         "\n";
}

std::string ExplainedPlan(const plan::Plan& plan, const Style& style) {
  std::string out;
  for (const plan::Section& section : plan::Explain(plan)) {
    out += (out.empty() ? "" : "\n") + Paint(style, Tone::kStrong, section.title) + "\n";
    Facts facts;
    for (const plan::Explained& line : section.lines) {
      facts.Add(std::string(line.what), std::string(line.formula));
      facts.Add("", "= " + line.numbers);
      facts.Add("", {"= " + line.result, Tone::kStrong});
    }
    out += facts.Render(style);
  }
  return out;
}

}  // namespace accord::cli
