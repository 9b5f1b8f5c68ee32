#include "cli/bundle_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/errors.h"
#include "base/file.h"
#include "cli/public_log.h"
#include "model/frozen.h"
#include "model/whole_directory.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kColumn = 24;

Status Take(const fs::directory_entry& entry, const std::string& name, bundle::Contents& contents,
            std::optional<Digest>& model) {
  std::error_code error;
  const fs::file_type type = entry.symlink_status(error).type();
  if (type == fs::file_type::directory) return {};
  if (error || type != fs::file_type::regular) return bundle::Refuse(name, "it is no regular file");
  if (name == bundle::kModelFile) {
    const Result<Digest> hash = model::HashFile(entry.path());
    if (!hash.ok()) return bundle::Refuse(name, hash.status().message());
    model = *hash;
    return {};
  }
  if (contents.files.size() == bundle::kMaxFiles) return bundle::Refuse(name, "there are too many files");
  Result<Bytes> bytes = ReadFile(entry.path(), bundle::kMaxFileBytes);
  if (!bytes.ok()) return bundle::Refuse(name, bytes.status().message());
  contents.files[name] = *std::move(bytes);
  return {};
}

}  // namespace

Result<bundle::Contents> ReadBundle(const fs::path& directory) {
  bundle::Contents contents;
  std::optional<Digest> model;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, error);
  if (error) return Fail(errors::kCliFile, directory.string() + " is no directory that can be read.");
  for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
    const std::string name = at->path().lexically_relative(directory).generic_string();
    ACCORD_RETURN_IF_ERROR(Take(*at, name, contents, model));
  }
  if (error) return Fail(errors::kCliFile, directory.string() + " cannot be read to its end.");
  if (!model) return bundle::Refuse(bundle::kModelFile, "it is missing");
  contents.model = *model;
  return contents;
}

Status WriteBundle(const fs::path& directory, const bundle::Contents& contents,
                   const std::function<Status(const fs::path&)>& put_model) {
  return model::WriteWholeDirectory(directory, [&](const fs::path& into) -> Status {
    for (const auto& [file, bytes] : contents.files)
      ACCORD_RETURN_IF_ERROR(WriteFileAtomic(into / file, bytes, FileMode::kShared));
    return put_model(into / bundle::kModelFile);
  });
}

std::string BundleText(const std::vector<bundle::Line>& lines) {
  std::string text;
  for (const bundle::Line& line : lines) {
    std::string file = Printable(line.file, 200);
    file.resize(std::max(file.size(), kColumn), ' ');
    text += (line.holds ? "ok    " : "open  ") + file + "  " + Printable(line.text) + "\n";
  }
  return text;
}

std::string BundleJson(const std::vector<bundle::Line>& lines) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const bundle::Line& line : lines)
    list.push_back(
        {{"file", Printable(line.file, 200)}, {"text", Printable(line.text)}, {"holds", line.holds}});
  return list.dump();
}

Result<Digest> GenesisOf(const std::string& said, Session& session) {
  if (!said.empty()) {
    if (const auto genesis = Digest::FromHex(said)) return *genesis;
    return Fail(errors::kCliUsage, "\"" + Printable(said, 80) + "\" is no SHA-256.");
  }
  const auto pinned = PinnedCharter(session);
  if (pinned.ok() && *pinned) return **pinned;
  return Fail(errors::kCliUsage, "Nothing says which charter the bundle has to begin with.",
              "Ask a member for the SHA-256 of the federation's first charter: --charter SHA256");
}

}  // namespace accord::cli
