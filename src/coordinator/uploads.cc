#include "coordinator/uploads.h"

#include <algorithm>

#include "base/errors.h"

namespace accord::coordinator {
namespace {

class Sink final : public rpc::UploadSink {
 public:
  Sink(std::shared_ptr<Upload> upload, UploadComplete complete)
      : upload_(std::move(upload)), complete_(std::move(complete)) {}
  ~Sink() override {
    SetCut({});
    upload_->busy = false;
  }

  void OnCut(std::function<void(const Status&)> cut) override { SetCut(std::move(cut)); }

  [[nodiscard]] std::uint64_t NextSeq() const override { return upload_->tree.leaves(); }

  Status Put(std::uint64_t seq, std::span<const ByteView> slices) override {
    const std::uint64_t next = NextSeq();
    if (seq < next) return {};
    if (seq > next) {
      return Fail(errors::kUploadOrder,
                  "chunk " + std::to_string(seq) + " came where " + std::to_string(next) + " is awaited");
    }
    if (seq >= rpc::ChunkCount(upload_->words)) {
      return Fail(errors::kUploadTooLong,
                  "a chunk came after the last of " + FormatBytes(upload_->words * 8));
    }
    const std::uint64_t due = rpc::ChunkSize(upload_->words, seq);
    std::uint64_t size = 0;
    for (const ByteView& slice : slices) size += slice.size();
    if (size != due) {
      return Fail(size > due ? errors::kUploadTooLong : errors::kUploadLength,
                  "chunk " + std::to_string(seq) + " has " + std::to_string(size) + " bytes instead of " +
                      std::to_string(due));
    }
    return Store(slices, due);
  }

  void Finish(const Digest& root, std::function<void(Status)> done) override {
    if (NextSeq() != rpc::ChunkCount(upload_->words)) {
      return done(Fail(errors::kUploadLength, "the upload ended after " + std::to_string(NextSeq()) + " of " +
                                                  std::to_string(rpc::ChunkCount(upload_->words)) +
                                                  " chunks"));
    }
    if (upload_->tree.Root() != root) {
      if (!upload_->sealed) Reset();  // nobody knows which chunk is wrong: begin anew
      return done(Fail(errors::kUploadChecksum, "the root of the upload does not match its chunks"));
    }
    upload_->sealed = true;
    complete_(root, std::move(done));
  }

 private:
  void SetCut(std::function<void(const Status&)> cut) {
    const MutexLock lock(upload_->mutex);
    upload_->cut.swap(cut);
  }

  Status Store(std::span<const ByteView> slices, std::uint64_t size) {
    for (const ByteView& slice : slices) {
      if (Status written = upload_->spool->Append(slice); !written.ok()) {
        Reset();  // half a chunk is there
        return written;
      }
      upload_->tree.Update(slice);
    }
    upload_->tree.EndLeaf();
    upload_->bytes += size;
    return {};
  }

  void Reset() {
    upload_->spool->Reset();
    upload_->tree = crypto::MerkleTree();
    upload_->bytes = 0;
  }

  const std::shared_ptr<Upload> upload_;
  const UploadComplete complete_;
};

}  // namespace

void Uploads::Begin(AttemptId attempt, std::uint64_t words) {
  if (attempt_ != attempt || words_ != words) Forget();
  attempt_ = attempt;
  words_ = words;
}

void Uploads::Discard(AttemptId attempt) {
  if (attempt_ == attempt) Forget();
}

void Uploads::Forget() {
  CutAll(Fail(errors::kUploadClosed, "the attempt is over"));
  uploads_.clear();
}

Result<std::shared_ptr<rpc::UploadSink>> Uploads::Open(NodeId node, std::uint64_t words,
                                                       UploadComplete complete) {
  if (words != words_) {
    return Fail(errors::kUploadLength, "the upload announces " + std::to_string(words) +
                                           " words; this attempt takes " + std::to_string(words_));
  }
  std::shared_ptr<Upload>& upload = uploads_[node];
  if (!upload) {
    auto spool = spools_.Take(words * 8);
    if (!spool.ok()) {
      uploads_.erase(node);
      return spool.status();
    }
    upload = std::make_shared<Upload>();
    upload->words = words;
    upload->spool = *std::move(spool);
  }
  if (upload->busy.exchange(true)) return Fail(errors::kUploadBusy, "another stream is writing this upload");
  return std::shared_ptr<rpc::UploadSink>(std::make_shared<Sink>(upload, std::move(complete)));
}

rpc::UploadState Uploads::StateOf(NodeId node) const {
  const auto found = uploads_.find(node);
  if (found == uploads_.end() || found->second->busy) return {};
  const std::uint64_t chunks = found->second->tree.leaves();
  return {chunks, chunks == rpc::ChunkCount(words_)};
}

std::uint64_t Uploads::BytesOf(NodeId node) const {
  const auto found = uploads_.find(node);
  return found == uploads_.end() ? 0 : found->second->bytes.load();
}

std::shared_ptr<store::Spool> Uploads::Complete(NodeId node, const Digest& root) const {
  const auto found = uploads_.find(node);
  const bool complete =
      found != uploads_.end() && found->second->bytes == words_ * 8 && found->second->tree.Root() == root;
  return complete ? std::shared_ptr<store::Spool>(found->second, found->second->spool.get()) : nullptr;
}

void Uploads::Cut(NodeId node, const Status& why) {
  const auto found = uploads_.find(node);
  if (found == uploads_.end()) return;
  std::function<void(const Status&)> cut;
  {
    const MutexLock lock(found->second->mutex);
    cut = found->second->cut;
  }
  if (cut) cut(why);
}

void Uploads::CutAll(const Status& why) {
  for (const auto& [node, upload] : uploads_) {
    if (upload->busy && !upload->sealed) Cut(node, why);
  }
}

std::size_t Uploads::Active() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(uploads_, [](const auto& upload) { return upload.second->busy.load(); }));
}

}  // namespace accord::coordinator
