// training-summary.json: what a model was trained on, under the headings of the template that the European
// Commission published for Article 53(1)(d) of the AI Act (C(2025) 8311, July 2025). Filled from certificates
// of data sets and their descriptions; what these do not say is "unknown", for the provider to find out.
// Providers of general-purpose models have to publish such a summary, others may. Pure.
#pragma once

#include <string>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "bundle/lineage.h"

namespace accord::bundle {

[[nodiscard]] std::string FormatSummary(const Lineage& lineage, const Digest& model);
// Whether it is of this model. `model.bundle` names the file.
[[nodiscard]] Status CheckSummary(ByteView text, const Digest& model);

}  // namespace accord::bundle
