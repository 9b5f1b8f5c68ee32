// A directory of several files that is there whole, or not at all. Called by the exporters; any thread.
#pragma once

#include <filesystem>
#include <functional>

#include "accord/status.h"

namespace accord::model {

// Has `write` fill a directory of another name beside `directory`, then renames it. `directory` must not
// exist, or be empty. Fails as `write` does, and with `store.io`; nothing is left then.
[[nodiscard]] Status WriteWholeDirectory(const std::filesystem::path& directory,
                                         const std::function<Status(const std::filesystem::path&)>& write);

}  // namespace accord::model
