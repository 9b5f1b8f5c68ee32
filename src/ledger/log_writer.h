// The log itself: appends entries in batches, signs a head for each, and publishes the heads that witnesses
// have cosigned. On the disk is what is served (tile.h), and one file more:
//
//   checkpoint.pending  the last head that was signed. It may be ahead of `checkpoint`, never behind
//
// A batch is written in this order, each file durable before the next: bundles, tiles, checkpoint.pending. So
// whatever was signed has its entries; and since a head is on the disk before anyone hears of it, no crash
// and no failed write makes the log sign two heads that are not continuations of each other. One thread at a
// time, and one writer a directory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/growing_tree.h"
#include "ledger/log_storage.h"
#include "ledger/note.h"
#include "ledger/proof.h"

namespace accord::ledger {

inline constexpr std::string_view kPendingPath = "checkpoint.pending";

class LogWriter {
 public:
  // A new, empty log; `log.exists` when the storage has files of one. Whoever lost a log must not make it
  // anew under its old key: restore it. `storage` and `key` outlive the writer; the origin is a bug unless
  // IsKeyName.
  [[nodiscard]] static Result<LogWriter> Create(LogStorage& storage, std::string origin,
                                                const crypto::Ed25519Key& key);
  // The log as it was when the last one that wrote it ended, however it ended; what a batch left that was
  // never signed is removed. `log.not_found` when there is none, `log.damaged` when its files do not come to
  // the head that was signed; errors of the storage.
  [[nodiscard]] static Result<LogWriter> Open(LogStorage& storage, std::string origin,
                                              const crypto::Ed25519Key& key);

  // Appends all of them or none; the index of the first. After ok they are durable under a new signed head.
  // `log.entry_size` for one that is too long. After a failure of the storage the log is as before; where
  // that cannot be known, it takes nothing more until it is opened again: `log.stopped`.
  [[nodiscard]] Result<std::uint64_t> Append(std::span<const ByteView> entries);

  // The last head, signed by the log: what witnesses are asked to cosign.
  [[nodiscard]] const Note& pending() const { return pending_; }
  [[nodiscard]] TreeHead head() const { return head_; }

  // Publishes a head that pending() once was, with the cosignatures that it got since (TakeCosignatures). If
  // it is out already, the new ones go beside those that it has; if a later one is out, nothing is done.
  // Errors of OpenCheckpoint and of the storage: then the old or the new form is out.
  [[nodiscard]] Status Publish(const Note& head);
  [[nodiscard]] const Note& published() const { return published_; }

 private:
  struct Batch;
  LogWriter(LogStorage& storage, std::string origin, const crypto::Ed25519Key& key);
  [[nodiscard]] Note Sign(const TreeHead& head) const;
  [[nodiscard]] Status Recover();
  [[nodiscard]] Status LoadTree(const TreeHead& head);
  [[nodiscard]] Status RemoveUnsigned();
  [[nodiscard]] Result<Batch> Prepare(std::span<const ByteView> entries) const;
  [[nodiscard]] Status Store(const Batch& batch);

  LogStorage* storage_;
  std::string origin_;
  const crypto::Ed25519Key* key_;
  GrowingTree tree_;
  Bytes bundle_;  // the entries of the last bundle, if it is not full
  TreeHead head_;
  Note pending_, published_;
  std::uint64_t published_size_ = 0;
  bool stopped_ = false;
};

}  // namespace accord::ledger
