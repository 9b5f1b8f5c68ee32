// The parts of what is trained that stay at the node from round to round, and are never sent: B of
// fedsa-lora, the tensors of fedper. Used by the trainer on its thread; internal, knows ATen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "accord/job_spec.h"
#include "model/partition.h"
#include "trainer/aten.h"
#include "trainer/kept_state.h"
#include "trainer/part.h"

namespace accord::trainer {

class PersonalPart {
 public:
  PersonalPart(const JobSpec& job, const model::Partition& partition);

  // Puts into `trained` what the node kept from the greatest round below `round` in `state`; where there is
  // nothing, how the plan's seed starts it. Whether there was something. Fails as KeptState::Load: beginning
  // anew would lose the node's part without a word, and train the rest against another.
  [[nodiscard]] Result<bool> Load(const std::filesystem::path& state, std::uint64_t round,
                                  const at::Tensor& trained);
  // Keeps it as after `round`, beside what the last Load took. Fails as KeptState::Save: a node that cannot
  // keep its part must not give the rest, which was trained with it.
  [[nodiscard]] Status Save(std::uint64_t round, const at::Tensor& trained);

 private:
  Part part_;
  std::uint32_t plan_;
  at::Tensor start_, values_;  // [part_.size()], on the host
  std::optional<KeptState> kept_;
};

}  // namespace accord::trainer
