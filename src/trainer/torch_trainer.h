// The built-in trainer: libtorch behind the seam of include/accord/trainer.h, with the models `mlp`, `cnn`,
// `llama` and `unigram` of src/model/layout.h. accord-node and accord-sim make one factory at start and hand
// it to the node. No torch in this header; labs with a trainer of their own leave this module out.
//
// Thread rule: as the seam says. A factory may be used from any thread, a trainer by one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "accord/trainer.h"
#include "trainer/group.h"

namespace accord::trainer {

enum class Device : std::uint8_t { kAuto /* CUDA when present */, kCpu, kCuda };

struct TorchOptions {
  // Threads of one training step; 0: as many as the machine has. Equal runs give equal bits only with an
  // equal count, since sums are split by thread, and are promised for one thread alone. More threads than
  // free cores slow a step many times over (OpenMP's threads spin while they wait): nodes that share a
  // machine should divide it between them.
  std::uint32_t threads = 0;
  Device device = Device::kAuto;
  // Enters the order in which examples are drawn, beside the job's seed and the round, so that two nodes
  // with the same file do not walk it in the same order. Must stay the same over restarts of a node.
  std::uint64_t shuffle_seed = 0;
  // Least time between two local checkpoints. One that takes long is written more rarely still, so that they
  // cost at most a hundredth of the training. 0: after every step (for tests).
  std::chrono::milliseconds checkpoint_interval{10'000};
  // Least time between two calls of request.progress; the last step is always told. 0: after every step.
  std::chrono::milliseconds progress_interval{100};
  // A directory of the node's state, for the tokens of its texts; jobs with text need it.
  std::filesystem::path cache;
  // This process is the first of several that train together (group.h), one job at a time.
  std::optional<GroupOptions> group;
};

// The shuffle_seed of a node: the first eight bytes of its id.
[[nodiscard]] inline std::uint64_t ShuffleSeedOf(const NodeId& node) {
  std::uint64_t seed = 0;
  for (std::size_t i = 0; i < 8; ++i) seed = seed << 8 | node.bytes[i];
  return seed;
}

// A factory for `options`. Fails with `trainer.device` when CUDA is asked for and not there; of a group also
// with `net.listen`.
//
// What its trainers do, beyond the seam:
// - Weights, gradients and optimizer state are one flat buffer each, in the order of the layout.
// - The optimizer starts each round anew, momentum included: a round's result is then a function of the
//   model received, the data and the seeds alone, whatever the node did or missed before. With
//   inner.keep_state its state and its count of steps go on from the last round below that this node trained,
//   in files of request.state (kept_state.h); a round that is repeated begins as it did before.
// - Layout is what the plan exchanges (model/partition.h). With an adapter the frozen model comes from
//   DatasetConfig::base: Create fails with `model.base` when it is not the plan's. Personal parts live in
//   request.state as the optimizer's state does, but a node that cannot keep them fails the round; Train
//   needs the directory (`job.invalid`). Evaluate leaves them out, EvaluatePersonal takes them from it.
//   Ditto's own steps come before a round's common ones and count as steps.
// - In a job that streams, what is exchanged goes on from the weights that this node had after the round
// before
//   (local_weights.h, in request.state); the fragment whose turn it was meets its new value after the first
//   streaming.delay steps. A node that did not train the round before begins with the global model there.
// - The learning rate is strategy::StepRate; the first round.synchronous rounds have one local step.
// - A local step is the gradient of the batch's mean loss, formed in inner.accumulate parts, plus the
//   proximal term, cut to inner.clip_norm, and one update.
// - Examples are walked in a fresh order per epoch, drawn from (job seed, round, epoch, shuffle_seed); the
//   last, shorter batch of an epoch is used. Windows of text in a job of local steps are walked on from round
//   to round instead, from a place that is a function of the plan and the round.
// - A llama and a unigram train on the processor, also where there is a CUDA device. inner.precision = "bf16"
// rounds what
//   enters and leaves its matrix products in training; weights, sums, optimizer and evaluation stay f32.
// - request.checkpoint, when not empty, gets the file `training.ckpt` now and then and at a stop. A trainer
//   that finds one of this very round goes on from there and, with one thread, ends at the bits of a run that
//   was never interrupted. A damaged or foreign file is logged as a warning and ignored; so is a failure
//   to write one. Removing it is the node's.
// - With a group, each process takes its share of every batch: a step is that of one process but for the
// order of
//   its sums, which follows from the size of the group. A step in which a worker is lost changes nothing; it
//   is taken once more when all are there again, and then given up: Train fails with `workers.lost`, and with
//   `workers.missing` or `workers.mismatch` where they do not come, after it has written its checkpoint.
// - Create also fails with `job.invalid` for a batch of 0 or a learning rate that is not finite, and with
//   `trainer.memory`; Train and Evaluate with `trainer.memory`, `trainer.failed` (libtorch gave up), and
//   `task.stopped`.
[[nodiscard]] Result<std::unique_ptr<TrainerFactory>> MakeTorchTrainerFactory(const TorchOptions& options);

// What a node of this job has when its newest personal part, kept in `state` (a TrainRequest's), is put to
// the exchanged weights `shared`: flat by model::Partition::trained; of Ditto it is the node's own model.
// `model.personal` when nothing is kept there.
[[nodiscard]] Result<std::vector<float>> WithPersonal(const JobSpec& job, std::span<const float> shared,
                                                      const std::filesystem::path& state);

}  // namespace accord::trainer
