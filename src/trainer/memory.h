// What a computation would take, against what the machine has. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"
#include "model/partition.h"

namespace accord::trainer {

// Linux grants memory that it does not have and ends the process on use, so what cannot fit is refused
// beforehand: `trainer.memory`, "<what> takes at least <need>, this machine has ...". `limit_bytes` 0: all of
// the machine's.
[[nodiscard]] Status CheckFits(const std::string& what, std::uint64_t need_bytes,
                               std::uint64_t limit_bytes = 0);

// What training `job`, its model resolved and of the layout `model`, holds at least, in bytes: weights,
// gradient and the optimizer's vectors of what is trained; with an adapter the frozen model and its gradient,
// the adapted matrices once more, A and B once more with their gradients; of Ditto everything but the
// gradient once more; where a proximal term pulls, where the round began; personal parts as they started and
// as they are kept; what is exchanged once more where nodes go on from their own weights; with bf16 a llama's
// weights rounded. Activations and data come on top. Fails as model::MakeAdapter.
[[nodiscard]] Result<std::uint64_t> TrainingBytes(const JobSpec& job, const ModelLayout& model,
                                                  const model::Partition& partition);

// Logits of a llama that are held at a time, whatever the vocabulary.
inline constexpr std::int64_t kLogitsAtOnce = 1 << 22;

// The most examples of a step that one of `processes` computes at once: its share of the batch, or of all
// `examples` where they are fewer, in the parts of inner.accumulate (replica.h).
[[nodiscard]] std::uint64_t LargestPart(const InnerSpec& inner, std::uint64_t examples,
                                        std::uint64_t processes);

// What the gradient of `windows` examples of `context` tokens holds beside weights and gradient, in bytes:
// the buffers of Llama's pass in training, with each layer's activations or, with inner.checkpointing, with
// each layer's input and the activations of one; and logits, a part at a time. About 17 v L s d a sequence
// (docs/planner.md). `spec` resolved. At most 2^64 - 1.
[[nodiscard]] std::uint64_t ActivationBytes(const LlamaSpec& spec, const InnerSpec& inner,
                                            std::uint64_t windows, std::uint64_t context);

}  // namespace accord::trainer
