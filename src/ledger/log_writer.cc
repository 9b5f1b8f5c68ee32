#include "ledger/log_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/errors.h"
#include "crypto/merkle.h"
#include "ledger/log_reader.h"
#include "ledger/tile.h"

namespace accord::ledger {
namespace {

// What AtomicFile calls a file that is not yet whole.
constexpr std::string_view kTemporary = ".tmp.";

Status Damaged(const std::string& why) { return Fail(errors::kLogDamaged, "the log is damaged: " + why); }

// The signed head in a file of the log; nullopt when there is no such file.
Result<std::optional<Note>> ReadHead(LogStorage& storage, std::string_view path) {
  const Result<Bytes> bytes = storage.Read(std::string(path));
  if (!bytes.ok() && bytes.status().error() == errors::kLogNotFound.id) return std::optional<Note>();
  if (!bytes.ok()) return bytes.status();
  ACCORD_ASSIGN_OR_RETURN(Note note, Note::Parse(AsText(*bytes)));
  return std::optional(std::move(note));
}

// Whether the tree of `size` has all of this tile.
bool Has(std::uint64_t size, const Tile& tile) {
  const std::optional<Tile> widest = TileAt(size, tile.level, tile.index);
  return widest && tile.width <= widest->width;
}

}  // namespace

// What Append is about to write, and the state after it.
struct LogWriter::Batch {
  GrowingTree tree;
  Bytes bundle;
  std::vector<TileFile> files;  // bundles, then tiles
};

LogWriter::LogWriter(LogStorage& storage, std::string origin, const crypto::Ed25519Key& key)
    : storage_(&storage), origin_(std::move(origin)), key_(&key) {}

Note LogWriter::Sign(const TreeHead& head) const {
  Note note{
      .text = Checkpoint{.origin = origin_, .size = head.size, .root = head.root, .extensions = {}}.Format(),
      .signatures = {}};
  note.signatures.push_back(SignAsLog(origin_, *key_, note.text));
  return note;
}

Result<LogWriter> LogWriter::Create(LogStorage& storage, std::string origin, const crypto::Ed25519Key& key) {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> files, storage.List());
  const auto of_a_log = [](const std::string& path) {
    return path.find(kTemporary) == path.npos &&
           (path.starts_with(kCheckpointPath) || path.starts_with("tile/"));
  };
  if (std::ranges::any_of(files, of_a_log)) return Fail(errors::kLogExists, "there is a log in this place");
  LogWriter log(storage, std::move(origin), key);
  log.pending_ = log.Sign(log.head_);
  ACCORD_RETURN_IF_ERROR(storage.Write(std::string(kPendingPath), AsBytes(log.pending_.Format())));
  ACCORD_RETURN_IF_ERROR(log.Publish(log.pending_));
  return log;
}

Result<LogWriter> LogWriter::Open(LogStorage& storage, std::string origin, const crypto::Ed25519Key& key) {
  LogWriter log(storage, std::move(origin), key);
  ACCORD_RETURN_IF_ERROR(log.Recover());
  return log;
}

Status LogWriter::Recover() {
  ACCORD_ASSIGN_OR_RETURN(std::optional<Note> pending, ReadHead(*storage_, kPendingPath));
  ACCORD_ASSIGN_OR_RETURN(std::optional<Note> published, ReadHead(*storage_, kCheckpointPath));
  if (!pending && !published) return Fail(errors::kLogNotFound, "there is no log in this place");
  if (!pending) return Damaged("its last signed head is gone");
  const VerifierKey key = LogKey(origin_, key_->PublicKey());
  ACCORD_ASSIGN_OR_RETURN(const Checkpoint last, OpenCheckpoint(*pending, key));
  ACCORD_RETURN_IF_ERROR(LoadTree({.size = last.size, .root = last.root}));
  pending_ = *std::move(pending);
  // It is there, but perhaps not yet for good, if the write before this was cut short.
  ACCORD_RETURN_IF_ERROR(storage_->Write(std::string(kPendingPath), AsBytes(pending_.Format())));
  ACCORD_RETURN_IF_ERROR(RemoveUnsigned());
  if (!published) return Publish(pending_);  // a log that was about to be made
  ACCORD_ASSIGN_OR_RETURN(const Checkpoint before, OpenCheckpoint(*published, key));
  if (before.size > last.size)
    return Damaged("the head that was published is later than the last that was signed");
  TileReader nodes(last.size, *storage_);
  ACCORD_ASSIGN_OR_RETURN(const Digest root, RootOf(before.size, nodes));
  if (root != before.root) return Damaged("the head that was published is of another tree");
  published_ = *std::move(published);
  published_size_ = before.size;
  return {};
}

// Tree and last bundle of this head.
Status LogWriter::LoadTree(const TreeHead& head) {
  ACCORD_ASSIGN_OR_RETURN(tree_, GrowingTree::Load(head.size, *storage_));
  if (tree_.Head() != head) return Damaged("its tiles do not come to the root of its last head");
  head_ = head;
  const std::optional<Tile> last = TileAt(head.size, std::nullopt, head.size / kTileWidth);
  if (!last) return {};
  ACCORD_ASSIGN_OR_RETURN(const std::vector<Bytes> entries, ReadEntries(*storage_, *last));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<Digest> leaves,
                          ReadHashes(*storage_, {0, last->index, last->width}));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (crypto::MerkleLeaf(entries[i]) != leaves[i])
      return Damaged("its last entries are not those of its tree");
    ACCORD_RETURN_IF_ERROR(AppendEntry(bundle_, entries[i]));
  }
  return {};
}

// What a batch wrote whose head was never signed, files that never became whole, and partial tiles whose
// full ones are there.
Status LogWriter::RemoveUnsigned() {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> paths, storage_->List());
  for (const std::string& path : paths) {
    const Result<Tile> tile = Tile::Parse(path);
    const bool stale =
        tile.ok() ? !Has(head_.size, *tile) ||
                        (tile->width < kTileWidth && Has(head_.size, {tile->level, tile->index, kTileWidth}))
                  : path.find(kTemporary) != path.npos;
    if (stale) ACCORD_RETURN_IF_ERROR(storage_->Remove(path));
  }
  return {};
}

Result<LogWriter::Batch> LogWriter::Prepare(std::span<const ByteView> entries) const {
  Batch batch{.tree = tree_, .bundle = bundle_, .files = {}};
  const auto emit = [&batch](unsigned width) {
    const std::uint64_t index = (batch.tree.size() - 1) / kTileWidth;
    batch.files.push_back({.tile = {std::nullopt, index, width}, .content = batch.bundle});
  };
  for (const ByteView entry : entries) {
    ACCORD_RETURN_IF_ERROR(AppendEntry(batch.bundle, entry));
    batch.tree.Add(crypto::MerkleLeaf(entry));
    if (batch.tree.size() % kTileWidth != 0) continue;
    emit(kTileWidth);
    batch.bundle.clear();
  }
  if (const auto width = static_cast<unsigned>(batch.tree.size() % kTileWidth); width != 0) emit(width);
  std::ranges::move(batch.tree.TakeTiles(), std::back_inserter(batch.files));
  return batch;
}

// Writes the files of a batch, or leaves none of them.
Status LogWriter::Store(const Batch& batch) {
  for (std::size_t i = 0; i < batch.files.size(); ++i) {
    const Status written = storage_->Write(batch.files[i].tile.Path(), batch.files[i].content);
    if (written.ok()) continue;
    for (std::size_t j = i + 1; j-- > 0;) {
      stopped_ = !storage_->Remove(batch.files[j].tile.Path()).ok() || stopped_;
    }
    return written;
  }
  return {};
}

Result<std::uint64_t> LogWriter::Append(std::span<const ByteView> entries) {
  if (stopped_)
    return Fail(errors::kLogStopped, "a write of the log failed, and what is on the disk is not known");
  const std::uint64_t first = head_.size;
  if (entries.empty()) return first;
  ACCORD_ASSIGN_OR_RETURN(Batch batch, Prepare(entries));
  ACCORD_RETURN_IF_ERROR(Store(batch));
  const TreeHead head = batch.tree.Head();
  Note signed_head = Sign(head);
  if (const Status written = storage_->Write(std::string(kPendingPath), AsBytes(signed_head.Format()));
      !written.ok()) {
    stopped_ = true;  // the head may be on the disk: another of its size must not be signed
    return written;
  }
  tree_ = std::move(batch.tree);
  bundle_ = std::move(batch.bundle);
  head_ = head;
  pending_ = std::move(signed_head);
  for (const TileFile& file : batch.files) {  // as far as it goes: what is left, Open removes
    if (file.tile.width == kTileWidth) (void)storage_->Remove(file.tile.Path() + ".p");
  }
  return first;
}

Status LogWriter::Publish(const Note& head) {
  ACCORD_ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                          OpenCheckpoint(head, LogKey(origin_, key_->PublicKey())));
  if (checkpoint.size > head_.size) return Damaged("its key has signed a head that is later than its last");
  if (checkpoint.size < published_size_) return {};
  Note note = head;
  const auto is_new = [&head](const NoteSignature& old) {
    return std::ranges::none_of(head.signatures, [&old](const NoteSignature& signature) {
      return signature.name == old.name && signature.key_id == old.key_id;
    });
  };
  if (published_.text == head.text)
    std::ranges::copy_if(published_.signatures, std::back_inserter(note.signatures), is_new);
  ACCORD_RETURN_IF_ERROR(storage_->Write(std::string(kCheckpointPath), AsBytes(note.Format())));
  published_ = std::move(note);
  published_size_ = checkpoint.size;
  return {};
}

}  // namespace accord::ledger
