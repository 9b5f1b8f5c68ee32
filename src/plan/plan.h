// What a training would take, by method and codec: days, utilisation, bytes, rates, memory, cost. Arithmetic
// on stated formulas (docs/planner.md), checked against published runs (tests/unit/plan); called by `accord
// plan`. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "plan/inputs.h"
#include "plan/memory.h"
#include "plan/timing.h"
#include "plan/traffic.h"

namespace accord::plan {

enum class Method : std::uint8_t { kSynchronous, kDiloco, kStreaming };
[[nodiscard]] std::string_view MethodName(Method method);  // "synchronous": also in --json
[[nodiscard]] Schedule ScheduleOf(const Inputs& inputs, Method method);

// The work itself, without links.
struct Work {
  double flops_per_token = 0.0;  // 6 N + 12 L d s
  double step_s = 0.0;           // C: one local step of a node
  double steps = 0.0;            // S: local steps of each node until the tokens are seen
  double days = 0.0;             // of computing alone
};
[[nodiscard]] Work WorkOf(const Inputs& inputs);

inline constexpr double kShareAimedAt = 0.95;  // of Option::rate_for_share

struct Option {
  Method method = Method::kSynchronous;
  Codec codec;
  Packing packing;         // of one exchange
  Traffic traffic;         // of one exchange
  double exchanges = 0.0;  // in all
  double exchange_s = 0.0;
  double waiting_s = 0.0;    // for each exchange
  double utilisation = 0.0;  // in (0, 1]
  double days = 0.0;
  // Bytes up and down of one node. A round is H local steps, of the synchronous method one.
  double round_bytes = 0.0;
  double day_bytes = 0.0;
  double total_bytes = 0.0;     // with the model that a node fetches once, in f32
  double token_bytes = 0.0;     // for each token that the node trains on
  double peak_rate = 0.0;       // bit/s: one exchange's upload within one local step
  double rate_for_share = 0.0;  // bit/s up and down that give kShareAimedAt; infinite when latency forbids it
  double coordinator_rate = 0.0;  // bit/s that arrive when all nodes use their uplinks
  std::optional<double> cost;     // in the currency of the price
  std::optional<double> energy_wh;
};

struct Plan {
  Inputs inputs;  // resolved
  Work work;
  Memory memory;
  Link link;                    // what a node has while all exchange at once
  std::vector<Option> options;  // by method, then codec
};

// `plan.invalid`.
[[nodiscard]] Result<Plan> MakePlan(const Inputs& inputs);

}  // namespace accord::plan
