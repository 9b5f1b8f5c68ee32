// Looks through a coordinator's state for damage: `accordd fsck`, and every backup before it counts. Changes
// nothing. Reads every record, every blob, every registry, weights that jobs begin from
// and the members' log (fsck_log.h) once; the state
// directory is in use by nobody else, or is a copy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "accord/status.h"

namespace accord::coordinator {

struct Damage {
  std::string place;    // a file, or a record of it
  std::string what;     // what is wrong, and what is whole
  std::string remedy;   // what can be recovered, and how
  bool serious = true;  // else the coordinator mends it by itself
};

struct StateReport {
  struct Job {
    std::string name;      // its id when the name cannot be read
    std::string standing;  // "running: round 3, p4 collect"
  };
  std::uint64_t records = 0;  // whole ones
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::uint64_t members = 0;
  std::uint64_t registries = 0;
  std::uint64_t log_entries = 0;   // of the members' log
  std::uint64_t receipts = 0;      // files of them
  std::uint64_t start_models = 0;  // whole ones
  std::vector<Job> jobs;
  std::vector<Damage> damage;  // the serious ones first
};

// `identity.missing` when there is no state, `store.io` when it cannot be read. Damage is no failure: it is
// in the report.
[[nodiscard]] Result<StateReport> CheckState(const std::filesystem::path& state);

}  // namespace accord::coordinator
