// Where members decide: what nodes sign of their parts in a round, and the round in the log before the next
// one begins (governance.md b, f).
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/errors.h"
#include "base/log.h"
#include "coordinator/decisions.h"
#include "coordinator/job_runner.h"
#include "coordinator/submission.h"

namespace accord::coordinator {

bool JobRunner::decided() const { return IsDecided(input_.submission) && services_.decisions != nullptr; }

// Of one that is not connected any more, from the newest registry; "" when it is in none.
std::string JobRunner::SpiffeIdOf(NodeId node) const {
  const auto known = nodes_.find(node);
  if (known != nodes_.end() && !known->second.spiffe_id.empty()) return known->second.spiffe_id;
  const auto registry = services_.registries.Newest();
  const auto vouched = std::ranges::find_if(
      registry->vouched, [&](const secagg::VouchedEntry& one) { return one.entry.id == node; });
  return vouched == registry->vouched.end() ? "" : vouched->identity.Format();
}

// ---------------------------------------------------------------- receipts

void JobRunner::OnReceipt(Lane& lane, const rpc::Peer& node, const rpc::RoundReceipt& message) {
  const job::OpenRound* open = RoundOf(lane);
  if (!decided() || open == nullptr || open->plan.round != message.round) return;
  const auto registry = services_.registries.Newest();
  const secagg::RegistryEntry* entry = registry->registry.Find(node.node);
  const Status good = entry == nullptr
                          ? Fail(errors::kReceiptRefused, "the registry has no key of its node")
                          : services_.decisions->CheckReceipt(id(), message.round, open->plan.model_hash,
                                                              {node.node, node.spiffe_id}, entry->key,
                                                              lane.uploads.words() * 8, message.receipt);
  if (good.ok()) {
    lane.receipts[node.node] = {message.round, message.attempt, node.spiffe_id,
                                std::string(AsText(message.receipt))};
    return;
  }
  LogLine({.time = Now(),
           .round = message.round,
           .node = node.name,
           .event = "receipt.refused",
           .text = Describe(good)});
}

// No update counts without one.
Status JobRunner::CheckHasReceipt(const Lane& lane, NodeId node, AttemptId attempt) const {
  const job::OpenRound* open = RoundOf(lane);
  if (!decided() || open == nullptr || open->plan.purpose == round::Purpose::kEvaluate) return {};
  const auto found = lane.receipts.find(node);
  if (found != lane.receipts.end() && found->second.round == open->plan.round &&
      found->second.attempt == attempt)
    return {};
  return Fail(errors::kReceiptRefused, "no receipt for this attempt came before the update");
}

// Those of the sum that the nodes are to check now; none where there are none to keep.
std::optional<KeptReceipts> JobRunner::ReceiptsOf(const Lane& lane) const {
  const job::OpenRound* open = RoundOf(lane);
  const auto* commit = open == nullptr ? nullptr : std::get_if<round::Commit>(&open->state);
  if (!decided() || commit == nullptr || open->plan.purpose == round::Purpose::kEvaluate) return std::nullopt;
  KeptReceipts kept{.job = id(),
                    .round = open->plan.round,
                    .attempt = commit->attempt.id,
                    .group = lane.group,
                    .model_in = open->plan.model_hash};
  std::map<std::string, std::string> by_name;
  for (const auto& [node, upload] : commit->uploads) {
    const auto receipt = lane.receipts.find(node);
    if (receipt == lane.receipts.end() || receipt->second.round != kept.round ||
        receipt->second.attempt != kept.attempt)
      return std::nullopt;  // after a restart: kept before it, or lost
    by_name[receipt->second.spiffe_id] = receipt->second.envelope;
  }
  for (auto& [name, envelope] : by_name) {
    kept.nodes.push_back(name);
    kept.receipts.push_back(std::move(envelope));
  }
  for (const NodeId& node : commit->members.cohort) {
    const std::string name = commit->uploads.contains(node) ? "" : SpiffeIdOf(node);
    if (!name.empty()) kept.dropped.push_back(name);
  }
  std::ranges::sort(kept.dropped);
  return kept;
}

// After a restart in p7: whether those of this very sum were kept.
bool JobRunner::HasKeptReceipts(const Lane& lane) const {
  const job::OpenRound* open = RoundOf(lane);
  const auto* commit = open == nullptr ? nullptr : std::get_if<round::Commit>(&open->state);
  if (!decided() || commit == nullptr || open->plan.purpose == round::Purpose::kEvaluate) return true;
  const auto kept = services_.decisions->Kept(id(), open->plan.round, lane.group);
  if (!kept.ok() || kept->attempt != commit->attempt.id || kept->model_in != open->plan.model_hash)
    return false;
  std::vector<std::string> names;
  for (const auto& [node, upload] : commit->uploads) names.push_back(SpiffeIdOf(node));
  std::ranges::sort(names);
  return names == kept->nodes;
}

// ---------------------------------------------------------------- the log

// Only of what is on the disk: the log cannot take anything back.
void JobRunner::LogRounds() {
  if (!decided()) return;
  const std::vector<job::RoundSummary>& history = job::HistoryOf(driver_->state());
  const auto wanted = [this](const job::RoundSummary& round) {
    return round.committed && round.purpose == round::Purpose::kTrain && round.round.value > logged_rounds_;
  };
  if (std::ranges::none_of(history, wanted)) return;
  logged_rounds_ = services_.decisions->LoggedRounds(id());
  for (const job::RoundSummary& round : history) {
    if (wanted(round)) services_.decisions->LogRound(id(), round, GroupSeed(round.round));
  }
}

// A round begins once the one before it is logged and witnessed; until then the node is not told.
void JobRunner::TellLogged(NodeId node, rpc::Train message) {
  const Status shown =
      services_.decisions->ShowRound(id(), {message.round.value - 1}, {node, SpiffeIdOf(node)},
                                     [&](std::shared_ptr<const charter::RoundProof> proof) {
                                       message.logged = std::move(proof);
                                       nodes_[node].told = true;
                                       services_.sessions.Send(node, std::move(message));
                                     });
  if (shown.ok()) return;
  LogInfo("round.not_offered", {{"job", name()}, {"node", NameOf(node)}, {"why", Describe(shown)}});
}

void JobRunner::ShowDecision(NodeId node, rpc::Prepare message) {
  if (services_.decisions != nullptr) nodes_[node].documents = services_.decisions->DocumentsOf(id());
  const Status shown = services_.decisions == nullptr
                           ? Fail(errors::kLogBehind, "this coordinator has no log")
                           : services_.decisions->Show(id(), {node, SpiffeIdOf(node)},
                                                       [&](std::shared_ptr<const charter::JobBundle> bundle) {
                                                         message.bundle = std::move(bundle);
                                                         services_.sessions.Send(node, std::move(message));
                                                       });
  if (shown.ok()) return;
  nodes_[node].declined.clear();  // what it said was of an older offer; this one is still to be made
  LogInfo("job.not_offered", {{"job", name()}, {"node", NameOf(node)}, {"why", Describe(shown)}});
}

// The log has moved on, for this node or (none) for all: who waited for that is told again; who declined,
// once there is more to show than then.
void JobRunner::OfferDecided(std::optional<NodeId> only) {
  Post([only](JobRunner& self) {
    if (!self.decided()) return;
    self.LogRounds();
    const std::uint64_t documents = self.services_.decisions->DocumentsOf(self.id());
    const Digest registry = self.services_.registries.Newest()->hash;
    for (const auto& [id, node] : self.nodes_) {
      if (!node.connected || self.LaneOf(id) == nullptr || (only && id != *only)) continue;
      if (node.prepared && self.secure() != SecureMode::kOff && node.registry != registry) {
        self.Prepare(id);  // under a charter it pins the newest then, and masks with who has joined
      } else if (node.prepared) {
        self.Tell(id);
      } else if (node.declined.empty() || node.declined.starts_with("log.") || node.documents != documents) {
        self.Prepare(id);
      }
    }
  });
}

}  // namespace accord::coordinator
