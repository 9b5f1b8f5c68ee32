// Charters, proposals and logs as people and scripts read them. Pure.
#pragma once

#include <span>
#include <string>

#include "accord/ids.h"
#include "charter/charter.h"
#include "charter/record.h"
#include "cli/style.h"
#include "ledger/dsse.h"
#include "publish/log_view.h"

namespace accord::cli {

// "members" with what each may do, quorums, dates, the hash: a summary; charter_changes.h has all of it.
[[nodiscard]] std::string CharterDetails(const charter::Charter& charter, const Digest& hash,
                                         const Style& style);
// A line that says which of its members' keys have signed the charter, and who has not.
[[nodiscard]] std::string SignedBy(const charter::Charter& charter, const ledger::Envelope& envelope);
// Of a chain whose newest version is an emergency suspension: whom it suspends, until when, and what holds
// then. Empty for others.
[[nodiscard]] std::string EmergencyLine(std::span<const charter::Version> chain, charter::UnixSeconds now);
[[nodiscard]] std::string CharterJson(const charter::Charter& charter, const Digest& hash);

// A table of proposals, the newest first.
[[nodiscard]] std::string ProposalTable(const charter::Record& record, const publish::Jobs& jobs,
                                        charter::UnixSeconds now, const Style& style);
[[nodiscard]] std::string ProposalsJson(const charter::Record& record, const publish::Jobs& jobs,
                                        charter::UnixSeconds now);

struct ShownProposal {
  const Digest& id;
  const charter::Matter& matter;
  const charter::Standing& standing;
  const JobSpec* job = nullptr;  // of its job file, where that is known
};
[[nodiscard]] std::string ProposalDetails(const ShownProposal& shown, const charter::Charter& charter,
                                          const Style& style);
[[nodiscard]] std::string ProposalJson(const ShownProposal& shown);

}  // namespace accord::cli
