// Completion scripts out of the tree of commands. Pure.
#pragma once

#include <string>

#include "cli/arguments.h"

namespace accord::cli {

// A script for "bash", "zsh" or "fish": commands, options, and the values and files that they take.
[[nodiscard]] std::string CompletionScript(const CommandNode& root, const std::string& shell);

}  // namespace accord::cli
