#include "cli/seen_log.h"

#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "cli/context_store.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "ledger/proof.h"
#include "ledger/witness.h"

namespace accord::cli {
namespace {

ledger::TreeHead TreeOf(std::span<const Bytes> entries) {
  ledger::GrowingTree tree;
  for (const Bytes& entry : entries) tree.Add(crypto::MerkleLeaf(entry));
  return tree.Head();
}

}  // namespace

Result<SeenLog> SeenLog::Open(const Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const std::string name, session.ContextName());
  if (name.empty()) return Fail(errors::kContextNone, "No context is in force.");
  ACCORD_ASSIGN_OR_RETURN(const std::filesystem::path home, session.Home());
  SeenLog seen(home / "logs" / name);
  ACCORD_RETURN_IF_ERROR(seen.Load());
  return seen;
}

Status SeenLog::Load() {
  std::error_code ignored;
  if (!std::filesystem::exists(HeadFile(), ignored)) return {};
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(HeadFile(), ledger::kMaxNoteBytes));
  text_ = std::string(AsText(bytes));
  const auto note = ledger::Note::Parse(text_);
  const auto head = note.ok() ? ledger::Checkpoint::Parse(note->text) : note.status();
  if (!head.ok()) {
    return Fail(errors::kStoreCorrupt, HeadFile().string() + " is no head of a log",
                "Remove it; the log is not held to what was seen before then.");
  }
  head_ = *head;
  return {};
}

Status SeenLog::Check(const ledger::Note& note, const ledger::Checkpoint& head,
                      std::span<const Bytes> entries, ledger::FileSource& files) const {
  if (!head_) return {};
  if (head.origin != head_->origin) {
    return Fail(errors::kCheckpointOrigin,
                "this context knows the log " + Printable(head_->origin, 100) + ", and was shown " +
                    Printable(head.origin, 100),
                "If it is of another federation now, remove " + directory_.string());
  }
  const bool shorter = head.size < head_->size;
  if (!shorter && RootThen(head, entries) == head_->root) return {};
  const auto evidence = KeepEvidence(note, head, entries, files);
  const std::string sizes = "it had " + std::to_string(head_->size) +
                            " entries when it was seen last, and has " + std::to_string(head.size);
  std::string hint = "Tell the other members, and give them " + evidence.string() +
                     ".*: heads that contradict each other, as the log signed them. Once they have decided, "
                     "remove " +
                     HeadFile().string();
  return shorter ? Fail(errors::kLogRollback, "the log goes back: " + sizes, std::move(hint))
                 : Fail(errors::kLogSplit,
                        "the log contradicts what was seen of it: " + sizes + ", and they are not the same",
                        std::move(hint));
}

Digest SeenLog::RootThen(const ledger::Checkpoint& head, std::span<const Bytes> entries) const {
  return head.size == head_->size ? head.root : TreeOf(entries.first(head_->size)).root;
}

// Where it cannot be written, the refusal alone says it.
std::filesystem::path SeenLog::KeepEvidence(const ledger::Note& note, const ledger::Checkpoint& head,
                                            std::span<const Bytes> entries, ledger::FileSource& files) const {
  const std::string shown = note.Format();
  const auto file = directory_ / "evidence" / crypto::Sha256::Of(shown).Hex().substr(0, 16);
  const auto keep = [&](const char* kind, const std::string& text) {
    (void)WriteFileAtomic(file.string() + kind, AsBytes(text), FileMode::kPrivate);
  };
  (void)MakePrivateDirectories(file.parent_path());
  keep(".known", text_);
  keep(".shown", shown);
  if (head.size <= head_->size || head_->size == 0) return file;  // the heads alone say it
  ledger::TileReader nodes(head.size, files);
  auto proof = ledger::ProveConsistency(head_->size, head.size, nodes);
  const ledger::TreeHead then{head_->size, RootThen(head, entries)}, newer{head.size, head.root};
  if (proof.ok() && VerifyConsistency(then, newer, *proof))
    keep(".proof", ledger::AddCheckpoint{head_->size, *std::move(proof), note}.Format());
  return file;
}

void SeenLog::Remember(const ledger::Note& note, const ledger::Checkpoint& head, Session& session) const {
  const Result<SeenLog> now = Open(session);  // another command may have seen more
  if (now.ok() && now->head_ && now->head_->size >= head.size) return;
  Status kept = MakePrivateDirectories(directory_);
  if (kept.ok()) kept = WriteFileAtomic(HeadFile(), AsBytes(note.Format()), FileMode::kPrivate);
  if (!kept.ok()) session.printer().Warn("the head of the log is not remembered: " + Describe(kept));
}

}  // namespace accord::cli
