// `accord job explain`: what a job waits for, since when, until when, and what comes then; for people and, by
// json.h, for scripts. Pure.
#pragma once

#include <string>

#include "cli/style.h"
#include "rpc/views.h"

namespace accord::cli {

// A job of which only that is asked.
struct Explained {
  rpc::JobView job;
};

// One sentence: what it waits for, or how it ended.
[[nodiscard]] std::string Sentence(const rpc::JobView& job);
[[nodiscard]] std::string ExplainedText(const Explained& explained, const Style& style);

}  // namespace accord::cli
