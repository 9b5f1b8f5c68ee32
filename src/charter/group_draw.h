// What the groups of a round are drawn from, where the charter lets them be drawn anew each round
// (governance.md f, ledger B): the job and the nonces of the votes that decided it. The proposer cannot
// choose them, and every node finds them for itself in the log. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/status.h"
#include "charter/chain.h"
#include "charter/tally.h"

namespace accord::charter {

struct GroupDraw {
  Digest job;                                        // the proposal's id
  std::vector<std::array<std::uint8_t, 32>> nonces;  // of the deciding votes, ascending

  // SHA-256(job || nonces || u32be round).
  [[nodiscard]] Digest SeedOf(std::uint64_t round) const;
  friend bool operator==(const GroupDraw&, const GroupDraw&) = default;
};

// Of a proposal made under this version of the charter. The deciding votes are the first approvals in the
// log, of distinct members and as many as that version asks for; neither votes that come later nor what
// becomes of a member, a key or a vote's time later changes the draw. `proposal.votes` when there are fewer.
[[nodiscard]] Result<GroupDraw> DrawOf(const Digest& job, const Version& under,
                                       std::span<const LoggedVote> votes);

// Whether the charter lets a plan have its groups dealt anew each round, as far as it asks for that.
// `groups.consent`, also for groups that are smaller than the charter asks for.
[[nodiscard]] Status CheckConsent(const Charter& present, const JobSpec& plan);

}  // namespace accord::charter
