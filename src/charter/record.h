// What the log of a federation says, entry by entry: the versions of its charter, and what was proposed and
// voted under them. The coordinator, nodes, members and auditors read the same entries, so that they come to
// the same record; whether the entries are those of the log is for proofs to say (ledger/proof.h). An entry
// that says nothing here, because nobody who may say it signed it, is noise: a log takes whatever it is
// given. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "charter/ballot.h"
#include "charter/chain.h"
#include "charter/proposal.h"
#include "charter/round_commit.h"
#include "charter/tally.h"
#include "ledger/dsse.h"

namespace accord::charter {

enum class EntryKind : std::uint8_t { kCharter, kProposal, kVote, kRoundCommit, kOther };

// A round of a job that was decided on.
struct LoggedCommit {
  std::uint64_t index = 0;
  RoundCommit commit;
};

// What is asked of members, what they said so far, and what became of it.
struct Matter {
  std::uint64_t index = 0;  // of the proposal
  ledger::Envelope envelope;
  Proposal proposal;
  std::size_t version = 0;  // of the charter that it was made under: its place in the chain
  std::vector<LoggedVote> votes;
  std::vector<LoggedCommit> commits;  // of its rounds, from the first on
};

enum class Outcome : std::uint8_t { kOpen, kPassed, kRejected, kLapsed };
[[nodiscard]] std::string_view Name(Outcome outcome);  // "open"

// How a proposal stands.
struct Standing {
  Outcome outcome = Outcome::kOpen;
  Tally tally;
  Status why;  // unless it has passed
};

class Record {
 public:
  // Of a federation whose first charter has this hash; zero: the first charter of the log is the first.
  explicit Record(const Digest& genesis = {}) : genesis_(genesis) {}

  // Reads the next entry of the log, byte for byte; its place is the number of those before it. What kind it
  // is, or why it says nothing: then it still has its place.
  Result<EntryKind> Add(ByteView entry);
  // Whether it would say something, asked before it is logged: also that a proposal may be voted on at `now`,
  // that a vote is for a proposal that is known and counts, that the commit of a round follows the one before
  // it, and that other documents are signed by a member.
  // Errors of ledger::ParseEnvelope, VerifyNext, CheckProposal and OpenCommit; `proposal.unknown`,
  // `vote.refused`,
  // `entry.unsigned`, `charter.missing` before the first charter.
  [[nodiscard]] Result<EntryKind> Check(ByteView entry, UnixSeconds now) const;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::vector<Version>& chain() const { return chain_; }
  // The places of those versions in the log.
  [[nodiscard]] const std::vector<std::uint64_t>& charter_places() const { return charter_places_; }
  // By the proposal's id.
  [[nodiscard]] const std::map<Digest, Matter>& matters() const { return matters_; }
  // `proposal.unknown`.
  [[nodiscard]] Result<const Matter*> Find(const Digest& job) const;
  // The members whose keys signed the envelope, as of this place in the log: by the newest charter before it,
  // without who is suspended there. Keys that the newest charter of all revokes from there on do not count.
  [[nodiscard]] std::set<std::string> SignersAt(const ledger::Envelope& envelope, std::uint64_t place) const;
  // `charter.missing`, and errors of InForce.
  [[nodiscard]] Result<const Version*> Present(UnixSeconds now) const;
  // How a matter of this record stands. Errors of Present.
  [[nodiscard]] Result<Standing> StandingOf(const Digest& job, UnixSeconds now) const;

 private:
  struct Reading;
  [[nodiscard]] Result<Reading> Read(ByteView entry) const;
  [[nodiscard]] Status CheckVote(const Reading& reading, UnixSeconds now) const;
  [[nodiscard]] Status CheckCommit(const RoundCommit& commit) const;
  [[nodiscard]] Status CheckOther(const Reading& reading, UnixSeconds now) const;
  [[nodiscard]] Result<Ballot> BallotOf(const Digest& job, std::size_t version, UnixSeconds now) const;

  Digest genesis_;
  std::uint64_t size_ = 0;
  std::vector<Version> chain_;
  std::vector<std::uint64_t> charter_places_;
  std::map<Digest, Matter> matters_;
};

}  // namespace accord::charter
