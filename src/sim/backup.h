// A copy of the coordinator's state, and its machine put back to that copy: what `accordd backup` and
// `accordd restore` do to a job (coordinator/restore.h), on the machines of a simulation.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "sim/process.h"

namespace accord::sim {

class Backup {
 public:
  // While the process runs, or not. The blobs go to `directory`. `job.not_found` where nothing is known of
  // the job of this stream yet; the journal's errors.
  [[nodiscard]] static Result<Backup> Take(Machine& machine, std::string stream,
                                           std::filesystem::path directory);

  // The machine, whose process is down and whose disk has room, gets the copy in the place of all that it
  // has; and the journal says that the job went back. Gives the job's records.
  [[nodiscard]] Result<std::vector<Bytes>> Restore(Machine& machine) const;

 private:
  Backup(std::string stream, std::filesystem::path directory)
      : stream_(std::move(stream)), directory_(std::move(directory)) {}

  std::string stream_;
  std::filesystem::path directory_;
  Bytes journal_;
};

}  // namespace accord::sim
