#include "cli/model_cache.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/text.h"
#include "model/frozen.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHexDigits = 64;
constexpr std::uint64_t kMiB = 1 << 20;

Result<std::uint64_t> LimitOf(const Variables& variables) {
  const auto set = variables.find("ACCORD_MODEL_CACHE_MIB");
  if (set == variables.end() || set->second.empty()) return kModelCacheMiB * kMiB;
  const std::string& text = set->second;
  std::uint32_t mib = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mib);
  if (error != std::errc() || end != text.data() + text.size())
    return Fail(errors::kCliUsage, "ACCORD_MODEL_CACHE_MIB is \"" + Printable(text, 64) + "\".",
                "It is a whole number of MiB.");
  return mib * kMiB;
}

// All files of one model.
struct Entry {
  std::vector<fs::path> files;
  std::uint64_t bytes = 0;
  fs::file_time_type used = fs::file_time_type::min();
};

std::map<Digest, Entry> Entries(const fs::path& directory) {
  std::map<Digest, Entry> entries;
  std::error_code ignored;
  for (fs::directory_iterator file(directory, ignored), end; !ignored && file != end;
       file.increment(ignored)) {
    const auto hash = Digest::FromHex(file->path().filename().string().substr(0, kHexDigits));
    std::error_code error;
    if (!hash || !file->is_regular_file(error)) continue;
    Entry& entry = entries[*hash];
    entry.files.push_back(file->path());
    const std::uint64_t bytes = file->file_size(error);
    if (!error) entry.bytes += bytes;
    const fs::file_time_type time = file->last_write_time(error);
    if (!error) entry.used = std::max(entry.used, time);
  }
  return entries;
}

}  // namespace

Result<ModelCache> ModelCache::Open(const Variables& variables) {
  ACCORD_ASSIGN_OR_RETURN(const fs::path home, HomeDirectory(variables));
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t limit, LimitOf(variables));
  ACCORD_RETURN_IF_ERROR(MakePrivateDirectories(home / "models"));
  return ModelCache(home / "models", limit);
}

fs::path ModelCache::Model(const Digest& hash) const { return directory_ / (hash.Hex() + ".safetensors"); }
fs::path ModelCache::Plan(const Digest& hash) const { return directory_ / (hash.Hex() + ".toml"); }

bool ModelCache::Has(const Digest& hash) const {
  std::error_code error;
  const fs::path file = Model(hash);
  if (!fs::is_regular_file(file, error)) return false;
  const Result<Digest> is = model::HashFile(file);
  if (!is.ok() || *is != hash) {
    fs::remove(file, error);
    return false;
  }
  fs::last_write_time(file, fs::file_time_type::clock::now(), error);
  return true;
}

void ModelCache::Trim(const std::set<Digest>& used) const {
  const std::map<Digest, Entry> all = Entries(directory_);
  std::uint64_t bytes = 0;
  std::vector<const Entry*> others;
  for (const auto& [hash, entry] : all) {
    bytes += entry.bytes;
    if (!used.contains(hash)) others.push_back(&entry);
  }
  std::ranges::sort(others, {}, &Entry::used);
  for (const Entry* entry : others) {
    if (bytes <= limit_bytes_) return;
    std::error_code ignored;
    for (const fs::path& file : entry->files) fs::remove(file, ignored);
    bytes -= entry->bytes;
  }
}

}  // namespace accord::cli
