// What lives from round to round at a node, the optimizer's state (inner.keep_state) and personal parts: of
// each one file a round in a directory of the job, in the format of checkpoint.h. A round begins with the
// state after the greatest round below it, so a round that is repeated begins as it did before. Used by the
// trainer on its thread; internal, knows ATen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "accord/status.h"
#include "trainer/aten.h"

namespace accord::trainer {

class KeptState {
 public:
  struct Place {
    std::filesystem::path directory;  // empty: nothing is read or written
    std::string name;                 // of the files: name-ROUND.state
    std::uint32_t plan = 0;           // checksum of all that the state depends on
  };
  // `vectors` are flat f32 tensors of one size that stay the caller's; none: as without a directory.
  KeptState(Place place, std::vector<at::Tensor> vectors);

  // Fills the vectors and gives the steps taken so far; 0, vectors untouched, when there is nothing to begin
  // with. Fails as LoadCheckpoint when the file of the greatest round is unfit; the one before it is not
  // asked instead.
  [[nodiscard]] Result<std::uint64_t> Load(std::uint64_t round);
  // Writes the state after `round`, whole or not at all, and removes all others but the one that Load took:
  // it is needed again should this round be repeated. Fails as WriteFileAtomic.
  [[nodiscard]] Status Save(std::uint64_t round, std::uint64_t steps);

 private:
  // The rounds of the files that are there.
  [[nodiscard]] std::vector<std::uint64_t> Rounds() const;
  [[nodiscard]] std::filesystem::path PathOf(std::uint64_t round) const;

  Place place_;
  std::vector<at::Tensor> vectors_;
  std::uint64_t loaded_ = 0;  // the round of the file that Load read; 0: none
};

}  // namespace accord::trainer
