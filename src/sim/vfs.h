// The file system that SQLite is given in a simulation: the disks of sim/disk.h. Once InstallVfs was called,
// every database of the process lies there, so the production journal runs on it as it is.
//
// A process of a simulation is one thread, and a database is written by one connection: the locks of the
// write-ahead log always succeed.
#pragma once

#include <cstdint>

#include "sim/random.h"

namespace accord::sim {

// Again for each simulation, so that it is the same each time.
void InstallVfs(std::uint64_t seed);
// What SQLite draws from: for whom a simulation must not notice.
[[nodiscard]] Random& Salts();

}  // namespace accord::sim
