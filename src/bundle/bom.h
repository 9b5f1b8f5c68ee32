// bom.cdx.json: the bill of materials of a model, CycloneDX 1.6 with a model card (ecma-international.org,
// ECMA-424). For people and their tools; what it rests on is in the other files. Pure.
#pragma once

#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "bundle/lineage.h"

namespace accord::bundle {

// Of the model, on the hold-outs of all labs together, as the coordinator tells it.
struct Figure {
  std::string name;  // "loss", "accuracy"
  double value = 0.0;
};

[[nodiscard]] std::string FormatBom(const Lineage& lineage, const Digest& model,
                                    const std::vector<Figure>& figures);
// Whether it speaks of this model and these data sets; what else it says is the word of who signed the files.
// `model.bundle` names the file.
[[nodiscard]] Status CheckBom(ByteView text, const Lineage& lineage, const Digest& model);

}  // namespace accord::bundle
