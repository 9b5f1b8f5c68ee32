// All that a charter says, and what an amendment changes: who signs one must be able to read everything in
// it, and find the one line that is another. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "charter/charter.h"
#include "cli/line_diff.h"
#include "cli/style.h"

namespace accord::cli {

// In the form of a draft (charter_file.h) where a draft says just this; else, as of a charter made by other
// means that begins within a day or has characters that a terminal would act on, field by field: nothing is
// left out. But for a draft's missing version and predecessor, which CharterDetails has.
[[nodiscard]] std::string WholeCharter(const charter::Charter& charter);

// Between a charter and the one that amends it, both in the same form. Its number and whom it follows are no
// changes.
[[nodiscard]] std::vector<LineChange> CharterChanges(const charter::Charter& was, charter::Charter is);
// A line each, "- " and "+ ", under the section that they stand in.
[[nodiscard]] std::string ChangesText(std::span<const LineChange> changes, const Style& style);
// [{"in":"[[member]] \"ke\"","was":"ca = ..."},{"in":...,"is":"ca = ..."}]
[[nodiscard]] std::string ChangesJson(std::span<const LineChange> changes);

}  // namespace accord::cli
