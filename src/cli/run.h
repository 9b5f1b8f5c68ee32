// The program without its process: from arguments to exit code. Called by src/apps/accord.cc and by tests.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace accord::cli {

// `arguments` without the program's name. Says every failure itself; never throws.
[[nodiscard]] int RunProgram(const std::vector<std::string>& arguments, Environment& environment);

}  // namespace accord::cli
