#include "coordinator/decided_jobs.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "charter/authority.h"
#include "charter/receipt.h"
#include "crypto/spiffe.h"
#include "ledger/dsse.h"

namespace accord::coordinator {
namespace {

Digest IdOf(const JobId& job) { return Digest{job.bytes}; }

bool IsLeftOut(const job::RoundSummary& round, std::uint32_t group) {
  const bool gated = std::ranges::find(round.left_out, group, &round::LeftOut::group) != round.left_out.end();
  return gated || (group < round.groups.size() && round.groups[group].reason != round::Reason::kNone);
}

}  // namespace

// ---------------------------------------------------------------- what nodes are shown

Status DecidedJobs::Show(const JobId& job, const NodeName& node,
                         const std::function<void(std::shared_ptr<const charter::JobBundle>)>& send) {
  return cosigners_.WhenQuiet(node.id, [&](std::uint64_t size) -> Status {
    ACCORD_ASSIGN_OR_RETURN(charter::JobBundle bundle, log_.BundleOf(IdOf(job), size));
    send(std::make_shared<const charter::JobBundle>(std::move(bundle)));
    return {};
  });
}

Status DecidedJobs::ShowRound(const JobId& job, RoundId round, const NodeName& node,
                              const std::function<void(std::shared_ptr<const charter::RoundProof>)>& send) {
  const auto logged = log_.CommitOf(IdOf(job), round.value);
  if (!logged.ok()) return Fail(errors::kLogBehind, logged.status().message());
  const std::vector<std::string>& cohort = logged->commit.cohort;
  const auto place = std::ranges::lower_bound(cohort, node.spiffe_id);
  ledger::Proof path;
  if (place != cohort.end() && *place == node.spiffe_id) {
    ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> receipts, files_.Of(job, round, cohort));
    path = charter::ProveReceipt(receipts, static_cast<std::size_t>(place - cohort.begin()));
  }
  return cosigners_.WhenQuiet(node.id, [&](std::uint64_t size) -> Status {
    ACCORD_ASSIGN_OR_RETURN(charter::RoundProof proof, log_.ProofOf(logged->index, size));
    proof.receipt = std::move(path);
    send(std::make_shared<const charter::RoundProof>(std::move(proof)));
    return {};
  });
}

// ---------------------------------------------------------------- rounds

Status DecidedJobs::CheckReceipt(const JobId& job, RoundId round, const Digest& model_in,
                                 const NodeName& node, const crypto::Ed25519PublicKey& key,
                                 std::uint64_t bytes, ByteView receipt) {
  ACCORD_ASSIGN_OR_RETURN(const ledger::Envelope envelope, ledger::ParseEnvelope(receipt));
  ACCORD_ASSIGN_OR_RETURN(const charter::Receipt parsed, charter::ParseReceipt(envelope.payload));
  ACCORD_RETURN_IF_ERROR(CheckMember(parsed, node));
  if (parsed.bytes.value_or(bytes) != bytes)
    return Fail(errors::kReceiptRefused, "the receipt is of " + std::to_string(*parsed.bytes) +
                                             " bytes, and an update has " + std::to_string(bytes));
  return charter::CheckReceipt(envelope, parsed, {IdOf(job), round.value, model_in}, node.spiffe_id, key);
}

// A node counts for the member whose trust domain it is of, whatever it says.
Status DecidedJobs::CheckMember(const charter::Receipt& receipt, const NodeName& node) const {
  const auto charter = log_.NewestCharter();
  if (!charter) return Fail(errors::kReceiptRefused, "there is no charter");
  ACCORD_ASSIGN_OR_RETURN(const crypto::SpiffeId id, crypto::SpiffeId::Parse(node.spiffe_id));
  ACCORD_ASSIGN_OR_RETURN(const charter::Member* member, charter::MemberOf(*charter, id));
  if (member->id == receipt.member) return {};
  return Fail(errors::kReceiptRefused, "a node of " + member->id + " signed for " + receipt.member);
}

std::uint64_t DecidedJobs::LoggedRounds(const JobId& job) { return log_.RoundsOf(IdOf(job)); }

Result<DecidedJobs::Round> DecidedJobs::MakeCommit(const JobId& job, const job::RoundSummary& round) const {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<KeptReceipts> groups, files_.FindAll(job, round.round));
  Round out{.commit = {.job = IdOf(job), .round = round.round.value, .model_out = round.model_hash}};
  std::map<std::string, std::string> taken;
  for (const KeptReceipts& group : groups) {
    out.commit.model_in = group.model_in;
    auto& dropped = out.commit.dropped;
    dropped.insert(dropped.end(), group.dropped.begin(), group.dropped.end());
    const bool left_out = IsLeftOut(round, group.group);
    if (left_out) dropped.insert(dropped.end(), group.nodes.begin(), group.nodes.end());
    for (std::size_t i = 0; !left_out && i < group.nodes.size(); ++i)
      taken[group.nodes[i]] = group.receipts[i];
  }
  std::ranges::sort(out.commit.dropped);
  for (auto& [name, receipt] : taken) {
    out.commit.cohort.push_back(name);
    out.receipts.push_back(std::move(receipt));
  }
  if (taken.empty())
    return Fail(errors::kStoreCorrupt,
                "nobody's receipt counts in round " + std::to_string(round.round.value));
  out.commit.receipts_root = charter::ReceiptsRoot(out.receipts);
  out.commit.time = static_cast<charter::UnixSeconds>(
      std::chrono::duration_cast<std::chrono::seconds>(round.closed.time_since_epoch()).count());
  return out;
}

void DecidedJobs::LogRound(const JobId& job, const job::RoundSummary& round,
                           const std::optional<Digest>& group_seed) {
  boost::asio::post(workers_, [this, job, round, group_seed] {
    auto made = MakeCommit(job, round);
    if (made.ok()) made->commit.group_seed = group_seed;
    const Status logged = made.ok() ? log_.AppendCommit(made->commit) : made.status();
    if (logged.ok()) return;
    LogError("round.not_logged",
             {{"job", job.Hex()}, {"round", std::to_string(round.round.value)}, {"why", Describe(logged)}});
  });
}

}  // namespace accord::coordinator
