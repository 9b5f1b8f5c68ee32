// The private list of a data set's files (governance.md 2e), whose Merkle root is in the certificate. It
// stays with the member: names of files may say who is in them. A salt in each leaf keeps others from
// guessing small files by the root, and lets an audit open single leaves.
//
//   accord-manifest v1
//   <salt, 32 hex digits> <size> <SHA-256, 64 hex digits> <path>      one line a file, by the bytes of paths
//
// In a path "%", control characters and what is no UTF-8 are written as %XX. Pure, but for reading the file.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "crypto/merkle.h"

namespace accord::dataset {

using Salt = std::array<std::uint8_t, 16>;

struct ManifestEntry {
  std::string path;  // below the data set's directory; at most 65,535 bytes
  std::uint64_t size = 0;
  Digest content;  // SHA-256
  Salt salt{};

  friend bool operator==(const ManifestEntry&, const ManifestEntry&) = default;
};

inline constexpr std::string_view kManifestHead = "accord-manifest v1\n";

// salt16 || u16be len(path) || path || u64be size || SHA-256: what RFC 6962 hashes as the data of a leaf.
[[nodiscard]] Bytes LeafOf(const ManifestEntry& entry);
// With the newline at its end.
[[nodiscard]] std::string FormatEntry(const ManifestEntry& entry);
// A line without its newline; nullopt unless it is what FormatEntry writes.
[[nodiscard]] std::optional<ManifestEntry> ParseEntry(std::string_view line);

// What a certificate says of a manifest.
struct Commitment {
  Digest root;
  std::uint64_t files = 0, bytes = 0;

  friend bool operator==(const Commitment&, const Commitment&) = default;
};

// Adds entries up, in their order.
class Committer {
 public:
  // `dataset.manifest` when the path does not come after the one before, or all sizes together are above
  // 2^53 - 1, the most that a certificate can say.
  [[nodiscard]] Status Add(const ManifestEntry& entry);
  [[nodiscard]] Commitment commitment() const { return {tree_.Root(), tree_.leaves(), bytes_}; }

 private:
  crypto::MerkleTree tree_;
  std::uint64_t bytes_ = 0;
  std::string last_;
};

// Reads a manifest entry by entry, in memory of one line. One thread at a time.
class ManifestReader {
 public:
  // `dataset.manifest` when it cannot be read or is none.
  [[nodiscard]] static Result<ManifestReader> Open(const std::filesystem::path& path);
  // The next entry, or nothing at the end. `dataset.manifest`.
  [[nodiscard]] Result<std::optional<ManifestEntry>> Next();

 private:
  explicit ManifestReader(std::filesystem::path path);
  // A line without its newline, or nothing at the end.
  [[nodiscard]] Result<std::optional<std::string>> Line();

  std::filesystem::path path_;
  std::ifstream in_;
  std::uint64_t line_ = 0;
};

// Of a whole file.
[[nodiscard]] Result<Commitment> ReadCommitment(const std::filesystem::path& manifest);

}  // namespace accord::dataset
