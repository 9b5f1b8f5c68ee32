// Models of federations as this person has fetched them, for commands that run one: <SHA-256>.safetensors and
// beside it the job file, in `models` of the home directory (context_store.h). A cache: who removes any of it
// loses nothing but the time of a download. No more than one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>

#include "accord/ids.h"
#include "accord/status.h"
#include "cli/context_store.h"

namespace accord::cli {

inline constexpr std::uint64_t kModelCacheMiB = 16'384;  // unless ACCORD_MODEL_CACHE_MIB says otherwise

class ModelCache {
 public:
  // Makes the directory, for this person alone. `context.home`; `cli.usage` for a limit that is no number.
  [[nodiscard]] static Result<ModelCache> Open(const Variables& variables);
  ModelCache(std::filesystem::path directory, std::uint64_t limit_bytes)
      : directory_(std::move(directory)), limit_bytes_(limit_bytes) {}

  [[nodiscard]] std::filesystem::path Model(const Digest& hash) const;
  [[nodiscard]] std::filesystem::path Plan(const Digest& hash) const;
  // Whether the model is here and its bytes, read again, have the hash; it then counts as just used. One
  // that has changed since is removed.
  [[nodiscard]] bool Has(const Digest& hash) const;
  // Removes what was not used for longest, parts of downloads included, until the rest is within the limit;
  // never those of `used`.
  void Trim(const std::set<Digest>& used) const;

 private:
  std::filesystem::path directory_;
  std::uint64_t limit_bytes_;
};

}  // namespace accord::cli
