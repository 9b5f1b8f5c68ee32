// Where a model comes from, as far as the log shows it: the members' decision, the data sets, the rounds.
// Checked from the hash of the first charter and nothing else. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/status.h"
#include "bundle/job_record.h"
#include "charter/admission.h"
#include "charter/round_commit.h"
#include "dataset/certificate.h"
#include "dataset/croissant.h"

namespace accord::bundle {

// A data set that the proposal names.
struct Source {
  charter::DatasetRef ref;
  std::optional<dataset::Certificate> certificate;  // none: the bundle has it not
  bool logged = false;
  std::optional<dataset::CroissantFacts> description;
};

struct Round {
  Digest id;  // SHA-256 of the commit's payload
  charter::RoundCommit commit;
};

struct Lineage {
  charter::Admitted admitted;
  charter::UnixSeconds time = 0;       // at which it was decided, as below
  std::vector<std::string> witnesses;  // members that cosigned the head
  JobSpec spec;
  std::vector<Source> sources;
  std::vector<Round> rounds;  // empty: the log has none of this job
};

// The versions of the charter, from the pinned first one on. `model.bundle` names charter.json.
[[nodiscard]] Result<std::vector<charter::Version>> OpenCharters(const std::vector<std::string>& entries,
                                                                 const Digest& genesis);
// When enough of the charter's witnesses had cosigned: the time that as many as its quorum say is past or
// now. `model.bundle` when fewer did.
[[nodiscard]] Result<charter::UnixSeconds> TimeOf(std::string_view checkpoint,
                                                  const charter::Charter& charter);

// Checks 1 to 7 of a node (charter/admission.h) at the time of the log's head, since a bundle is looked at
// for years and clocks of readers say nothing of it; consent of every member whose data are named; the
// certificates; that the rounds lead from the proposal's first model to `model`. `model.bundle` names the
// file.
[[nodiscard]] Result<Lineage> Trace(const JobRecord& record, const Digest& genesis, const Digest& model);

// The text of tlog-policy.
[[nodiscard]] std::string PolicyOf(const charter::Charter& charter);

}  // namespace accord::bundle
