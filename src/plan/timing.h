// How long training waits for exchanges. Times in seconds, rates in bit/s. Formulas: docs/planner.md. Pure.
#pragma once

#include <cstdint>

namespace accord::plan {

// When an exchange is due, and what of it training hides.
struct Schedule {
  double interval = 1.0;        // local steps between two exchanges: 1, H, or H / P
  double overlap = 0.0;         // tau: steps that go on meanwhile
  bool backward = false;        // sending begins in the backward pass (two thirds of a step), layer by layer
  std::uint64_t layers = 1;     // L
  std::uint32_t fragments = 1;  // P: an exchange carries the layers that are equal modulo P
};

// What an exchange moves at one node. Upload, sum and download follow one another.
struct Traffic {
  double up_bytes = 0.0;
  double down_bytes = 0.0;
  double turns = 0.0;  // round trips
};

// What a node has for itself of its own link and of the coordinator's.
struct Link {
  double up = 0.0;  // bit/s
  double down = 0.0;
  double latency_s = 0.0;  // of a round trip
};

[[nodiscard]] double ExchangeSeconds(const Traffic& traffic, const Link& link);
// Of an exchange that takes that long: what training waits, the mean over the fragments.
[[nodiscard]] double WaitingSeconds(const Schedule& schedule, double step_s, double exchange_s);
// Share of the time in which devices compute: in (0, 1].
[[nodiscard]] double Utilisation(const Schedule& schedule, double step_s, double exchange_s);
// The smallest rate, up and down alike, with which the utilisation is at least `share`; infinite when latency
// alone costs more.
[[nodiscard]] double RateFor(double share, const Schedule& schedule, double step_s, const Traffic& traffic,
                             double latency_s);

}  // namespace accord::plan
