#include "plan/plan.h"

#include <algorithm>
#include <cmath>

namespace accord::plan {
namespace {

constexpr double kSecondsPerDay = 86'400.0;
constexpr double kFloatBytes = 4.0;

// What a node has of its link while all nodes use the coordinator's.
Link LinkOf(const Inputs& s) {
  const double share = s.coordinator_link > 0.0 ? s.coordinator_link / s.nodes : s.uplink + s.downlink;
  return {.up = std::min(s.uplink, share), .down = std::min(s.downlink, share), .latency_s = s.latency_s};
}

void AddCost(const Inputs& s, Option& option) {
  const double device_hours = 24.0 * option.days * s.nodes * s.devices;
  if (s.price) option.cost = s.price->amount * device_hours;
  if (s.watts > 0.0) option.energy_wh = s.watts * device_hours;
}

Result<Option> OptionOf(const Plan& plan, Method method, const Codec& codec) {
  const Inputs& s = plan.inputs;
  const Work& work = plan.work;
  const Schedule schedule = ScheduleOf(s, method);
  const auto parameters = static_cast<std::uint64_t>(std::ceil(s.parameters / schedule.fragments));
  ACCORD_ASSIGN_OR_RETURN(const Packing packing, PackingOf(codec, parameters, s.nodes, s.secure));
  ACCORD_ASSIGN_OR_RETURN(const Traffic traffic, TrafficOf(codec, parameters, s.nodes, s.secure));
  Option o{.method = method, .codec = codec, .packing = packing, .traffic = traffic};
  o.exchanges = std::ceil(work.steps / schedule.interval);
  o.exchange_s = ExchangeSeconds(traffic, plan.link);
  o.waiting_s = WaitingSeconds(schedule, work.step_s, o.exchange_s);
  o.utilisation = Utilisation(schedule, work.step_s, o.exchange_s);
  o.days = work.days / o.utilisation;
  const double both = traffic.up_bytes + traffic.down_bytes;
  o.round_bytes = both * schedule.fragments;
  o.total_bytes = both * o.exchanges + kFloatBytes * s.parameters;
  o.day_bytes = both * o.exchanges / o.days;
  o.token_bytes = both / (schedule.interval * s.batch_tokens);
  o.peak_rate = 8.0 * traffic.up_bytes / work.step_s;
  o.rate_for_share = RateFor(kShareAimedAt, schedule, work.step_s, traffic, s.latency_s);
  o.coordinator_rate = s.nodes * plan.link.up;
  AddCost(s, o);
  return o;
}

}  // namespace

std::string_view MethodName(Method method) {
  switch (method) {
    case Method::kSynchronous:
      return "synchronous";
    case Method::kDiloco:
      return "diloco";
    case Method::kStreaming:
      break;
  }
  return "streaming";
}

Schedule ScheduleOf(const Inputs& s, Method method) {
  Schedule schedule{.backward = s.overlap_backward, .layers = s.layers};
  if (method == Method::kSynchronous) return schedule;
  schedule.interval = static_cast<double>(s.local_steps);
  if (method == Method::kDiloco) return schedule;
  schedule.interval /= s.fragments;
  schedule.fragments = s.fragments;
  schedule.overlap = static_cast<double>(*s.overlap);
  return schedule;
}

Work WorkOf(const Inputs& s) {
  const double attention =
      12.0 * static_cast<double>(s.layers) * static_cast<double>(s.hidden) * static_cast<double>(s.sequence);
  Work work{.flops_per_token = 6.0 * s.parameters + attention};
  work.step_s = s.batch_tokens * work.flops_per_token / (s.devices * s.device_flops * s.mfu);
  work.steps = std::ceil(s.tokens / (s.nodes * s.batch_tokens));
  work.days = work.steps * work.step_s / kSecondsPerDay;
  return work;
}

Result<Plan> MakePlan(const Inputs& inputs) {
  Plan plan;
  ACCORD_ASSIGN_OR_RETURN(plan.inputs, Resolve(inputs));
  plan.work = WorkOf(plan.inputs);
  plan.memory = MemoryOf(plan.inputs);
  plan.link = LinkOf(plan.inputs);
  for (const Method method : {Method::kSynchronous, Method::kDiloco, Method::kStreaming}) {
    for (const Codec& codec : kCodecs) {
      ACCORD_ASSIGN_OR_RETURN(Option option, OptionOf(plan, method, codec));
      plan.options.push_back(std::move(option));
    }
  }
  return plan;
}

}  // namespace accord::plan
