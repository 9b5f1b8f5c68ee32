#include "dataset/manifest.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "ledger/strict_json.h"

namespace accord::dataset {
namespace {

constexpr std::size_t kMaxPathBytes = 65'535;
constexpr std::size_t kMaxLineBytes = 3 * kMaxPathBytes + 200;
using SaltHex = FixedBytes<struct SaltTag, 16>;

bool MustEscape(std::string_view character, bool well_formed) {
  const auto first = static_cast<unsigned char>(character.front());
  return !well_formed || first < 0x20 || first == 0x7F || first == '%';
}

std::string EscapePath(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  while (!path.empty()) {
    const std::string_view before = path;
    const bool well_formed = TakeCharacter(path).has_value();
    if (!well_formed) path.remove_prefix(1);
    const std::string_view character = before.substr(0, before.size() - path.size());
    if (!MustEscape(character, well_formed)) {
      out += character;
      continue;
    }
    const auto byte = static_cast<unsigned char>(character.front());  // all others have one byte
    out.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return out;
}

std::optional<std::string> UnescapePath(std::string_view text) {
  std::string path;
  while (!text.empty()) {
    if (text.front() != '%') {
      path += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned value = 0;
    const auto [end, error] =
        std::from_chars(text.data() + 1, text.data() + std::min<std::size_t>(3, text.size()), value, 16);
    if (text.size() < 3 || error != std::errc() || end != text.data() + 3) return std::nullopt;
    path += static_cast<char>(value);
    text.remove_prefix(3);
  }
  return path;
}

// Whether a path names something below a directory and nothing else: no empty part, no "." and "..".
bool IsPath(std::string_view path) {
  if (path.empty() || path.size() > kMaxPathBytes || path.find('\0') != path.npos) return false;
  while (true) {
    const std::size_t end = path.find('/');
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == path.npos) return true;
    path.remove_prefix(end + 1);
  }
}

// The text up to the next space, which goes, too.
std::string_view TakeWord(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return word;
}

Status NoManifest(const std::string& why) {
  return Fail(errors::kDatasetManifest, "the manifest is refused: " + why);
}

}  // namespace

Bytes LeafOf(const ManifestEntry& entry) {
  ACCORD_CHECK(entry.path.size() <= kMaxPathBytes);
  Writer leaf;
  leaf.Raw(entry.salt);
  leaf.U16(static_cast<std::uint16_t>(entry.path.size()));
  leaf.Raw(AsBytes(entry.path));
  leaf.U64(entry.size);
  leaf.Raw(entry.content.bytes);
  return std::move(leaf).Take();
}

std::string FormatEntry(const ManifestEntry& entry) {
  return SaltHex{entry.salt}.Hex() + " " + std::to_string(entry.size) + " " + entry.content.Hex() + " " +
         EscapePath(entry.path) + "\n";
}

std::optional<ManifestEntry> ParseEntry(std::string_view line) {
  std::string_view rest = line;
  const auto salt = SaltHex::FromHex(TakeWord(rest));
  const std::string_view size_text = TakeWord(rest);
  const auto content = Digest::FromHex(TakeWord(rest));
  const std::optional<std::string> path = UnescapePath(rest);
  ManifestEntry entry;
  const auto [end, error] =
      std::from_chars(size_text.data(), size_text.data() + size_text.size(), entry.size);
  if (!salt || !content || !path || !IsPath(*path) || error != std::errc()) return std::nullopt;
  entry.salt = salt->bytes;
  entry.content = *content;
  entry.path = *path;
  const std::string again = FormatEntry(entry);
  if (std::string_view(again).substr(0, again.size() - 1) != line) return std::nullopt;
  return entry;
}

Status Committer::Add(const ManifestEntry& entry) {
  if (tree_.leaves() > 0 && entry.path <= last_)
    return NoManifest(Printable(entry.path) + " does not come after " + Printable(last_));
  if (entry.size > ledger::kMaxJsonInteger - bytes_) return NoManifest("its files are too large together");
  tree_.Add(LeafOf(entry));
  bytes_ += entry.size;
  last_ = entry.path;
  return {};
}

ManifestReader::ManifestReader(std::filesystem::path path)
    : path_(std::move(path)), in_(path_, std::ios::binary) {}

Result<ManifestReader> ManifestReader::Open(const std::filesystem::path& path) {
  ManifestReader reader(path);
  std::string head(kManifestHead.size(), '\0');
  if (!reader.in_.read(head.data(), static_cast<std::streamsize>(head.size())) || head != kManifestHead)
    return NoManifest(path.string() + " does not begin with \"accord-manifest v1\"");
  return reader;
}

Result<std::optional<std::string>> ManifestReader::Line() {
  constexpr int kEnd = std::ifstream::traits_type::eof();
  std::string line;
  for (int byte = in_.rdbuf()->sbumpc(); byte != kEnd; byte = in_.rdbuf()->sbumpc()) {
    if (byte == '\n') return std::optional(std::move(line));
    if (line.size() == kMaxLineBytes) return NoManifest("a line is too long");
    line += static_cast<char>(byte);
  }
  if (!line.empty()) return NoManifest(path_.string() + " ends within a line");
  return std::optional<std::string>();
}

Result<std::optional<ManifestEntry>> ManifestReader::Next() {
  ACCORD_ASSIGN_OR_RETURN(const std::optional<std::string> line, Line());
  if (!line) return std::optional<ManifestEntry>();
  ++line_;
  std::optional<ManifestEntry> entry = ParseEntry(*line);
  if (!entry) return NoManifest("its entry " + std::to_string(line_) + " is malformed");
  return entry;
}

Result<Commitment> ReadCommitment(const std::filesystem::path& manifest) {
  ACCORD_ASSIGN_OR_RETURN(ManifestReader reader, ManifestReader::Open(manifest));
  Committer committer;
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const std::optional<ManifestEntry> entry, reader.Next());
    if (!entry) return committer.commitment();
    ACCORD_RETURN_IF_ERROR(committer.Add(*entry));
  }
}

}  // namespace accord::dataset
