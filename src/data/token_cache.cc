#include "data/token_cache.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/codec.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "base/file.h"

namespace accord::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "accord tokens 1";
constexpr std::uint64_t kMaxMeta = 4096;

struct Meta {
  TextCounts train, holdout;
  std::uint64_t duplicates = 0;
  std::uint32_t train_crc = 0, holdout_crc = 0;
};

void Put(Writer& out, const TextCounts& counts) {
  out.U64(counts.documents).U64(counts.bytes).U64(counts.tokens);
}
TextCounts Take(Reader& in) {
  TextCounts counts;
  counts.documents = in.U64();
  counts.bytes = in.U64();
  counts.tokens = in.U64();
  return counts;
}

Bytes EncodeMeta(const Meta& meta, const Digest& key) {
  Writer out;
  out.Lv(kMagic).Fixed(key);
  Put(out, meta.train);
  Put(out, meta.holdout);
  out.U64(meta.duplicates).U32(meta.train_crc).U32(meta.holdout_crc);
  return std::move(out.U32(Crc32c(out.bytes()))).Take();
}

std::optional<Meta> DecodeMeta(ByteView bytes, const Digest& key) {
  Reader in(bytes);
  const bool known = in.LvText() == kMagic && in.Fixed<Digest>() == key;
  Meta meta{.train = Take(in), .holdout = Take(in)};
  meta.duplicates = in.U64();
  meta.train_crc = in.U32();
  meta.holdout_crc = in.U32();
  const std::size_t checked = bytes.size() - in.remaining();
  const bool whole = in.U32() == Crc32c(bytes.first(checked)) && in.Done();
  return known && whole ? std::optional(meta) : std::nullopt;
}

// The open parts, their checksums in `meta`.
Result<TextDataset> OpenParts(const fs::path& directory, std::uint32_t width, Meta& meta) {
  ACCORD_ASSIGN_OR_RETURN(auto train, TokenFile::Open(directory / "train", width, meta.train.tokens));
  ACCORD_ASSIGN_OR_RETURN(auto holdout, TokenFile::Open(directory / "holdout", width, meta.holdout.tokens));
  ACCORD_ASSIGN_OR_RETURN(meta.train_crc, train->Checksum());
  ACCORD_ASSIGN_OR_RETURN(meta.holdout_crc, holdout->Checksum());
  TextDataset set{.train = std::move(train),
                  .train_counts = meta.train,
                  .holdout_counts = meta.holdout,
                  .duplicates = meta.duplicates};
  if (meta.holdout.tokens > 0) set.holdout = std::move(holdout);
  return set;
}

// What an earlier call left, if it is whole and for `key`.
std::optional<TextDataset> OpenCached(const fs::path& directory, const Digest& key, std::uint32_t width) {
  const Result<Bytes> bytes = ReadFile(directory / "meta", kMaxMeta);
  if (!bytes.ok()) return std::nullopt;
  const std::optional<Meta> written = DecodeMeta(*bytes, key);
  if (!written) return std::nullopt;
  Meta found = *written;
  Result<TextDataset> set = OpenParts(directory, width, found);
  if (!set.ok() || found.train_crc != written->train_crc || found.holdout_crc != written->holdout_crc) {
    return std::nullopt;
  }
  return std::move(set).value();
}

Result<CorpusWriter::Figures> WriteParts(const fs::path& directory, std::uint32_t width,
                                         const CorpusBuilder& build) {
  ACCORD_ASSIGN_OR_RETURN(TokenWriter train, TokenWriter::Create(directory / "train.tmp", width));
  ACCORD_ASSIGN_OR_RETURN(TokenWriter holdout, TokenWriter::Create(directory / "holdout.tmp", width));
  CorpusParts parts{.train = std::move(train), .holdout = std::move(holdout)};
  ACCORD_ASSIGN_OR_RETURN(const CorpusWriter::Figures figures, build(parts));
  ACCORD_RETURN_IF_ERROR(parts.train.Sync());
  ACCORD_RETURN_IF_ERROR(parts.holdout.Sync());
  return figures;
}

Status Rename(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  return error ? ErrnoStatus(error.value(), "cannot rename to", to) : Status();
}

Result<TextDataset> Build(const fs::path& directory, const Digest& key, std::uint32_t width,
                          const CorpusBuilder& build) {
  ACCORD_ASSIGN_OR_RETURN(const CorpusWriter::Figures figures, WriteParts(directory, width, build));
  ACCORD_RETURN_IF_ERROR(Rename(directory / "train.tmp", directory / "train"));
  ACCORD_RETURN_IF_ERROR(Rename(directory / "holdout.tmp", directory / "holdout"));
  Meta meta{.train = figures.train, .holdout = figures.holdout, .duplicates = figures.duplicates};
  ACCORD_ASSIGN_OR_RETURN(TextDataset set, OpenParts(directory, width, meta));
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(directory / "meta", EncodeMeta(meta, key), FileMode::kPrivate));
  return set;
}

Result<std::unique_ptr<TokenFd>> Lock(const fs::path& path) {
  auto fd = std::make_unique<TokenFd>(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), path);
  if (fd->get() < 0) return ErrnoStatus(errno, "cannot create", path);
  while (::flock(fd->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return ErrnoStatus(errno, "cannot lock", path);
  }
  return fd;
}

void RemoveAll(const fs::path& directory) {
  std::error_code ignored;
  for (const char* name : {"meta", "train", "holdout", "train.tmp", "holdout.tmp"}) {
    fs::remove(directory / name, ignored);
  }
}

}  // namespace

Result<TextDataset> OpenOrBuild(const fs::path& directory, const Digest& key, std::uint32_t width,
                                const CorpusBuilder& build) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return ErrnoStatus(error.value(), "cannot create", directory);
  ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<TokenFd> lock, Lock(directory / "lock"));
  if (std::optional<TextDataset> cached = OpenCached(directory, key, width)) return std::move(*cached);
  RemoveAll(directory);
  Result<TextDataset> built = Build(directory, key, width, build);
  if (!built.ok()) RemoveAll(directory);
  return built;
}

}  // namespace accord::data
