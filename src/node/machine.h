// The task machine as the driver takes it: a job's stream, and the egress ledger beside it, in one
// transaction.
#pragma once

#include <string>
#include <vector>

#include "base/overloaded.h"
#include "crypto/sha256.h"
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
    for (const task::Egress& egress : Leaving(event)) {
      records.push_back({kEgressStream, task::EncodeRecord({now, egress})});
    }
    return records;
  }

  // What leaves by this event: on the lab's record before the first byte does.
  [[nodiscard]] std::vector<task::Egress> Leaving(const Event& event) const {
    using Ledger = std::vector<task::Egress>;
    const auto message = [&](const auto& e, const task::Leaving& leaving) {
      return task::Egress{job, e.round, e.attempt, "aggregation", leaving.bytes, leaving.hash};
    };
    return std::visit(overloaded{[&](const task::OfferTold& e) { return Ledger{message(e, e.answer)}; },
                                 [&](const task::RosterTold& e) { return Ledger{message(e, e.answer)}; },
                                 [&](const task::GraphTold& e) { return Ledger{message(e, e.answer)}; },
                                 [&](const task::SurvivorsTold& e) { return Ledger{message(e, e.answer)}; },
                                 [&](const task::CertificateTold& e) { return Ledger{message(e, e.answer)}; },
                                 [&](const task::EncodeDone& e) {
                                   const char* kind = e.end ? "masked update" : "update";
                                   Ledger ledger{{job, e.round, e.attempt, kind, e.words * 8, e.root}};
                                   if (e.end) ledger.push_back(message(e, *e.end));
                                   return ledger;
                                 },
                                 [&](const task::CheckDone& e) {
                                   if (e.proof.empty()) return Ledger{};
                                   return Ledger{message(e, {e.proof.size(), crypto::Sha256::Of(e.proof)})};
                                 },
                                 [&](const task::Erase&) {
                                   return Ledger{{job, {}, {}, "erased", 0, {}}};
                                 },
                                 [](const auto&) { return Ledger{}; }},
                      event);
  }
};

}  // namespace accord::node
