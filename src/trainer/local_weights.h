// Streaming DiLoCo at a node (strategy/streaming.h): training goes on from round to round from the node's own
// weights, of which one fragment a round meets its new global value. They are kept as personal parts are, and
// never sent. A node that did not train the round before begins with the whole global model, as one that
// joins: what it had is older than what the others meet. Used by the trainer on its thread; internal, knows
// ATen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "accord/job_spec.h"
#include "model/partition.h"
#include "trainer/aten.h"
#include "trainer/kept_state.h"
#include "trainer/part.h"

namespace accord::trainer {

class LocalWeights {
 public:
  // Both outlive it.
  LocalWeights(const JobSpec& job, const model::Partition& partition);

  // Puts the exchanged part, as this node had it after the round before `round`, into `trained`; whether it
  // was there. Never in a job whose rounds all begin with the global model. An unfit file is a warning in the
  // log, and as none.
  [[nodiscard]] bool Load(const std::filesystem::path& state, std::uint64_t round, const at::Tensor& trained);
  // The checksum of what Load put there, behind `previous`.
  [[nodiscard]] std::uint32_t Crc(std::uint32_t previous = 0) const;
  // The fragment whose new value counts from this round on meets it; `global` is the round's model.
  void Meet(std::uint64_t round, std::span<const float> global, const at::Tensor& trained);
  // Keeps the exchanged part as after `round`, beside what the last Load took. Weights that are not finite
  // are not kept, and a failure is a warning in the log: the node then begins the next round with the global
  // model.
  void Save(std::uint64_t round, const at::Tensor& trained);

 private:
  const JobSpec& job_;
  const ModelLayout& layout_;  // of the exchanged part
  Part part_;
  std::uint32_t plan_;
  at::Tensor values_;  // [part_.size()], on the host
  std::optional<KeptState> kept_;
};

}  // namespace accord::trainer
