// The files beside the databases (blobs, deltas) in a simulation: they lie in a real directory, and the calls
// by which the programs write and sync them are watched (lost_files.cc takes the place of libc's), so that a
// power cut can take what was not synced, and a full disk can refuse to grow.
#pragma once

#include <atomic>
#include <filesystem>

#include "sim/disk.h"
#include "sim/random.h"

namespace accord::simulation {

// Whose code runs now; its `full` counts for files, too.
extern std::atomic<const sim::Disk*> CurrentDisk;

// Of each file below `directory` that was never synced some, half or nothing is left, or other bytes.
void LoseFiles(const std::filesystem::path& directory, sim::Random& random);
// What is remembered of files that are gone.
void ForgetFiles();

}  // namespace accord::simulation
