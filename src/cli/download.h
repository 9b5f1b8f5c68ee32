// A model from the coordinator into a file: resumed where an earlier try stopped, verified while it is
// written, renamed into place only when its SHA-256 is right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "accord/ids.h"
#include "accord/status.h"
#include "cli/session.h"

namespace accord::cli {

struct DownloadOptions {
  Digest hash;
  std::filesystem::path out;
  bool force = false;  // replace `out` if it exists
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// Gives the size. Bytes go to OUT.<first 12 digits of the hash>.part beside `out`; after a failure they stay,
// so that the same command goes on from there. `cli.exists` without force, `blob.checksum` when the bytes are
// wrong (the part is deleted then), `cli.file` when another download writes the same part, and failures of
// files and of the coordinator. `out` is as it was after every failure.
[[nodiscard]] Result<std::uint64_t> Download(Session& session, Backend& backend,
                                             const DownloadOptions& options);

// The same with a bar for people who watch; in place of options.progress.
[[nodiscard]] Result<std::uint64_t> DownloadWithBar(Session& session, Backend& backend,
                                                    DownloadOptions options);

}  // namespace accord::cli
