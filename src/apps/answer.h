// Lines of JSON as `accord --json` writes them, so that a script reads one kind of answer from all programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "accord/status.h"

namespace accord::apps {

// A line with `data`; `last` closes the stream. What is not UTF-8 is replaced.
[[nodiscard]] std::string Answer(const nlohmann::ordered_json& data, bool last = false);

// A line with why there is no answer, and with `asked` as its data, if that is not null.
[[nodiscard]] std::string Refusal(const Status& status, const nlohmann::ordered_json& asked,
                                  bool last = false);

}  // namespace accord::apps
