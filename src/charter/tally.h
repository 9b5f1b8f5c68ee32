// Whether a proposal has passed (governance.md 2b, checks 4 to 6). Every node counts for itself. Pure.
#pragma once

#include <array>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "accord/ids.h"
#include "charter/ballot.h"
#include "charter/charter.h"
#include "charter/vote.h"
#include "ledger/dsse.h"

namespace accord::charter {

// A vote, and its place in the log.
struct LoggedVote {
  ledger::Envelope envelope;
  std::uint64_t index = 0;
};

struct Tally {
  std::map<std::string, std::array<std::uint8_t, 32>> approvals;  // by member, with the vote's nonce
  std::set<std::string> rejections;
  std::map<std::string, std::size_t> said;  // the first vote of each member, by its place among the votes,
                                            // also one that does not count
  // Two different votes of one member on one job, by their places among the votes: both are kept as evidence,
  // and the member counts as having rejected.
  std::map<std::string, std::pair<std::size_t, std::size_t>> equivocations;
  std::vector<std::pair<std::size_t, std::string>> ignored;  // which do not count, and why
};

// Keys that the charter in force revokes do not speak from the index on that it names.
[[nodiscard]] Tally CountVotes(const Ballot& ballot, std::span<const LoggedVote> votes);

// Ok when it has passed: as many members approve as both versions of the charter ask for, none that counts
// rejects, and `holder`, if its data are named, is among those who approve (empty: none is asked for).
// `proposal.rejected`, `proposal.votes`, `proposal.own_vote`.
[[nodiscard]] Status Decide(const Ballot& ballot, const Tally& tally, const std::string& holder);

}  // namespace accord::charter
