// Whether a bundle shows what a released model has to show, asking nobody: from the hash of the federation's
// first charter, which the reader has from a member, and nothing else. Each byte of each file is under a
// signature, under a hash that is under one, or has one form only. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "bundle/contents.h"
#include "bundle/lineage.h"

namespace accord::bundle {

// What was checked, a line each.
struct Line {
  std::string file;
  std::string text;
  bool holds = true;  // otherwise: what the bundle does not show, though nothing is wrong with it
};

struct Verdict {
  std::vector<Line> lines;         // up to the first failure
  Status status;                   // `model.bundle` names the file and the reason
  std::optional<Lineage> lineage;  // with ok
};

enum class Endorsement : std::uint8_t {
  kComplete,  // as many members as decide on a job have signed the provenance
  kBegun,     // one may be enough: others are still to sign
};
[[nodiscard]] Verdict Verify(const Contents& contents, const Digest& genesis,
                             Endorsement endorsement = Endorsement::kComplete);

// What model.sig says nothing of: itself, and the file to which members add.
[[nodiscard]] std::vector<std::string> IgnoredFiles();

}  // namespace accord::bundle
