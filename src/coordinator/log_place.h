// Where a coordinator's state has the members' log, and how it is made there for the first time.
#pragma once

#include <filesystem>
#include <string>

#include "accord/status.h"

namespace accord::coordinator {

struct LogPlace {
  explicit LogPlace(const std::filesystem::path& state)
      : key(state / "log.key"), log(state / "log"), fresh(state / "log.new") {}
  std::filesystem::path key, log;
  std::filesystem::path fresh;  // while it is made
};

// A log without entries, and its key, if that is not there. Errors of the storage and of base/file.h.
[[nodiscard]] Status MakeLog(const LogPlace& place, const std::string& origin);

}  // namespace accord::coordinator
