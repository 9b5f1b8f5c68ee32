// The task machine as the driver takes it: a job's stream, and the egress ledger beside it, in one
// transaction.
#pragma once

#include <string>
#include <vector>

#include "driver/journal.h"
#include "task/codec.h"
#include "task/task.h"

namespace accord::node {

inline constexpr const char* kEgressStream = "egress";

struct TaskMachine {
  using State = task::State;
  using Event = task::Event;
  using Effect = task::Effect;
  using Transition = task::Transition;
  JobId job;

  [[nodiscard]] std::string Stream() const { return "job/" + job.Hex(); }
  [[nodiscard]] static Transition Step(const State& state, const Event& event, TimePoint) {
    return task::Step(state, event);
  }
  [[nodiscard]] static bool MustBeDurable(const Event& event, const std::vector<Effect>&) {
    return task::MustBeDurable(event);
  }

  [[nodiscard]] std::vector<driver::Append> Records(TimePoint now, const Event& event) const {
    std::vector<driver::Append> records{{Stream(), task::EncodeRecord({now, event})}};
    if (const auto* e =
            std::get_if<task::EncodeDone>(&event)) {  // on the lab's record before the first byte leaves
      const task::Egress egress{job, e->round, e->attempt, "update", e->words * 8, e->root};
      records.push_back({kEgressStream, task::EncodeRecord({now, egress})});
    }
    if (std::holds_alternative<task::Erase>(event)) {
      records.push_back(
          {kEgressStream, task::EncodeRecord({now, task::Egress{job, {}, {}, "erased", 0, {}}})});
    }
    return records;
  }
};

}  // namespace accord::node
