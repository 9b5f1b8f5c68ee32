// What is said of a data set: from a file, or asked for question by question.
#pragma once

#include <string>

#include "accord/status.h"
#include "cli/session.h"
#include "dataset/description.h"

namespace accord::cli {

struct About {
  dataset::Description description;
  std::string text;  // of the file, or what the answers come to
};
// `file` empty: asks on the terminal, again where an answer is none. `dataset.about`, `cli.file`; `cli.usage`
// when the input ends.
[[nodiscard]] Result<About> GetAbout(Session& session, const std::string& file);

}  // namespace accord::cli
