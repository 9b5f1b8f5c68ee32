// What the machine's processors take while a node trains, where the kernel tells: the counters of Linux's
// power capping framework (Documentation/power/powercap, RAPL on Intel's and AMD's processors). They count
// the whole package, whatever else runs on it, and neither memory nor accelerators.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace accord::node {

// One thread at a time.
class EnergyMeter {
 public:
  // Counts from now on, by what is below this directory: /sys/class/powercap. Packages whose counter this
  // process may not read (by default root alone may) make it tell nothing, since the others alone would pass
  // for the whole.
  explicit EnergyMeter(const std::filesystem::path& powercap);

  // Counters run over within minutes of full load: to be called in between, as often as one likes.
  void Sample();
  // Of all packages since it was made, rounded; nothing where the machine does not tell.
  [[nodiscard]] std::optional<std::uint64_t> Joules();

 private:
  struct Package {
    std::filesystem::path counter;
    std::uint64_t range = 0, last = 0;  // microjoules; it counts from 0 to `range`
  };
  void Read();

  std::vector<Package> packages_;
  std::uint64_t microjoules_ = 0;
  bool tells_ = true;
  std::chrono::steady_clock::time_point read_at_;
};

}  // namespace accord::node
