// The frozen model that a job's adapter is beside: a file that the plan names by its hash and that each node
// has. Called by the trainer and by studies; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::model {

// SHA-256 of the bytes of a file, read in pieces. `store.io`.
[[nodiscard]] Result<Digest> HashFile(const std::filesystem::path& path);

// "sha256:HEX", as a plan names a file.
[[nodiscard]] std::string NameOfHash(const Digest& hash);

// The weights of `layout`, those of `model`, from `path`, as ReadCheckpoint takes it. `name` ("sha256:HEX")
// is the hash of the file; of a directory, whose weights may be in several files, that of the one file that
// Accord writes of them (ModelHash). `model.base` when there is no path, no file, or another one. Else fails
// as ReadCheckpoint.
[[nodiscard]] Result<std::vector<float>> ReadFrozen(const std::filesystem::path& path, std::string_view name,
                                                    const ModelLayout& layout, const ModelSpec& model);

}  // namespace accord::model
