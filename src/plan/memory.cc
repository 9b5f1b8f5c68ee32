#include "plan/memory.h"

#include <cmath>

namespace accord::plan {
namespace {

constexpr double kFloat = 4.0;
constexpr double kHalf = 2.0;
// Bytes of a layer's activations a token and unit of width with 16-bit values, scores not kept: Korthikanti
// et al. 2022 (2205.05198), equation 2 without its attention term. Twice as many with 32 bits.
constexpr double kLayerBytes = 34.0;
constexpr double kNever = 1e12;  // so many devices are none
constexpr double kUsable = 0.9;  // of a device's memory: the rest is for buffers and fragments

}  // namespace

Memory MemoryOf(const Inputs& s) {
  const double weights = kFloat + (s.bf16 ? kHalf : 0.0);  // f32, and a copy for the products
  const double gradients = kFloat;
  const double optimizer = 3.0 * kFloat;
  const double share = s.parameters / s.devices;
  const double value = s.bf16 ? kHalf : kFloat;
  const auto tokens = static_cast<double>(s.sequence);
  const auto width = static_cast<double>(s.hidden);
  const auto layers = static_cast<double>(s.layers);
  const double layer = tokens * width * kLayerBytes * value / kHalf;
  const double logits = 2.0 * kFloat * tokens * static_cast<double>(s.vocabulary);

  Memory memory{.bytes_per_parameter = weights + gradients + optimizer,
                .weights = weights * share,
                .gradients = gradients * share,
                .optimizer = optimizer * share,
                .activations = layers * layer + logits,
                .checkpointed = layers * tokens * width * value + layer + logits,
                .host = 2.0 * kFloat * s.parameters};
  const double room = kUsable * s.device_bytes - memory.checkpointed;
  const double least = room > 0.0 ? std::ceil(memory.bytes_per_parameter * s.parameters / room) : kNever;
  if (least < kNever) memory.least_devices = static_cast<std::uint64_t>(least);
  return memory;
}

}  // namespace accord::plan
