// What a plan is made for: a model, its nodes and their links, and how they train. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "accord/status.h"
#include "plan/quantity.h"

namespace accord::plan {

struct Inputs {
  double parameters = 0.0;          // N; at least 1
  double tokens = 0.0;              // D; 0: 20 a parameter (Hoffmann et al. 2022)
  std::uint32_t nodes = 0;          // n: labs
  std::uint32_t devices = 8;        // g: of one node
  double device_flops = 0.0;        // peak of one device, FLOP/s
  double mfu = 0.4;                 // share of the peak that training reaches while it computes, in (0, 1]
  double device_bytes = 80e9;       // memory of one device
  double uplink = 0.0;              // of a node, bit/s
  double downlink = 0.0;            // 0: as the uplink
  double coordinator_link = 0.0;    // bit/s each way; 0: wide enough for all nodes at once
  double latency_s = 0.05;          // a round trip between node and coordinator
  std::uint64_t local_steps = 100;  // H
  std::uint32_t fragments = 0;  // P of Streaming DiLoCo; divides H; 0: the most up to 10 and L that can be
  // tau: local steps that go on while a fragment travels; below H / P. Open: 1, or 0 where H / P is 1.
  std::optional<std::uint64_t> overlap;
  double alpha = 0.5;             // share of the local value that is kept: changes neither time nor bytes
  bool overlap_backward = false;  // sending begins in the backward pass, layer by layer (Accord: it does not)
  double batch_tokens = 524'288.0;  // B: of one node and local step
  std::uint64_t sequence = 2048;    // s
  std::uint64_t layers = 0;         // L; with `hidden` 0: what a Llama of N parameters has
  std::uint64_t hidden = 0;         // d
  std::uint64_t vocabulary = 32'000;
  bool bf16 = true;  // matrix products; weights, gradients and Adam's state are f32 either way
  bool secure = true;
  std::optional<Price> price;  // of one device
  double watts = 0.0;          // of one device with its share of the machine; 0: not told
};

// The same with nothing left open. `plan.invalid` names what cannot be.
[[nodiscard]] Result<Inputs> Resolve(Inputs inputs);

}  // namespace accord::plan
