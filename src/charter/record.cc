#include "charter/record.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/errors.h"
#include "charter/round_proof.h"
#include "charter/vote.h"

namespace accord::charter {

using ledger::Envelope;

// An entry, as far as it can be read without asking the time.
struct Record::Reading {
  EntryKind kind = EntryKind::kOther;
  Envelope envelope;
  std::optional<Version> version;    // of a charter
  std::optional<Proposal> proposal;  // with the version of the charter that it names
  std::size_t under = 0;
  std::optional<Digest> job;  // of a vote
  std::optional<RoundCommit> commit;
};

std::string_view Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOpen:
      return "open";
    case Outcome::kPassed:
      return "passed";
    case Outcome::kRejected:
      return "rejected";
    case Outcome::kLapsed:
      break;
  }
  return "lapsed";
}

Result<Record::Reading> Record::Read(ByteView entry) const {
  Reading out;
  ACCORD_ASSIGN_OR_RETURN(out.envelope, ledger::ParseEnvelope(entry));
  const Envelope& envelope = out.envelope;
  if (envelope.payload_type == kCharterType) {
    out.kind = EntryKind::kCharter;
    if (!chain_.empty()) {
      ACCORD_ASSIGN_OR_RETURN(out.version, VerifyNext(chain_, envelope));
      return out;
    }
    ACCORD_ASSIGN_OR_RETURN(
        std::vector<Version> first,
        VerifyChain(std::span(&envelope, 1), genesis_.IsZero() ? envelope.Id() : genesis_));
    out.version = std::move(first.front());
    return out;
  }
  if (chain_.empty())
    return Fail(errors::kCharterMissing, "the log has no charter yet, which has to come first");
  if (envelope.payload_type == kProposalType) {
    out.kind = EntryKind::kProposal;
    ACCORD_ASSIGN_OR_RETURN(out.proposal, ParseProposal(envelope.payload));
    const auto under = std::ranges::find(chain_, out.proposal->charter, &Version::hash);
    if (under == chain_.end())
      return Fail(errors::kProposalRefused, "it was made under a charter that this federation does not have");
    out.under = static_cast<std::size_t>(under - chain_.begin());
  } else if (envelope.payload_type == kVoteType) {
    out.kind = EntryKind::kVote;
    ACCORD_ASSIGN_OR_RETURN(const Vote vote, ParseVote(envelope.payload));
    ACCORD_RETURN_IF_ERROR(Find(vote.job).status());
    out.job = vote.job;
  } else if (envelope.payload_type == kRoundCommitType) {
    out.kind = EntryKind::kRoundCommit;
    ACCORD_ASSIGN_OR_RETURN(out.commit, OpenCommit(envelope, *chain_.back().charter.log));
    ACCORD_RETURN_IF_ERROR(CheckCommit(*out.commit));
  }
  return out;
}

Result<EntryKind> Record::Add(ByteView entry) {
  const std::uint64_t place = size_++;
  ACCORD_ASSIGN_OR_RETURN(Reading reading, Read(entry));
  switch (reading.kind) {
    case EntryKind::kCharter:
      chain_.push_back(*std::move(reading.version));
      charter_places_.push_back(place);
      break;
    case EntryKind::kProposal: {
      const Digest id = reading.envelope.Id();
      if (matters_.contains(id)) break;  // logged twice, the first counts
      matters_[id] = {.index = place,
                      .envelope = std::move(reading.envelope),
                      .proposal = *std::move(reading.proposal),
                      .version = reading.under,
                      .votes = {},
                      .commits = {}};
      break;
    }
    case EntryKind::kVote:
      matters_.at(*reading.job).votes.push_back({std::move(reading.envelope), place});
      break;
    case EntryKind::kRoundCommit:
      matters_.at(reading.commit->job).commits.push_back({place, *std::move(reading.commit)});
      break;
    case EntryKind::kOther:
      break;
  }
  return reading.kind;
}

// Rounds follow one another, each from the model that the one before it made, the first from the one voted
// on.
Status Record::CheckCommit(const RoundCommit& commit) const {
  ACCORD_ASSIGN_OR_RETURN(const Matter* const matter, Find(commit.job));
  const std::vector<LoggedCommit>& known = matter->commits;
  const std::string round = "the commit of round " + std::to_string(commit.round);
  if (commit.round != known.size() + 1)
    return Fail(errors::kRoundUnlogged, round + " does not follow: " + std::to_string(known.size()) +
                                            " rounds of the job are logged");
  const Digest& model = known.empty() ? matter->proposal.init : known.back().commit.model_out;
  if (commit.model_in == model) return {};
  return Fail(errors::kRoundUnlogged, round + " does not begin from the model " + model.Hex());
}

// ---------------------------------------------------------------- before it is logged

Result<EntryKind> Record::Check(ByteView entry, UnixSeconds now) const {
  ACCORD_ASSIGN_OR_RETURN(const Reading reading, Read(entry));
  switch (reading.kind) {
    case EntryKind::kCharter:
    case EntryKind::kRoundCommit:
      break;
    case EntryKind::kProposal: {
      const Digest id = reading.envelope.Id();
      if (matters_.contains(id))
        return Fail(errors::kProposalKnown, "proposal " + id.Hex() + " is in the log already");
      ACCORD_ASSIGN_OR_RETURN(const Ballot ballot, BallotOf(id, reading.under, now));
      ACCORD_RETURN_IF_ERROR(CheckProposal(reading.envelope, *reading.proposal, size_, ballot));
      break;
    }
    case EntryKind::kVote:
      ACCORD_RETURN_IF_ERROR(CheckVote(reading, now));
      break;
    case EntryKind::kOther:
      ACCORD_RETURN_IF_ERROR(CheckOther(reading, now));
      break;
  }
  return reading.kind;
}

// A second vote of a member that says something else is taken, too: it is evidence. One that says the same is
// a slip, as of a command that was given again, and would make an approval a rejection; a rejection that has
// expired may be said again. A third says nothing new.
Status Record::CheckVote(const Reading& reading, UnixSeconds now) const {
  const Matter& matter = matters_.at(*reading.job);
  ACCORD_ASSIGN_OR_RETURN(const Ballot ballot, BallotOf(*reading.job, matter.version, now));
  const LoggedVote vote{reading.envelope, size_};
  const Tally tally = CountVotes(ballot, std::span(&vote, 1));
  if (!tally.ignored.empty())
    return Fail(errors::kVoteRefused, "the vote does not count: " + tally.ignored.front().second);
  ACCORD_ASSIGN_OR_RETURN(const Vote fresh, ParseVote(reading.envelope.payload));
  const Tally before = CountVotes(ballot, matter.votes);
  const auto said = before.said.find(fresh.voter);
  if (said == before.said.end()) return {};
  const LoggedVote& first = matter.votes[said->second];
  ACCORD_ASSIGN_OR_RETURN(const Vote known, ParseVote(first.envelope.payload));
  const std::string entry = ": entry " + std::to_string(first.index) + " of the log";
  if (before.equivocations.contains(fresh.voter))
    return Fail(errors::kVoteRefused, fresh.voter + " has voted twice already, first" + entry);
  if (known.approve != fresh.approve) return {};
  if (!fresh.approve && !before.rejections.contains(fresh.voter)) return {};
  return Fail(errors::kVoteRefused, fresh.voter + " has voted so already" + entry);
}

Status Record::CheckOther(const Reading& reading, UnixSeconds now) const {
  ACCORD_ASSIGN_OR_RETURN(const Version* const present, Present(now));
  for (const Member& member : present->charter.members) {
    if (!member.suspended && HasSigned(reading.envelope, WithKeysAt(member, present->charter, size_)))
      return {};
  }
  return Fail(errors::kEntryUnsigned,
              "no active member's key signed this " + Printable(reading.envelope.payload_type, 100));
}

// ---------------------------------------------------------------- asking

Result<const Matter*> Record::Find(const Digest& job) const {
  const auto found = matters_.find(job);
  if (found != matters_.end()) return &found->second;
  return Fail(errors::kProposalUnknown, "the log has no proposal " + job.Hex());
}

std::set<std::string> Record::SignersAt(const Envelope& envelope, std::uint64_t place) const {
  std::set<std::string> signers;
  const auto later = std::ranges::lower_bound(charter_places_, place);
  if (later == charter_places_.begin()) return signers;
  const Charter& charter = chain_[static_cast<std::size_t>(later - charter_places_.begin()) - 1].charter;
  for (const Member& member : charter.members) {
    if (!member.suspended && HasSigned(envelope, WithKeysAt(member, chain_.back().charter, place)))
      signers.insert(member.id);
  }
  return signers;
}

Result<const Version*> Record::Present(UnixSeconds now) const {
  if (chain_.empty()) return Fail(errors::kCharterMissing, "the log has no charter yet");
  return InForce(chain_, now);
}

Result<Ballot> Record::BallotOf(const Digest& job, std::size_t version, UnixSeconds now) const {
  ACCORD_ASSIGN_OR_RETURN(const Version* const present, Present(now));
  return Ballot{job, &chain_[version], &present->charter, now};
}

Result<Standing> Record::StandingOf(const Digest& job, UnixSeconds now) const {
  ACCORD_ASSIGN_OR_RETURN(const Matter* const matter, Find(job));
  ACCORD_ASSIGN_OR_RETURN(const Ballot ballot, BallotOf(job, matter->version, now));
  Standing out;
  out.tally = CountVotes(ballot, matter->votes);
  out.why = CheckProposal(matter->envelope, matter->proposal, matter->index, ballot);
  if (!out.why.ok()) {
    out.outcome = Outcome::kLapsed;
    return out;
  }
  out.why = Decide(ballot, out.tally, "");
  if (out.why.ok()) {
    out.outcome = Outcome::kPassed;
  } else if (out.why.error() == errors::kProposalRejected.id) {
    out.outcome = Outcome::kRejected;
  }
  return out;
}

}  // namespace accord::charter
