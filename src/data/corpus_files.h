// Which files a corpus is made of. Called by LoadText. Reads directories, no files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "accord/status.h"

namespace accord::data {

struct CorpusFile {
  std::filesystem::path path;
  std::string name;    // below the corpus's directory, with "/"; of a single file its own name
  std::string source;  // the first part of `name`
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
};

// The file `path`, or all regular files in and below the directory `path`, sorted by name (bytes); those in
// or behind a name that begins with "." are left out. Fails with `data.missing`, also for a link to a
// directory, and with `data.empty` when there is none.
[[nodiscard]] Result<std::vector<CorpusFile>> ListCorpus(const std::filesystem::path& path);

}  // namespace accord::data
