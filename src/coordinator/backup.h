// A copy of a coordinator's state as of one moment, taken while it serves: `accordd backup`. What is kept,
// keys of the CA among it, is as secret as the state itself.
#pragma once

#include <filesystem>

#include "accord/status.h"
#include "coordinator/fsck.h"

namespace accord::coordinator {

// Copies journal, members, registries, keys, settings, and the blobs that the jobs of this journal need, into
// `target`, which must not exist: it is whole, checked (CheckState) and synced, or absent. Not in it: spools,
// which nodes send again, and what a running process leaves. SHA256SUMS in it is for sha256sum -c.
// `cli.exists`, `store.io`, `store.disk_full`; `store.corrupt` when the state is damaged: a backup of damage
// is none.
[[nodiscard]] Result<StateReport> BackUp(const std::filesystem::path& state,
                                         const std::filesystem::path& target);

}  // namespace accord::coordinator
