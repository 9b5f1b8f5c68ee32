// Whether a node may train a job at all (governance.md 2b): what every node checks for itself, from the
// charter that its lab pinned, before a byte of data is read. The coordinator only carries what is checked;
// what it leaves out, or does not know, is a refusal. Checks 1 to 7; the lab's own policy and the reservation
// of budget come after (8 and 9). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "charter/chain.h"
#include "charter/charter.h"
#include "charter/group_draw.h"
#include "charter/proposal.h"
#include "charter/tally.h"
#include "ledger/checkpoint.h"
#include "ledger/proof.h"

namespace accord::charter {

// An entry of the log, byte for byte: the JSON of an envelope, with its place and the proof of it.
struct LoggedEntry {
  std::string entry;
  std::uint64_t index = 0;
  ledger::Proof inclusion;
};

// What comes with a job.
struct JobBundle {
  std::vector<LoggedEntry> charters;  // the first version first
  LoggedEntry proposal;
  std::vector<LoggedEntry> votes;
  std::string checkpoint;     // the signed note that all proofs are under
  ledger::Proof consistency;  // from the head that the node cosigned last
};

// What a node holds on to, over restarts.
struct Pinned {
  Digest genesis;             // SHA-256 of the first charter, as the lab was told by its member
  std::string member;         // whose node it is
  std::uint32_t version = 0;  // the highest version of the charter seen; 0: none
  Digest version_hash;        // and that version's
  ledger::TreeHead head;      // of the log, cosigned last
};

struct Admitted {
  Digest job;  // the proposal's id
  Proposal proposal;
  Tally tally;
  std::vector<Version> chain;
  Version present;                // in force
  ledger::Checkpoint checkpoint;  // cosigned by enough
};

// What a node checks before it takes part in a job, in this order; of Admit are the first seven.
inline constexpr std::array<std::string_view, 9> kChecks = {
    "the versions of the charter follow from the one that this lab pinned",
    "charter and proposal are in date",
    "an active member proposed it",
    "enough members approved this very plan, and none rejected it",
    "no member voted twice in different ways",
    "this member approved, where its data are named",
    "all of it is in the log that enough witnesses cosigned",
    "the data are certified for it, and the lab's policy allows it",
    "the lab's budgets suffice"};

// `plan` has the bytes of the job file. `bundle.missing` when something was left out; `ledger.malformed`;
// `charter.*`, with `charter.rollback` when an older charter, or another of the same version, is shown than
// before; `proposal.*`, with `proposal.plan` for a plan that is not the one voted on; `log.proof`,
// `log.quorum`, `log.rollback` for a log that goes back, `log.split` for one that contradicts what this node
// cosigned; `clock.behind`. With `proposal.rejected` for two votes of one member, the votes of the bundle are
// the evidence. `check`, when given, becomes the number of the check that failed, from 1 on, or 7.
[[nodiscard]] Result<Admitted> Admit(const Pinned& pinned, const JobBundle& bundle, ByteView plan,
                                     UnixSeconds now, std::uint32_t* check = nullptr);

// What groups are drawn from, where the plan has them dealt anew: of the votes that came with what was
// admitted. `proposal.votes`.
[[nodiscard]] Result<GroupDraw> DrawOf(const Admitted& admitted, const JobBundle& bundle);

// Ok unless the chain goes back behind what is pinned: `charter.rollback`.
[[nodiscard]] Status CheckNotBack(const Pinned& pinned, std::span<const Version> chain);

// Ok when this head continues the one that the node cosigned last: `log.rollback`, `log.split`. Where nothing
// is shown, nothing is contradicted: `log.proof`, as from a coordinator that does not know yet what the node
// knows.
[[nodiscard]] Status CheckContinues(const Pinned& pinned, const ledger::Checkpoint& checkpoint,
                                    std::span<const Digest> consistency);

// The checkpoint of a note that the charter's log signed and enough of its witnesses cosigned. `note.*`,
// `checkpoint.*`, `log.quorum`.
[[nodiscard]] Result<ledger::Checkpoint> CheckCheckpoint(std::string_view note, const Charter& charter);
// The same, and that it continues what this node cosigned last: the errors of both. A log that contradicts
// itself has signed so, and is `log.split` also where too few have cosigned that head.
[[nodiscard]] Result<ledger::Checkpoint> CheckHead(const Pinned& pinned, std::string_view note,
                                                   std::span<const Digest> consistency,
                                                   const Charter& charter);

// `clock.behind` when witnesses cosigned the note later than `now`, by more than the charter lets clocks
// differ: a clock that was put back would find in date what is not. Their time is the median of what they
// say, or that of the last whom the quorum takes if that is earlier: few of them cannot put it forward.
// Signatures are checked elsewhere (CheckCheckpoint).
[[nodiscard]] Status CheckClock(std::string_view note, const Charter& charter, UnixSeconds now);

}  // namespace accord::charter
