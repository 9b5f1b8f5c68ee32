// The log of a restored state: a log must not go back, so one that is newer than the backup's is put in its
// place. Waits for the disk.
#pragma once

#include <cstdint>
#include <filesystem>

#include "accord/status.h"

namespace accord::coordinator {

// Whether this directory, a state or a copy of the public part of one, has a log.
[[nodiscard]] bool HasLog(const std::filesystem::path& directory);

// Puts the log of `from`, with job files, descriptions and receipts, in the place of the one in `state`, of
// which it is to be a continuation; `from` stays as it is, and needs a key only where `state` has none. How
// many entries the log of `state` has then. `cli.file` when there is none; `log.rollback` when it is the
// shorter one; `log.split` when it is another; `log.damaged` when it is not whole; `store.io`,
// `store.disk_full`.
[[nodiscard]] Result<std::uint64_t> TakeLog(const std::filesystem::path& state,
                                            const std::filesystem::path& from);

}  // namespace accord::coordinator
