#include "trainer/memory.h"

#include <unistd.h>

#include "base/errors.h"
#include "base/text.h"

namespace accord::trainer {

Status CheckFits(const std::string& what, std::uint64_t need_bytes, std::uint64_t limit_bytes) {
  const std::uint64_t there = limit_bytes > 0 ? limit_bytes
                                              : static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                                                    static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (need_bytes <= there) return {};
  return Fail(errors::kTrainerMemory, what + " takes at least " + FormatBytes(need_bytes) +
                                          ", this machine has " + FormatBytes(there));
}

}  // namespace accord::trainer
