// The uploads of one attempt at the coordinator: a spool and a tree a node. The table is touched on the job's
// strand only; the bytes of one upload by the one stream that holds its sink, on gRPC threads.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>

#include "base/mutex.h"
#include "crypto/merkle.h"
#include "round/round.h"
#include "rpc/handlers.h"
#include "store/spool.h"

namespace accord::coordinator {

// One node's upload. `busy` while a stream holds it.
struct Upload {
  std::uint64_t words = 0;
  std::unique_ptr<store::Spool> spool;
  crypto::MerkleTree tree;
  std::atomic<std::uint64_t> bytes{0};  // received so far, for views
  std::atomic<bool> busy{false};
  std::atomic<bool> sealed{false};  // its root was taken: nothing changes it any more
  Mutex mutex;
  std::function<void(const Status&)> cut ACCORD_GUARDED_BY(mutex);  // ends the stream that holds it
};

// Called by a sink when all chunks are in, with their root; answers when the event is journalled.
using UploadComplete = std::function<void(const Digest& root, std::function<void(Status)> done)>;

class Uploads {
 public:
  explicit Uploads(store::SpoolPool& spools) : spools_(spools) {}

  // Begins attempt `attempt`: every upload of another one is forgotten.
  void Begin(AttemptId attempt, std::uint64_t words);
  // Forgets the uploads of this attempt.
  void Discard(AttemptId attempt);

  // A sink for this node's upload, new or where it stopped. `upload.length`, `upload.busy`,
  // `store.disk_full`.
  [[nodiscard]] Result<std::shared_ptr<rpc::UploadSink>> Open(NodeId node, std::uint64_t words,
                                                              UploadComplete complete);
  // Where a node's upload stands; nothing yet is {0, false}.
  [[nodiscard]] rpc::UploadState StateOf(NodeId node) const;
  [[nodiscard]] std::uint64_t BytesOf(NodeId node) const;
  // The spool of the complete upload with this root, or nullptr (lost with a restart, or not what was
  // journalled). Lives on when the attempt is forgotten.
  [[nodiscard]] std::shared_ptr<store::Spool> Complete(NodeId node, const Digest& root) const;
  [[nodiscard]] std::uint64_t words() const { return words_; }
  // Whether they come by slots and are watched; smaller ones cannot pile up, and are whole at once or not at
  // all.
  [[nodiscard]] bool large() const { return words_ * 8 > (1U << 20); }
  [[nodiscard]] AttemptId attempt() const { return attempt_; }
  // Ends the stream that writes this node's upload, if there is one; what has arrived stays.
  void Cut(NodeId node, const Status& why);
  // Ends every stream: no upload is awaited any more. Those that are whole get their answer.
  void CutAll(const Status& why);
  // Uploads that a stream is writing now.
  [[nodiscard]] std::size_t Active() const;

 private:
  void Forget();

  store::SpoolPool& spools_;
  AttemptId attempt_;
  std::uint64_t words_ = 0;
  std::map<NodeId, std::shared_ptr<Upload>> uploads_;
};

}  // namespace accord::coordinator
