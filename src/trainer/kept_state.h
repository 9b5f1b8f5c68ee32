// The optimizer's state from round to round (inner.keep_state): one file a round in a directory of the job at
// this node, in the format of checkpoint.h. A round begins with the state after the greatest round below it,
// so a round that is repeated begins as it did before. Used by the trainer on its thread; internal, knows
// ATen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "trainer/aten.h"

namespace accord::trainer {

class KeptState {
 public:
  // `directory` empty: nothing is read or written. `plan`: checksum of all that the state depends on.
  // `vectors` are flat f32 tensors of one size that stay the caller's.
  KeptState(std::filesystem::path directory, std::uint32_t plan, std::vector<at::Tensor> vectors);

  // Fills the vectors and gives the steps taken so far; 0, vectors untouched, when there is nothing fit to
  // begin with. An unfit file is a warning in the log, and the one before it is not asked instead.
  [[nodiscard]] std::uint64_t Load(std::uint64_t round);
  // Writes the state after `round`, whole or not at all, and removes all others but the one that Load took:
  // it is needed again should this round be repeated. A failure is a warning in the log.
  void Save(std::uint64_t round, std::uint64_t steps);

 private:
  // The rounds of the files that are there.
  [[nodiscard]] std::vector<std::uint64_t> Rounds() const;
  [[nodiscard]] std::filesystem::path PathOf(std::uint64_t round) const;

  std::filesystem::path directory_;
  std::uint32_t plan_;
  std::vector<at::Tensor> vectors_;
  std::uint64_t loaded_ = 0;  // the round of the file that Load read; 0: none
};

}  // namespace accord::trainer
