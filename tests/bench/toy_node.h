// A node program for benches whose rounds should cost what the federation costs: the real node, with a
// trainer that only adds a little to each weight. A bench runs itself as this program.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace accord::bench {

// The command that runs a toy node.
[[nodiscard]] std::vector<std::string> ToyNodeCommand(const std::string& config, const std::string& state);

// First in main: when this process was started by that command, the node runs until SIGTERM and this gives
// its exit code.
[[nodiscard]] std::optional<int> RunIfToyNode(int argc, char** argv);

}  // namespace accord::bench
