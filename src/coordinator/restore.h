// A backup put in the place of a coordinator's state: `accordd restore`. No process has the state meanwhile.
#pragma once

#include <filesystem>

#include "accord/clock.h"
#include "accord/status.h"
#include "coordinator/fsck.h"

namespace accord::coordinator {

struct RestoreOptions {
  std::filesystem::path backup;
  std::filesystem::path state;
  std::filesystem::path aside;  // where a state that is there goes; empty: then nothing is restored
  TimePoint now;
  std::filesystem::path log = {};  // a newer copy of the log than the backup's (restore_log.h); empty: none
};

// Checks SHA256SUMS and the content (CheckState) of the backup before anything else, copies it, compares the
// copy, and writes into the journal of each job that it went back (job::Restored): so the coordinator asks
// the nodes before it schedules anything, also after restarts. The log is the newest of the backup's, the one
// of the state that is set aside, and the one that is named; it is held (log_hold.h). Then the copy gets the
// state's name in one step; after a failure all is as it was. Gives what was restored. `cli.file` when the
// backup is none; `cli.exists` when there is a state; `store.locked`; `store.corrupt`; `store.io`,
// `store.disk_full`; errors of TakeLog.
[[nodiscard]] Result<StateReport> Restore(const RestoreOptions& options);

}  // namespace accord::coordinator
