#include "charter/tally.h"

#include <algorithm>

#include "base/errors.h"

namespace accord::charter {
namespace {

// Why a vote does not count; "" if it does.
std::string WhyNot(const Ballot& ballot, const Vote& vote) {
  const Charter& charter = ballot.version->charter;
  if (vote.federation != charter.federation) return "it is of another federation";
  if (vote.charter != ballot.version->hash || vote.charter_version != charter.version)
    return "it was given under another version of the charter";
  if (vote.issued_at > ballot.now + charter.max_clock_skew) return "it is of a time that has not come";
  if (ballot.now > vote.expires_at + charter.max_clock_skew) return "it has expired";
  if (vote.expires_at - vote.issued_at > charter.vote_window)
    return "it holds for longer than the charter allows";
  return "";
}

class Counter {
 public:
  Counter(const Ballot& ballot, std::span<const LoggedVote> votes) : ballot_(ballot), votes_(votes) {}

  Tally Run() {
    for (std::size_t i = 0; i < votes_.size(); ++i) Take(i);
    for (const auto& [member, places] : tally_.equivocations) {
      tally_.approvals.erase(member);
      tally_.rejections.insert(member);
    }
    return std::move(tally_);
  }

 private:
  void Take(std::size_t i) {
    const ledger::Envelope& envelope = votes_[i].envelope;
    if (envelope.payload_type != kVoteType) return Ignore(i, "it is not signed as a vote");
    const auto vote = ParseVote(envelope.payload);
    if (!vote.ok()) return Ignore(i, vote.status().message());
    if (vote->job != ballot_.job) return Ignore(i, "it is of another job");
    const Member* voter = ballot_.Find(vote->voter, Right::kVote);
    if (voter == nullptr) return Ignore(i, Printable(vote->voter, 64) + " is no active member that may vote");
    if (!HasSigned(envelope, WithKeysAt(*voter, *ballot_.present, votes_[i].index)))
      return Ignore(i, "it is not signed by " + voter->id);
    const auto [first, is_first] = tally_.said.emplace(voter->id, i);
    if (!is_first) {
      if (votes_[first->second].envelope.payload != envelope.payload)
        tally_.equivocations.emplace(voter->id, std::pair(first->second, i));
      return;
    }
    const std::string why = WhyNot(ballot_, *vote);
    if (!why.empty()) return Ignore(i, why);
    vote->approve ? void(tally_.approvals.emplace(voter->id, vote->nonce))
                  : void(tally_.rejections.insert(voter->id));
  }
  void Ignore(std::size_t i, std::string why) { tally_.ignored.emplace_back(i, std::move(why)); }

  const Ballot& ballot_;
  std::span<const LoggedVote> votes_;
  Tally tally_;
};

std::string Names(const auto& members) {
  std::string text;
  for (const auto& member : members) text += (text.empty() ? "" : ", ") + member;
  return text;
}

}  // namespace

Tally CountVotes(const Ballot& ballot, std::span<const LoggedVote> votes) {
  return Counter(ballot, votes).Run();
}

Status Decide(const Ballot& ballot, const Tally& tally, const std::string& holder) {
  const Charter& then = ballot.version->charter;
  const Charter& today = *ballot.present;
  const std::uint32_t quorum = std::max(then.quorum.job, today.quorum.job);
  if ((then.reject_wins || today.reject_wins) && !tally.rejections.empty())
    return Fail(errors::kProposalRejected, "rejected by " + Names(tally.rejections));
  if (tally.approvals.size() < quorum) {
    return Fail(errors::kProposalVotes, std::to_string(tally.approvals.size()) + " of " +
                                            std::to_string(quorum) + " members that it takes approved");
  }
  if (!holder.empty() && !tally.approvals.contains(holder))
    return Fail(errors::kProposalOwnVote, holder + " has not approved");
  return {};
}

}  // namespace accord::charter
