#include "coordinator/cosigners.h"

#include <algorithm>
#include <utility>
//
#include <boost/asio/post.hpp>

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

std::uint64_t Cosigners::SizeAt(NodeId node) const {
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? 0 : found->second.size;
}

bool Cosigners::AnyAsked() const {
  return std::ranges::any_of(nodes_, [](const auto& node) { return node.second.turn == Turn::kAsked; });
}

void Cosigners::Ask() {
  std::optional<OpenHead> newest = log_.Head();
  if (!newest) return;
  const MutexLock lock(mutex_);
  if (!head_ || (head_->note.text != newest->note.text && !AnyAsked())) {
    head_ = std::move(newest);
    for (auto& [id, witness] : nodes_) witness.turn = Turn::kIdle, witness.told_size = false;
  }
  for (auto& [id, witness] : nodes_) {
    if (witness.turn == Turn::kIdle) AskOne(id, witness);
  }
}

void Cosigners::AskOne(NodeId id, Witness& witness) {
  witness.turn = Turn::kDone;
  const Result<ledger::Proof> proof = log_.Consistency(witness.size, head_->tree);
  if (!proof.ok())
    return LogError("log.not_continued", {{"node", witness.name}, {"why", Describe(proof.status())}});
  const std::string body =
      ledger::AddCheckpoint{.old_size = witness.size, .proof = *proof, .checkpoint = head_->note}.Format();
  witness.turn = Turn::kAsked;
  sessions_.Send(id, rpc::AddCheckpoint{Bytes(body.begin(), body.end()), head_->charters});
}

void Cosigners::OnAnswer(const rpc::Peer& node, rpc::CheckpointAnswer answer) {
  Later([this, node, answer = std::move(answer)] { Take(node, answer); });
}

void Cosigners::Take(const rpc::Peer& node, const rpc::CheckpointAnswer& answer) {
  std::vector<ledger::NoteSignature> signatures;
  ledger::Note head;
  {
    const MutexLock lock(mutex_);
    const auto found = nodes_.find(node.node);
    if (found == nodes_.end() || found->second.turn != Turn::kAsked) return;
    signatures = Judge(found->second, answer);
    head = head_->note;
  }
  if (!signatures.empty()) {
    if (const Status kept = log_.Cosigned(head, signatures); !kept.ok())
      LogError("log.not_published", {{"why", Describe(kept)}});
  }
  Ask();
}

// What it cosigned, if it did. A witness that has seen another size is asked once more, with the proof from
// there.
std::vector<ledger::NoteSignature> Cosigners::Judge(Witness& witness, const rpc::CheckpointAnswer& answer) {
  witness.turn = Turn::kDone;
  const std::string_view body = AsText(answer.body);
  if (answer.status == static_cast<std::uint32_t>(WitnessVerdict::kConflict) && !witness.told_size) {
    const Result<std::uint64_t> size = ledger::ParseKnownSize(body);
    witness.told_size = true;
    if (size.ok()) {
      witness.size = *size;
      witness.turn = Turn::kIdle;
    }
    return {};
  }
  if (answer.status != static_cast<std::uint32_t>(WitnessVerdict::kCosign)) {
    LogWarn(
        "log.not_cosigned",
        {{"node", witness.name}, {"status", std::to_string(answer.status)}, {"why", Printable(body, 200)}});
    return {};
  }
  auto signatures = ledger::TakeCosignatures(body, head_->note.text, head_->witnesses);
  if (!signatures.ok()) {
    LogWarn("log.not_cosigned", {{"node", witness.name}, {"why", Describe(signatures.status())}});
    return {};
  }
  witness.size = head_->tree.size;
  return *std::move(signatures);
}

}  // namespace accord::coordinator
