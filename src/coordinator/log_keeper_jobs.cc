// What the log says of jobs, and what nodes are shown of it: which have passed, which were rejected since,
// their documents and rounds with proofs under the published head.
#include <algorithm>

#include "base/errors.h"
#include "base/file.h"
#include "charter/tally.h"
#include "config/job_file.h"
#include "coordinator/log_keeper.h"
#include "ledger/dsse.h"
#include "ledger/log_reader.h"

namespace accord::coordinator {

// Whether what is published has all votes on the proposal.
bool LogKeeper::HasVotes(const ledger::Checkpoint& published, const charter::Matter& matter) {
  return std::ranges::all_of(matter.votes,
                             [&](const charter::LoggedVote& vote) { return vote.index < published.size; });
}

// Counting verifies every vote, so what is over is not counted again.
std::vector<DecidedJob> LogKeeper::Passed(const std::function<bool(const Digest&)>& begun) {
  const MutexLock lock(mutex_);
  const auto published = ledger::Checkpoint::Parse(writer_->published().text);
  std::vector<DecidedJob> passed;
  if (!published.ok()) return passed;
  for (const auto& [job, matter] : record_.matters()) {
    if (over_.contains(job)) continue;
    if (begun(job)) {
      over_.insert(job);
      continue;
    }
    if (!HasVotes(*published, matter)) continue;
    const auto standing = record_.StandingOf(job, Now());
    if (!standing.ok()) continue;
    if (standing->outcome == charter::Outcome::kPassed) {
      passed.push_back({job, matter.envelope.payload, "member:" + matter.proposal.proposer});
    } else if (standing->outcome == charter::Outcome::kRejected ||
               (standing->outcome == charter::Outcome::kLapsed && Now() > matter.proposal.not_after)) {
      over_.insert(job);
    }
  }
  return passed;
}

std::vector<RejectedJob> LogKeeper::Rejected(const std::function<bool(const Digest&)>& open) {
  const MutexLock lock(mutex_);
  const auto published = ledger::Checkpoint::Parse(writer_->published().text);
  std::vector<RejectedJob> rejected;
  if (!published.ok()) return rejected;
  for (const auto& [job, matter] : record_.matters()) {
    const auto counted = counted_.find(job);
    if (counted != counted_.end() && counted->second == matter.votes.size()) continue;
    if (!open(job) || !HasVotes(*published, matter)) continue;
    counted_[job] = matter.votes.size();
    const auto standing = record_.StandingOf(job, Now());
    if (standing.ok() && standing->outcome == charter::Outcome::kRejected)
      rejected.push_back({job, standing->why});
  }
  return rejected;
}

bool LogKeeper::HasCharter() const {
  const MutexLock lock(mutex_);
  return !charters_.empty();
}

Result<Bytes> LogKeeper::PlanOf(const Digest& job) const {
  Digest plan;
  {
    const MutexLock lock(mutex_);
    ACCORD_ASSIGN_OR_RETURN(const charter::Matter* const matter, record_.Find(job));
    plan = matter->proposal.plan;
  }
  return ReadFile(PlanFile(plan), config::kMaxJobBytes);
}

Result<charter::LoggedEntry> LogKeeper::Logged(ledger::NodeReader& nodes, std::uint64_t size,
                                               std::uint64_t index) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes entry, ledger::ReadEntry(storage_, size, index));
  ACCORD_ASSIGN_OR_RETURN(ledger::Proof inclusion, ledger::ProveInclusion(index, size, nodes));
  return charter::LoggedEntry{std::string(AsText(entry)), index, std::move(inclusion)};
}

// The published head, if it has the entry at `last` and is not behind what a node cosigned.
Result<ledger::Checkpoint> LogKeeper::PublishedAfter(std::uint64_t from, std::uint64_t last) const {
  ACCORD_ASSIGN_OR_RETURN(const ledger::Checkpoint head,
                          ledger::Checkpoint::Parse(writer_->published().text));
  if (head.size >= from && head.size > last) return head;
  return Fail(errors::kLogBehind, "the published head has " + std::to_string(head.size) +
                                      " entries, and it takes " + std::to_string(std::max(from, last + 1)));
}

Result<charter::JobBundle> LogKeeper::BundleOf(const Digest& job, std::uint64_t from) {
  const MutexLock lock(mutex_);
  ACCORD_ASSIGN_OR_RETURN(const charter::Matter* const matter, record_.Find(job));
  std::uint64_t last = std::max(matter->index, record_.charter_places().back());
  for (const charter::LoggedVote& vote : matter->votes) last = std::max(last, vote.index);
  ACCORD_ASSIGN_OR_RETURN(const ledger::Checkpoint head, PublishedAfter(from, last));
  ledger::TileReader nodes(head.size, storage_);
  charter::JobBundle bundle;
  for (const std::uint64_t place : record_.charter_places()) {
    ACCORD_ASSIGN_OR_RETURN(charter::LoggedEntry one, Logged(nodes, head.size, place));
    bundle.charters.push_back(std::move(one));
  }
  ACCORD_ASSIGN_OR_RETURN(bundle.proposal, Logged(nodes, head.size, matter->index));
  for (const charter::LoggedVote& vote : matter->votes) {
    ACCORD_ASSIGN_OR_RETURN(charter::LoggedEntry one, Logged(nodes, head.size, vote.index));
    bundle.votes.push_back(std::move(one));
  }
  bundle.checkpoint = writer_->published().Format();
  if (from > 0) {
    ACCORD_ASSIGN_OR_RETURN(bundle.consistency, ledger::ProveConsistency(from, head.size, nodes));
  }
  return bundle;
}

std::uint64_t LogKeeper::DocumentsOf(const Digest& job) const {
  const MutexLock lock(mutex_);
  const auto matter = record_.Find(job);
  return matter.ok() ? charters_.size() + 1 + (*matter)->votes.size() : 0;
}

// ---------------------------------------------------------------- rounds

Status LogKeeper::AppendCommit(const charter::RoundCommit& commit) {
  {
    const MutexLock lock(mutex_);
    ACCORD_ASSIGN_OR_RETURN(const charter::Matter* const matter, record_.Find(commit.job));
    if (commit.round <= matter->commits.size()) return {};
    ACCORD_RETURN_IF_ERROR(hold_.Check());
    ledger::Envelope envelope{std::string(charter::kRoundCommitType), Encode(commit), {}};
    ledger::Sign(envelope, key_, ledger::KeyIdOf(key()));
    const std::string entry = ledger::EncodeEnvelope(envelope);
    ACCORD_RETURN_IF_ERROR(record_.Check(AsBytes(entry), Now()).status());
    const ByteView view = AsBytes(entry);
    ACCORD_RETURN_IF_ERROR(writer_->Append(std::span(&view, 1)).status());
    ACCORD_RETURN_IF_ERROR(record_.Add(view).status());
  }
  options_.signed_head();
  return {};
}

Result<charter::GroupDraw> LogKeeper::DrawOf(const Digest& job) const {
  const MutexLock lock(mutex_);
  ACCORD_ASSIGN_OR_RETURN(const charter::Matter* const matter, record_.Find(job));
  return charter::DrawOf(job, record_.chain()[matter->version], matter->votes);
}

std::uint64_t LogKeeper::RoundsOf(const Digest& job) const {
  const MutexLock lock(mutex_);
  const auto matter = record_.Find(job);
  return matter.ok() ? (*matter)->commits.size() : 0;
}

Result<charter::LoggedCommit> LogKeeper::CommitOf(const Digest& job, std::uint64_t round) const {
  const MutexLock lock(mutex_);
  const auto matter = record_.Find(job);
  if (matter.ok() && round > 0 && round <= (*matter)->commits.size()) return (*matter)->commits[round - 1];
  return Fail(errors::kLogNotFound, "no round " + std::to_string(round) + " of this job is logged");
}

Result<charter::RoundProof> LogKeeper::ProofOf(std::uint64_t index, std::uint64_t from) {
  const MutexLock lock(mutex_);
  ACCORD_ASSIGN_OR_RETURN(const ledger::Checkpoint head, PublishedAfter(from, index));
  ledger::TileReader nodes(head.size, storage_);
  charter::RoundProof proof;
  ACCORD_ASSIGN_OR_RETURN(proof.commit, Logged(nodes, head.size, index));
  proof.checkpoint = writer_->published().Format();
  if (from > 0) {
    ACCORD_ASSIGN_OR_RETURN(proof.consistency, ledger::ProveConsistency(from, head.size, nodes));
  }
  return proof;
}

}  // namespace accord::coordinator
