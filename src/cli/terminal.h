// The terminal of the process, where a person is asked what nobody else may see. For the process's main.
#pragma once

#include <string>

#include "accord/status.h"
#include "crypto/zeroizing.h"

namespace accord::cli {

// Asks on the controlling terminal, without echo. `cli.usage` where there is none, `cli.interrupted` for
// Ctrl-C.
[[nodiscard]] Result<crypto::ZeroizingBytes> AskOnTerminal(const std::string& prompt);

}  // namespace accord::cli
