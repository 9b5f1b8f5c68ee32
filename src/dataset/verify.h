// From a directory to its manifest, and from a certificate back to the directory: what a member runs before
// it signs, and a node before it trains (governance.md 2e, 4). In memory of one directory's names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "accord/status.h"
#include "dataset/certificate.h"
#include "dataset/manifest.h"

namespace accord::dataset {

// Called after each file: how many, and how many bytes, so far.
using Progress = std::function<void(std::uint64_t files, std::uint64_t bytes)>;

// Reads every file below `directory` and writes its manifest, whole or not at all, readable by its owner
// alone. `salt` gives 16 new random bytes. `dataset.empty` when there is no file; errors of FileWalk and of
// writing.
[[nodiscard]] Result<Commitment> WriteManifest(const std::filesystem::path& directory,
                                               const std::filesystem::path& manifest,
                                               const std::function<Salt()>& salt, const Progress& progress);

inline constexpr const char* kCertificateFile = "certificate.json";  // in the directory that certifying makes
inline constexpr const char* kManifestFile = "manifest.txt";
inline constexpr const char* kCroissantFile = "croissant.json";

// A certificate as it lies on a disk. Nothing of it is verified yet.
struct Signed {
  std::filesystem::path file;
  ledger::Envelope envelope;
  Certificate certificate;

  // Where its manifest is, unless somebody says otherwise.
  [[nodiscard]] std::filesystem::path manifest() const { return file.parent_path() / kManifestFile; }
};
// `path`: the file, or its directory. `store.io`, `ledger.malformed`.
[[nodiscard]] Result<Signed> ReadCertificate(const std::filesystem::path& path);
// `vkey.malformed`.
[[nodiscard]] Result<std::vector<ledger::VerifierKey>> ParseKeys(const std::vector<std::string>& texts);

struct Difference {
  enum class Kind : std::uint8_t { kMissing, kAdded, kSize, kContent };
  Kind kind;
  std::string path;

  friend bool operator==(const Difference&, const Difference&) = default;
};
[[nodiscard]] std::string_view Describe(Difference::Kind kind);  // "missing"

inline constexpr std::size_t kMaxNamedDifferences = 100;

struct Verification {
  std::uint64_t files = 0;        // of the certificate
  std::uint64_t read = 0;         // whose content was compared: all, or the sample
  std::uint64_t bytes = 0;        // of those
  std::uint64_t differences = 0;  // 0: the directory is what was certified
  std::vector<Difference> named;  // the first of them, by path
};

struct Sample {
  std::uint64_t files = 0;
  // A random number below `bound`, which an attacker does not know beforehand.
  std::function<std::uint64_t(std::uint64_t bound)> below;
};

// Whether `directory` is what `certificate` was signed for, by its manifest: that it has these files and no
// others, of these sizes, and of all of them, or of a sample drawn now, the content. `dataset.manifest` when
// the manifest is not the certificate's; errors of FileWalk. Who signed the certificate is
// CheckCertificate's.
[[nodiscard]] Result<Verification> VerifyDataset(const Certificate& certificate,
                                                 const std::filesystem::path& manifest,
                                                 const std::filesystem::path& directory,
                                                 const std::optional<Sample>& sample,
                                                 const Progress& progress);
// `dataset.changed`, naming what differs, unless nothing does.
[[nodiscard]] Status Demand(const Verification& verification);

// `count` different numbers below `size`, ascending, each set equally likely; all of them when there are no
// more (Floyd's algorithm).
[[nodiscard]] std::vector<std::uint64_t> Draw(const Sample& sample, std::uint64_t size);

}  // namespace accord::dataset
