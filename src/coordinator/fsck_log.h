// The part of fsck that looks at the members' log: every entry and tile against the head that was signed,
// job files and descriptions of data against their names, receipts against their sums.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "coordinator/fsck.h"

namespace accord::coordinator {

struct LogReport {
  std::uint64_t entries = 0;   // of the head that was signed last
  std::uint64_t receipts = 0;  // files of them that are whole
  std::vector<Damage> damage;
};

// Of a state directory; nothing where no log was made yet. Changes nothing.
[[nodiscard]] LogReport CheckLog(const std::filesystem::path& state);

}  // namespace accord::coordinator
