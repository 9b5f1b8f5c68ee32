// A signal ends a workbench's program at once, and nothing of the run stays: no tokens of a text, no half
// file.
#pragma once

#include <filesystem>

namespace accord::apps {

// From now on SIGINT, SIGTERM and SIGHUP, where they are not ignored, end the process as they would, after
// every study::Scratch and every temporary of the paths named below is gone. At the start of main: threads
// made later leave these signals to the one that waits here.
void LeaveNothingOnSignals();

// `path` is written under a temporary name beside it (base/atomic_file.h, model/whole_directory.h).
void Unfinished(const std::filesystem::path& path);

}  // namespace accord::apps
