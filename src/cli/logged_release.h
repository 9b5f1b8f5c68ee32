// Releases of models in the public log (charter/release.h), held against a bundle: whether what somebody
// hands on is what the federation has let out. For model release and model verify --log.
#pragma once

#include <vector>

#include "accord/status.h"
#include "bundle/contents.h"
#include "bundle/lineage.h"
#include "bundle/verify.h"
#include "charter/release.h"
#include "cli/public_log.h"
#include "publish/log_view.h"

namespace accord::cli {

struct LoggedRelease {
  publish::Release entry;  // its place in the log, and who signed it
  charter::ModelRelease release;
};
// Those of this model, in the order of the log.
[[nodiscard]] std::vector<LoggedRelease> ReleasesOf(const PublicLog& log, const Digest& model);

// What the release of a verified bundle says. Members may endorse it later: that changes nothing of it.
[[nodiscard]] Result<charter::ModelRelease> ReleaseOf(const bundle::Contents& contents,
                                                      const bundle::Lineage& lineage,
                                                      charter::UnixSeconds time);
// Whether two releases are of the same bundle, whenever it was.
[[nodiscard]] bool SamePapers(const charter::ModelRelease& a, const charter::ModelRelease& b);

// That the bundle's head is one that this log had, and that a member has released these papers: a line for
// each. `log.rollback` and `log.split` for another log, `model.unreleased` where it has no release of the
// model, `model.bundle` where those that it has are of other papers.
[[nodiscard]] Result<std::vector<bundle::Line>> CheckReleased(const PublicLog& log,
                                                              const bundle::Contents& contents,
                                                              const bundle::Lineage& lineage);

}  // namespace accord::cli
