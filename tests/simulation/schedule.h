// One schedule: a job of a federation, what goes wrong meanwhile, and whether all that must hold did hold.
// The same seed gives the same schedule, to the byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "sim/federation.h"
#include "tests/simulation/faults.h"

namespace accord::simulation {

struct Setup {
  std::uint64_t seed = 0;
  std::size_t nodes = 3;
  SecureMode mode = SecureMode::kMalicious;
  std::uint32_t rounds = 2;
  std::uint32_t min_nodes = 3;
  std::uint32_t min_survivors = 3;
  std::uint32_t min_groups = 0;  // of two, the first with three nodes; 0: a job without groups
  std::uint32_t attempts = 2;
  std::uint64_t min_wait_s = 60, max_wait_s = 120;
  std::uint32_t goal = 0, over_selection = 0;  // 0: all nodes are waited for
  bool evaluates = true;
  Millis horizon{0};  // from then on nothing goes wrong
  std::vector<Fault> faults;
};
// Even seeds are malicious; the others semi-honest or unmasked.
[[nodiscard]] Setup Draw(std::uint64_t seed);
[[nodiscard]] std::string Describe(const Setup& setup);

// What schedules share, since it does not change: who the members are, and the metrics.
class Stage {
 public:
  explicit Stage(std::filesystem::path directory) : directory_(std::move(directory)) {}
  [[nodiscard]] const sim::Members& members(std::size_t nodes);
  [[nodiscard]] web::Metrics& metrics() { return metrics_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  const std::filesystem::path directory_;
  web::Metrics metrics_;
  std::map<std::size_t, std::unique_ptr<sim::Members>> members_;
};

// Where a party is made to end: at its n-th handler, word or write. None: nowhere.
struct CrashPoint {
  enum class Of : std::uint8_t { kHandler, kWord, kWrite };
  std::size_t party = 0;
  Of of = Of::kHandler;
  std::uint64_t number = 0;  // from 1; 0: nowhere
};
struct Counts {
  std::vector<std::uint64_t> handlers, words, writes;  // of each party
};

struct Report {
  std::string broken;  // what did not hold; empty: all did
  job::Phase phase = job::Phase::kProposed;
  Digest model_hash;  // the last one
  std::uint64_t committed = 0, failed_rounds = 0;
  std::uint64_t fired = 0;  // faults that came
  std::uint64_t steps = 0;
  Millis time{0};                                 // virtual
  std::map<std::string, std::uint64_t> refusals;  // of nodes, by code
  bool went_back = false;                         // the coordinator, to a backup
  bool helped = false;                            // a person had to resume or to cancel it
  Digest trace;
  Counts counts;
};
[[nodiscard]] Report Run(Stage& stage, const Setup& setup, const CrashPoint& point = {});

}  // namespace accord::simulation
