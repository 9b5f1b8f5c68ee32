#include "dataset/verify.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/walk.h"
#include "crypto/sha256.h"
#include "ledger/strict_json.h"

namespace accord::dataset {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

Result<Digest> HashOf(FileWalk& walk) {
  crypto::Sha256 hash;
  ACCORD_RETURN_IF_ERROR(walk.Read([&](ByteView piece) {
    hash.Update(piece);
    return Status();
  }));
  return hash.Finish();
}

// A directory beside its manifest, both in the order of paths.
class Comparison {
 public:
  Comparison(FileWalk walk, ManifestReader manifest, std::optional<std::vector<std::uint64_t>> chosen,
             const Progress& progress)
      : walk_(std::move(walk)),
        manifest_(std::move(manifest)),
        chosen_(std::move(chosen)),
        progress_(progress) {}

  Result<Verification> Run() {
    ACCORD_RETURN_IF_ERROR(NextFile());
    ACCORD_RETURN_IF_ERROR(NextEntry());
    while (file_ || entry_) {
      if (!entry_ || (file_ && file_->path < entry_->path)) {
        Note(Difference::Kind::kAdded, file_->path);
        ACCORD_RETURN_IF_ERROR(NextFile());
      } else if (!file_ || entry_->path < file_->path) {
        Note(Difference::Kind::kMissing, entry_->path);
        ACCORD_RETURN_IF_ERROR(NextEntry());
      } else {
        ACCORD_RETURN_IF_ERROR(Compare());
        ACCORD_RETURN_IF_ERROR(NextFile());
        ACCORD_RETURN_IF_ERROR(NextEntry());
      }
    }
    return std::move(found_);
  }

 private:
  Status NextFile() {
    ACCORD_ASSIGN_OR_RETURN(file_, walk_.Next());
    return {};
  }
  Status NextEntry() {
    if (entry_) ++found_.files;
    ACCORD_ASSIGN_OR_RETURN(entry_, manifest_.Next());
    return {};
  }
  // Whether this entry's content is to be read. Asked once an entry, ascending.
  bool IsChosen() {
    if (!chosen_) return true;
    while (next_ < chosen_->size() && (*chosen_)[next_] < found_.files) ++next_;
    return next_ < chosen_->size() && (*chosen_)[next_] == found_.files;
  }
  Status Compare() {
    if (file_->size != entry_->size) {
      Note(Difference::Kind::kSize, file_->path);
      return {};
    }
    if (!IsChosen()) return {};
    ACCORD_ASSIGN_OR_RETURN(const Digest content, HashOf(walk_));
    if (content != entry_->content) Note(Difference::Kind::kContent, file_->path);
    ++found_.read;
    found_.bytes += file_->size;
    if (progress_) progress_(found_.read, found_.bytes);
    return {};
  }
  void Note(Difference::Kind kind, const std::string& path) {
    ++found_.differences;
    if (found_.named.size() < kMaxNamedDifferences) found_.named.push_back({kind, path});
  }

  FileWalk walk_;
  ManifestReader manifest_;
  std::optional<std::vector<std::uint64_t>> chosen_;
  const Progress& progress_;
  std::optional<WalkedFile> file_;
  std::optional<ManifestEntry> entry_;
  std::size_t next_ = 0;  // of chosen_
  Verification found_;    // its files: the entries before this one
};

}  // namespace

Result<Commitment> WriteManifest(const std::filesystem::path& directory,
                                 const std::filesystem::path& manifest, const std::function<Salt()>& salt,
                                 const Progress& progress) {
  ACCORD_ASSIGN_OR_RETURN(FileWalk walk, FileWalk::Open(directory));
  ACCORD_ASSIGN_OR_RETURN(AtomicFile out, AtomicFile::Create(manifest, FileMode::kPrivate));
  std::string lines(kManifestHead);
  Committer committer;
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const std::optional<WalkedFile> file, walk.Next());
    if (!file) break;
    ManifestEntry entry{.path = file->path, .size = file->size, .salt = salt()};
    ACCORD_ASSIGN_OR_RETURN(entry.content, HashOf(walk));
    ACCORD_RETURN_IF_ERROR(committer.Add(entry));
    lines += FormatEntry(entry);
    if (lines.size() >= kBufferBytes) {
      ACCORD_RETURN_IF_ERROR(out.Write(AsBytes(lines)));
      lines.clear();
    }
    if (progress) progress(committer.commitment().files, committer.commitment().bytes);
  }
  if (committer.commitment().files == 0)
    return Fail(errors::kDatasetEmpty, directory.string() + " has no file");
  ACCORD_RETURN_IF_ERROR(out.Write(AsBytes(lines)));
  ACCORD_RETURN_IF_ERROR(out.Commit());
  return committer.commitment();
}

Result<Signed> ReadCertificate(const std::filesystem::path& path) {
  Signed read{.file = path};
  std::error_code error;
  if (std::filesystem::is_directory(read.file, error)) read.file /= kCertificateFile;
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(read.file, ledger::kMaxDocumentBytes));
  Result<ledger::Envelope> envelope = ledger::ParseEnvelope(bytes);
  if (envelope.status().error() == errors::kLedgerMalformed.id)
    return Fail(errors::kLedgerMalformed, read.file.string() + ": " + envelope.status().message());
  ACCORD_ASSIGN_OR_RETURN(read.envelope, std::move(envelope));
  ACCORD_ASSIGN_OR_RETURN(read.certificate, ParseCertificate(read.envelope.payload));
  return read;
}

Result<std::vector<ledger::VerifierKey>> ParseKeys(const std::vector<std::string>& texts) {
  std::vector<ledger::VerifierKey> keys;
  for (const std::string& text : texts) {
    ACCORD_ASSIGN_OR_RETURN(ledger::VerifierKey key, ledger::VerifierKey::Parse(text));
    keys.push_back(std::move(key));
  }
  return keys;
}

std::string_view Describe(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::kMissing:
      return "missing";
    case Difference::Kind::kAdded:
      return "not certified";
    case Difference::Kind::kSize:
      return "of another size";
    case Difference::Kind::kContent:
      return "of other content";
  }
  return "";
}

std::vector<std::uint64_t> Draw(const Sample& sample, std::uint64_t size) {
  std::set<std::uint64_t> drawn;
  for (std::uint64_t last = size - std::min(size, sample.files); last < size; ++last) {
    if (!drawn.insert(sample.below(last + 1)).second) drawn.insert(last);
  }
  return {drawn.begin(), drawn.end()};
}

Result<Verification> VerifyDataset(const Certificate& certificate, const std::filesystem::path& manifest,
                                   const std::filesystem::path& directory,
                                   const std::optional<Sample>& sample, const Progress& progress) {
  ACCORD_ASSIGN_OR_RETURN(const Commitment committed, ReadCommitment(manifest));
  if (committed != Commitment{certificate.root, certificate.files, certificate.bytes})
    return Fail(errors::kDatasetManifest, manifest.string() + " is not the manifest of this certificate");
  std::optional<std::vector<std::uint64_t>> chosen;
  if (sample) chosen = Draw(*sample, committed.files);
  ACCORD_ASSIGN_OR_RETURN(ManifestReader reader, ManifestReader::Open(manifest));
  ACCORD_ASSIGN_OR_RETURN(FileWalk walk, FileWalk::Open(directory));
  return Comparison(std::move(walk), std::move(reader), std::move(chosen), progress).Run();
}

Status Demand(const Verification& verification) {
  if (verification.differences == 0) return {};
  std::string message = std::to_string(verification.differences) +
                        (verification.differences == 1 ? " file is" : " files are") + " not as certified:";
  for (const Difference& one : verification.named)
    message += "\n  " + Printable(one.path, 1'000) + ": " + std::string(Describe(one.kind));
  if (verification.named.size() < verification.differences) message += "\n  ...";
  return Fail(errors::kDatasetChanged, std::move(message));
}

}  // namespace accord::dataset
