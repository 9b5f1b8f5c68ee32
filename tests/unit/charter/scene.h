// A decision of a federation as a node sees it: what comes with a job, and what the node knew before.
#pragma once

#include <string>
#include <vector>

#include "charter/admission.h"
#include "ledger/dsse.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/charter/test_log.h"

namespace accord::charter {

// A federation whose members passed a proposal, and a node of ke that has cosigned the log once before.
struct Scene {
  UnixSeconds at = kNow;  // when members vote and witnesses cosign
  Charter charter = CharterOf();
  std::vector<ledger::Envelope> charters{Signed(charter, All(charter))};
  std::string plan = "plan";
  Proposal proposal = ProposalOf(charters[0].Id());
  std::vector<std::string> approve{"be", "ke", "np", "rw"}, reject;
  std::vector<ledger::Envelope> more;  // that come with the votes
  std::vector<std::string> witnesses{"be", "ke", "np", "rw"};
  Pinned pinned{.genesis = charters[0].Id(), .member = "ke"};
  TestLog log;

  [[nodiscard]] ledger::Envelope Proposed() const {
    return Signed(kProposalType, Encode(proposal), {proposal.proposer});
  }
  [[nodiscard]] ledger::Envelope Voted(const std::string& voter, bool approves) const {
    const Vote vote{.federation = "maternal",
                    .job = Proposed().Id(),
                    .charter = proposal.charter,
                    .charter_version = 1,
                    .voter = voter,
                    .approve = approves,
                    .nonce = {1},
                    .issued_at = at - 60,
                    .expires_at = at + kDay};
    return Signed(kVoteType, Encode(vote), {voter});
  }
  LoggedEntry Logged(const ledger::Envelope& envelope) {
    LoggedEntry one{.entry = EncodeEnvelope(envelope)};
    one.index = log.Append(one.entry);
    return one;
  }
  JobBundle Bundle() {
    JobBundle bundle;
    for (const ledger::Envelope& one : charters) bundle.charters.push_back(Logged(one));
    if (pinned.head.size == 0) pinned.head = log.Head();
    bundle.proposal = Logged(Proposed());
    for (const std::string& voter : approve) bundle.votes.push_back(Logged(Voted(voter, true)));
    for (const std::string& voter : reject) bundle.votes.push_back(Logged(Voted(voter, false)));
    for (const ledger::Envelope& one : more) bundle.votes.push_back(Logged(one));
    Prove(bundle);
    return bundle;
  }
  void Prove(JobBundle& bundle) {
    const std::uint64_t size = log.leaves.size();
    const auto prove = [&](LoggedEntry& one) {
      one.inclusion = *ledger::ProveInclusion(one.index, size, log);
    };
    for (LoggedEntry& one : bundle.charters) prove(one);
    prove(bundle.proposal);
    for (LoggedEntry& one : bundle.votes) prove(one);
    if (pinned.head.size <= size) bundle.consistency = *ledger::ProveConsistency(pinned.head.size, size, log);
    bundle.checkpoint = log.Checkpoint(witnesses, charter, at);
  }
  [[nodiscard]] Result<Admitted> Admitted_(const JobBundle& bundle, UnixSeconds now = kNow) const {
    return Admit(pinned, bundle, AsBytes(plan), now);
  }
  [[nodiscard]] std::string Error(const JobBundle& bundle, UnixSeconds now = kNow) const {
    return Admitted_(bundle, now).status().error();
  }
};
}  // namespace accord::charter
