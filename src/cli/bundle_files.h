// The directory of a released model's bundle: from the disk and onto it (bundle/contents.h has what is in
// it).
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "accord/status.h"
#include "bundle/contents.h"
#include "bundle/verify.h"
#include "cli/session.h"

namespace accord::cli {

// Reads every file and hashes the model, a piece at a time. `model.bundle` names what is no regular file (a
// link, for one), is too long, or cannot be read; `cli.file` when there is no such directory.
[[nodiscard]] Result<bundle::Contents> ReadBundle(const std::filesystem::path& directory);

// Makes the directory whole, or not at all; `put_model` writes the model to the path that it is given.
[[nodiscard]] Status WriteBundle(const std::filesystem::path& directory, const bundle::Contents& contents,
                                 const std::function<Status(const std::filesystem::path&)>& put_model);

// The first charter's hash: as the person says, or has pinned for the context in force.
[[nodiscard]] Result<Digest> GenesisOf(const std::string& said, Session& session);

// What was checked, for people and as a JSON array.
[[nodiscard]] std::string BundleText(const std::vector<bundle::Line>& lines);
[[nodiscard]] std::string BundleJson(const std::vector<bundle::Line>& lines);

}  // namespace accord::cli
