#include "charter/admission.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/errors.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "ledger/cosignature.h"
#include "ledger/dsse.h"
#include "ledger/note.h"

namespace accord::charter {
namespace {

using ledger::Checkpoint;
using ledger::Envelope;

Status Missing(const std::string& what) {
  return Fail(errors::kBundleMissing, "the job came without " + what);
}

Status CheckComplete(const JobBundle& bundle) {
  if (bundle.charters.empty()) return Missing("the charter");
  if (bundle.proposal.entry.empty()) return Missing("its proposal");
  if (bundle.votes.empty()) return Missing("votes");
  if (bundle.checkpoint.empty()) return Missing("a checkpoint of the log");
  return {};
}

Result<std::vector<Envelope>> Open(std::span<const LoggedEntry> entries) {
  std::vector<Envelope> envelopes;
  for (const LoggedEntry& one : entries) {
    ACCORD_ASSIGN_OR_RETURN(Envelope envelope, ledger::ParseEnvelope(AsBytes(one.entry)));
    envelopes.push_back(std::move(envelope));
  }
  return envelopes;
}

// The version that a proposal was made and voted on under.
Result<const Version*> VersionOf(std::span<const Version> chain, const Proposal& proposal) {
  const auto found = std::ranges::find(chain, proposal.charter, &Version::hash);
  if (found != chain.end()) return &*found;
  return Fail(errors::kProposalRefused,
              "the proposal is refused: it was made under a charter that is none of this federation's");
}

// 7: each object is in the log that enough members saw, and that continues what this node saw.
Status CheckLogged(const JobBundle& bundle, const Checkpoint& checkpoint) {
  const auto check = [&](const LoggedEntry& one, const std::string& what) {
    const bool logged = ledger::VerifyInclusion(crypto::MerkleLeaf(AsBytes(one.entry)), one.index,
                                                checkpoint.size, checkpoint.root, one.inclusion);
    return logged ? Status() : Fail(errors::kLogProof, what + " is not proven to be in the log");
  };
  for (const LoggedEntry& one : bundle.charters)
    ACCORD_RETURN_IF_ERROR(check(one, "a version of the charter"));
  ACCORD_RETURN_IF_ERROR(check(bundle.proposal, "the proposal"));
  for (const LoggedEntry& one : bundle.votes) ACCORD_RETURN_IF_ERROR(check(one, "a vote"));
  return {};
}

Status CheckPlan(ByteView plan, const Proposal& proposal) {
  const Digest shown = crypto::Sha256::Of(plan);
  if (shown == proposal.plan) return {};
  return Fail(errors::kProposalPlan,
              "the plan is " + shown.Hex() + ", and members voted on " + proposal.plan.Hex());
}

bool InDate(const Proposal& proposal, const Ballot& ballot) {
  const UnixSeconds skew = ballot.present->max_clock_skew;
  return ballot.now + skew >= proposal.not_before && ballot.now <= proposal.not_after + skew;
}

// Which of the checks on votes said no.
std::uint32_t CheckOf(const Status& decided, const Tally& tally) {
  if (decided.error() == errors::kProposalOwnVote.id) return 6;
  return decided.error() == errors::kProposalRejected.id && !tally.equivocations.empty() ? 5 : 4;
}

std::vector<ledger::VerifierKey> WitnessesOf(const Charter& charter) {
  std::vector<ledger::VerifierKey> witnesses;
  for (const Member& member : charter.members) {
    if (member.Has(Right::kWitness)) witnesses.push_back(*member.witness);
  }
  return witnesses;
}

std::vector<LoggedVote> WithPlaces(const JobBundle& bundle, std::vector<Envelope> votes) {
  std::vector<LoggedVote> logged;
  for (std::size_t i = 0; i < votes.size(); ++i)
    logged.push_back({std::move(votes[i]), bundle.votes[i].index});
  return logged;
}

}  // namespace

// 1: from the pinned genesis, and never back.
Status CheckNotBack(const Pinned& pinned, std::span<const Version> chain) {
  if (pinned.version == 0) return {};
  const bool older = chain.size() < pinned.version;
  if (!older && chain[pinned.version - 1].hash == pinned.version_hash) return {};
  return Fail(errors::kCharterRollback,
              older
                  ? "this node knows version " + std::to_string(pinned.version) +
                        " of the charter, and was shown " + std::to_string(chain.size())
                  : "this node knows another version " + std::to_string(pinned.version) + " of the charter");
}

Status CheckContinues(const Pinned& pinned, const Checkpoint& checkpoint,
                      std::span<const Digest> consistency) {
  const ledger::TreeHead newer{checkpoint.size, checkpoint.root};
  if (newer.size < pinned.head.size) {
    return Fail(errors::kLogRollback, "this node cosigned the log at size " +
                                          std::to_string(pinned.head.size) + ", and was shown it at " +
                                          std::to_string(newer.size));
  }
  if (consistency.empty() && pinned.head.size > 0 && newer.size > pinned.head.size) {
    return Fail(errors::kLogProof, "nothing shows that the log at size " + std::to_string(newer.size) +
                                       " continues the one that this node cosigned at " +
                                       std::to_string(pinned.head.size));
  }
  if (ledger::VerifyConsistency(pinned.head, newer, consistency)) return {};
  return Fail(errors::kLogSplit, "the log at size " + std::to_string(newer.size) +
                                     " does not continue the one that this node cosigned at " +
                                     std::to_string(pinned.head.size));
}

Result<Checkpoint> CheckCheckpoint(std::string_view note, const Charter& charter) {
  ACCORD_ASSIGN_OR_RETURN(const ledger::Note parsed, ledger::Note::Parse(note));
  ACCORD_ASSIGN_OR_RETURN(Checkpoint checkpoint, ledger::OpenCheckpoint(parsed, *charter.log));
  const auto signers = ledger::CheckSignatures(parsed, WitnessesOf(charter));
  if (!signers.ok() && signers.status().error() != errors::kNoteUnsigned.id) return signers.status();
  const std::size_t count = signers.ok() ? signers->size() : 0;
  if (count >= charter.quorum.witness) return checkpoint;
  return Fail(errors::kLogQuorum, "the checkpoint is cosigned by " + std::to_string(count) +
                                      " witnesses, and the charter asks for " +
                                      std::to_string(charter.quorum.witness));
}

Result<GroupDraw> DrawOf(const Admitted& admitted, const JobBundle& bundle) {
  ACCORD_ASSIGN_OR_RETURN(const Version* const under, VersionOf(admitted.chain, admitted.proposal));
  ACCORD_ASSIGN_OR_RETURN(std::vector<Envelope> votes, Open(bundle.votes));
  return DrawOf(admitted.job, *under, WithPlaces(bundle, std::move(votes)));
}

Result<Checkpoint> CheckHead(const Pinned& pinned, std::string_view note, std::span<const Digest> consistency,
                             const Charter& charter) {
  ACCORD_ASSIGN_OR_RETURN(const Checkpoint signed_head, ledger::OpenCheckpoint(note, *charter.log));
  ACCORD_RETURN_IF_ERROR(CheckContinues(pinned, signed_head, consistency));
  return CheckCheckpoint(note, charter);
}

Status CheckClock(std::string_view note, const Charter& charter, UnixSeconds now) {
  ACCORD_ASSIGN_OR_RETURN(const ledger::Note parsed, ledger::Note::Parse(note));
  std::vector<UnixSeconds> times;
  for (const ledger::VerifierKey& witness : WitnessesOf(charter)) {
    const auto by = std::ranges::find_if(parsed.signatures,
                                         [&](const ledger::NoteSignature& one) { return one.IsBy(witness); });
    if (by == parsed.signatures.end()) continue;
    if (const auto said = ledger::Cosignature::Parse(by->signature)) times.push_back(said->time);
  }
  if (times.empty()) return {};
  std::ranges::sort(times);
  const std::size_t quorum = std::max<std::size_t>(1, charter.quorum.witness);
  const UnixSeconds witnessed = times[std::min((times.size() - 1) / 2, quorum - 1)];
  if (witnessed <= now + charter.max_clock_skew) return {};
  return Fail(errors::kClockBehind, "this node's clock is " + std::to_string(witnessed - now) +
                                        " s behind the witnesses of the log, and it may be " +
                                        std::to_string(charter.max_clock_skew));
}

Result<Admitted> Admit(const Pinned& pinned, const JobBundle& bundle, ByteView plan, UnixSeconds now,
                       std::uint32_t* check) {
  std::uint32_t unread = 0;
  std::uint32_t& reached = check == nullptr ? unread : *check;
  reached = 1;
  ACCORD_RETURN_IF_ERROR(CheckComplete(bundle));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<Envelope> charters, Open(bundle.charters));
  ACCORD_ASSIGN_OR_RETURN(std::vector<Version> chain, VerifyChain(charters, pinned.genesis));
  ACCORD_RETURN_IF_ERROR(CheckNotBack(pinned, chain));
  reached = 2;
  ACCORD_ASSIGN_OR_RETURN(const Version* const present, InForce(chain, now));

  reached = 3;
  ACCORD_ASSIGN_OR_RETURN(const Envelope envelope, ledger::ParseEnvelope(AsBytes(bundle.proposal.entry)));
  ACCORD_ASSIGN_OR_RETURN(Proposal proposal, ParseProposal(envelope.payload));
  ACCORD_ASSIGN_OR_RETURN(const Version* const under, VersionOf(chain, proposal));
  const Ballot ballot{envelope.Id(), under, &present->charter, now};
  reached = InDate(proposal, ballot) ? 3 : 2;
  ACCORD_RETURN_IF_ERROR(CheckProposal(envelope, proposal, bundle.proposal.index, ballot));
  reached = 4;
  ACCORD_RETURN_IF_ERROR(CheckPlan(plan, proposal));
  ACCORD_ASSIGN_OR_RETURN(std::vector<Envelope> votes, Open(bundle.votes));
  Tally tally = CountVotes(ballot, WithPlaces(bundle, std::move(votes)));
  const Status decided = Decide(ballot, tally, proposal.Names(pinned.member) ? pinned.member : "");
  reached = CheckOf(decided, tally);
  ACCORD_RETURN_IF_ERROR(decided);

  reached = 7;
  ACCORD_ASSIGN_OR_RETURN(Checkpoint checkpoint,
                          CheckHead(pinned, bundle.checkpoint, bundle.consistency, present->charter));
  ACCORD_RETURN_IF_ERROR(CheckLogged(bundle, checkpoint));
  ACCORD_RETURN_IF_ERROR(CheckClock(bundle.checkpoint, present->charter, now));
  Version held = *present;
  return Admitted{envelope.Id(),    std::move(proposal), std::move(tally),
                  std::move(chain), std::move(held),     std::move(checkpoint)};
}

}  // namespace accord::charter
