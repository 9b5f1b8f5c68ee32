// What a computation would take, against what the machine has. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "accord/status.h"

namespace accord::trainer {

// Linux grants memory that it does not have and ends the process on use, so what cannot fit is refused
// beforehand: `trainer.memory`, "<what> takes at least <need>, this machine has ...". `limit_bytes` 0: all of
// the machine's.
[[nodiscard]] Status CheckFits(const std::string& what, std::uint64_t need_bytes,
                               std::uint64_t limit_bytes = 0);

}  // namespace accord::trainer
