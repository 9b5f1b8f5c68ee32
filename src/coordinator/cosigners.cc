#include "coordinator/cosigners.h"

#include <algorithm>
#include <utility>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "ledger/witness.h"

namespace accord::coordinator {

using ledger::WitnessVerdict;

void Cosigners::Later(std::function<void()> work) { boost::asio::post(workers_, std::move(work)); }

void Cosigners::OnNodeUp(const rpc::Peer& node) {
  {
    const MutexLock lock(mutex_);
    nodes_[node.node] = {.name = node.name};
  }
  Later([this] { Ask(); });
}

void Cosigners::OnNodeDown(const rpc::Peer& node) {
  {
    const MutexLock lock(mutex_);
    nodes_.erase(node.node);
  }
  Later([this] { Ask(); });
}

Status Cosigners::WhenQuiet(NodeId node, const std::function<Status(std::uint64_t size)>& work) {
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return Fail(errors::kLogBehind, "the node is not connected");
  if (found->second.asked || !found->second.heard)
    return Fail(errors::kLogBehind, "the node is being asked to cosign the log");
  return work(found->second.size);
}

// Whether the head that is out needs nothing more of anybody.
bool Cosigners::IsSettled() const {
  const auto awaited = [this](const auto& node) { return node.second.asked == head_; };
  return log_.IsPublished(head_->note) || std::ranges::none_of(nodes_, awaited);
}

void Cosigners::Ask() {
  std::optional<OpenHead> newest = log_.Head();
  if (!newest) return;
  const MutexLock lock(mutex_);
  if (!head_ || (head_->note.text != newest->note.text && IsSettled()))
    head_ = std::make_shared<const OpenHead>(*std::move(newest));
  for (auto& [id, witness] : nodes_) {
    if (!witness.asked && witness.heard != head_) AskOne(id, witness);
  }
}

void Cosigners::AskOne(NodeId id, Witness& witness) {
  if (witness.heard) witness.told_size = false;
  witness.heard = head_;  // unless it can be asked
  const Result<ledger::Proof> proof = log_.Consistency(witness.size, head_->tree);
  if (!proof.ok())
    return LogError("log.not_continued", {{"node", witness.name}, {"why", Describe(proof.status())}});
  const std::string body =
      ledger::AddCheckpoint{.old_size = witness.size, .proof = *proof, .checkpoint = head_->note}.Format();
  witness.asked = head_;
  sessions_.Send(id, rpc::AddCheckpoint{Bytes(body.begin(), body.end()), head_->charters});
}

void Cosigners::OnAnswer(const rpc::Peer& node, rpc::CheckpointAnswer answer) {
  Later([this, node, answer = std::move(answer)] { Take(node, answer); });
}

void Cosigners::Take(const rpc::Peer& node, const rpc::CheckpointAnswer& answer) {
  std::vector<ledger::NoteSignature> signatures;
  HeadRef head;
  {
    const MutexLock lock(mutex_);
    const auto found = nodes_.find(node.node);
    if (found == nodes_.end() || !found->second.asked) return;
    head = found->second.heard = std::exchange(found->second.asked, nullptr);
    signatures = Judge(found->second, head, answer);
    if (head != head_) signatures.clear();  // too late: that one is out without it
  }
  if (!signatures.empty()) {
    if (const Status kept = log_.Cosigned(head->note, signatures); !kept.ok())
      LogError("log.not_published", {{"why", Describe(kept)}});
  }
  Ask();
  answered_(node.node);
}

// What it cosigned, if it did. A witness that has seen another size is asked once more, with the proof from
// there.
std::vector<ledger::NoteSignature> Cosigners::Judge(Witness& witness, const HeadRef& head,
                                                    const rpc::CheckpointAnswer& answer) {
  const std::string_view body = AsText(answer.body);
  if (answer.status == static_cast<std::uint32_t>(WitnessVerdict::kConflict) && !witness.told_size) {
    const Result<std::uint64_t> size = ledger::ParseKnownSize(body);
    witness.told_size = true;
    if (size.ok()) {
      witness.size = *size;
      witness.heard = nullptr;
    }
    if (size.ok() && *size > head->tree.size) {
      LogError("log.witness_ahead",
               {{"node", witness.name},
                {"cosigned", std::to_string(*size)},
                {"entries", std::to_string(head->tree.size)},
                {"why", "the log here is older than what this node has cosigned"},
                {"fix", "stop accordd and restore with the newest copy of the log: accordd restore --log"}});
    }
    return {};
  }
  if (answer.status != static_cast<std::uint32_t>(WitnessVerdict::kCosign)) {
    LogWarn(
        "log.not_cosigned",
        {{"node", witness.name}, {"status", std::to_string(answer.status)}, {"why", Printable(body, 200)}});
    return {};
  }
  auto signatures = ledger::TakeCosignatures(body, head->note.text, head->witnesses);
  if (!signatures.ok()) {
    LogWarn("log.not_cosigned", {{"node", witness.name}, {"why", Describe(signatures.status())}});
    return {};
  }
  witness.size = head->tree.size;
  return *std::move(signatures);
}

}  // namespace accord::coordinator
