// simulate: runs schedules of the deterministic simulation (tests/simulation/README.md).
//
// clang-format off: one use a line
//   simulate --seeds FROM..TO [--json] [--twice]  each; stops at the first that fails, and says how to see it
//   simulate --seed N [--without I,J,...]         one, told at length; some of its faults left out
//   simulate --minimise N                         which faults of a failing one are enough
//   simulate --crash-points                       a job whose coordinator, then a node, ends at every point
//
// --twice: each has the same trace again. --log: with all that the programs log.
// clang-format on
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/log.h"
#include "tests/simulation/crash_points.h"
#include "tests/simulation/minimise.h"
#include "tests/simulation/schedule.h"

namespace accord::simulation {
namespace {

// Files of schedules lie in memory where there is such a place.
class Scratch {
 public:
  Scratch() {
    const bool shm = std::filesystem::is_directory("/dev/shm");
    std::string name = (shm ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
                       "accord-simulate-XXXXXX";
    ACCORD_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A check that fails in the programs ends this one: by then it is said which schedule it was.
volatile std::uint64_t running_seed = 0;
void SayWhere(int) {
  char text[96];
  const int size = std::snprintf(text, sizeof(text), "ABORTED in seed %llu (simulate --seed %llu --log)\n",
                                 static_cast<unsigned long long>(running_seed),
                                 static_cast<unsigned long long>(running_seed));
  if (::write(1, text, static_cast<std::size_t>(size)) != size) ::_exit(6);
  ::_exit(6);
}

double CpuSeconds() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string Show(const Report& report) {
  return std::string(job::Name(report.phase)) + ", " + std::to_string(report.committed) +
         " rounds committed and " + std::to_string(report.failed_rounds) + " not, " +
         std::to_string(report.fired) + " faults, " + std::to_string(report.steps) + " steps, " +
         std::to_string(report.time.count() / 1000) + " virtual s" +
         (report.helped ? ", with a person's help" : "") + ", trace " + report.trace.Hex().substr(0, 16);
}

// What is broken, or what a second run of it shows.
std::string Verdict(Stage& stage, const Setup& setup, const Report& report, bool twice) {
  if (!report.broken.empty() || !twice) return report.broken;
  return Run(stage, setup).trace == report.trace ? "" : "a second run went another way";
}

int RunSeeds(Stage& stage, std::uint64_t from, std::uint64_t to, bool json, bool twice) {
  std::map<std::string, std::uint64_t> ends, refusals;
  std::uint64_t rounds = 0, failed = 0, faults = 0, steps = 0, helped = 0;
  std::map<std::string, std::uint64_t> back;  // ends of jobs whose coordinator went back to a backup
  const double began = CpuSeconds();
  for (std::uint64_t seed = from; seed <= to; ++seed) {
    running_seed = seed;
    const Setup setup = Draw(seed);
    const Report report = Run(stage, setup);
    if (const std::string broken = Verdict(stage, setup, report, twice); !broken.empty()) {
      std::cout << Describe(setup) << "\nBROKEN: " << broken << "\n"
                << Show(report) << "\nagain:   simulate --seed " << seed << "\nsmaller: simulate --minimise "
                << seed << "\n";
      return 1;
    }
    ++ends[std::string(job::Name(report.phase))];
    rounds += report.committed;
    failed += report.failed_rounds;
    faults += report.fired;
    steps += report.steps;
    helped += report.helped ? 1 : 0;
    if (report.went_back) ++back[std::string(job::Name(report.phase))];
    for (const auto& [code, times] : report.refusals) refusals[code] += times;
  }
  const double seconds = CpuSeconds() - began;
  const auto count = static_cast<double>(to - from + 1);
  const nlohmann::json all = {{"bench", "simulate"},
                              {"metric", "schedules_per_second"},
                              {"value", count / seconds},
                              {"schedules", to - from + 1},
                              {"cpu_seconds", seconds},
                              {"ends", ends},
                              {"refusals", refusals},
                              {"rounds_committed", rounds},
                              {"rounds_not_committed", failed},
                              {"faults", faults},
                              {"steps", steps},
                              {"ends_after_a_restore", back},
                              {"helped_by_a_person", helped}};
  if (json) {
    std::cout << all.dump() << "\n";
  } else {
    std::cout << all.dump(2) << "\n";
  }
  return 0;
}

int RunOne(Stage& stage, std::uint64_t seed, std::string_view without) {
  running_seed = seed;
  Setup setup = Draw(seed);
  std::vector<std::uint64_t> out;
  while (!without.empty()) {
    const std::size_t comma = std::min(without.find(','), without.size());
    const auto index = Number(without.substr(0, comma));
    if (!index) return 4;
    out.push_back(*index);
    without.remove_prefix(std::min(comma + 1, without.size()));
  }
  std::cout << Describe(setup) << std::endl;
  std::ranges::sort(out, std::greater<>());
  for (const std::uint64_t index : out) {
    if (index < setup.faults.size())
      setup.faults.erase(setup.faults.begin() + static_cast<std::ptrdiff_t>(index));
  }
  const Report report = Run(stage, setup);
  std::cout << Show(report) << "\n";
  if (report.broken.empty()) return 0;
  std::cout << "BROKEN: " << report.broken << "\n";
  return 1;
}

int Main(const std::vector<std::string_view>& arguments) {
  const auto value = [&](std::string_view name) -> std::optional<std::string_view> {
    const auto found = std::ranges::find(arguments, name);
    if (found == arguments.end()) return std::nullopt;
    return found + 1 == arguments.end() ? std::string_view() : *(found + 1);
  };
  const bool loud = value("--log").has_value();
  SetupLog(LogFormat::kText, loud ? LogLevel::kDebug : LogLevel::kError);
  // What the programs log of faults is nobody's business here.
#ifndef __SANITIZE_ADDRESS__  // whose reports are to be seen
  if (!loud && std::freopen("/dev/null", "w", stderr) == nullptr) return 5;
#endif
  std::signal(SIGABRT, SayWhere);
  std::signal(SIGSEGV, SayWhere);
  const Scratch scratch;
  Stage stage(scratch.path());
  if (value("--crash-points")) return RunCrashPoints(stage, std::cout) ? 0 : 1;
  if (const auto seed = value("--minimise"); seed && Number(*seed)) {
    const Setup small = Minimise(stage, Draw(*Number(*seed)));
    std::cout << Describe(small) << "\nBROKEN: " << Run(stage, small).broken << "\n";
    return 0;
  }
  if (const auto seed = value("--seed"); seed && Number(*seed)) {
    return RunOne(stage, *Number(*seed), value("--without").value_or(""));
  }
  const std::string_view seeds = value("--seeds").value_or("");
  const std::size_t dots = seeds.find("..");
  if (dots != std::string_view::npos) {
    const auto from = Number(seeds.substr(0, dots));
    const auto to = Number(seeds.substr(dots + 2));
    if (from && to && *from <= *to)
      return RunSeeds(stage, *from, *to, value("--json").has_value(), value("--twice").has_value());
  }
  std::cout
      << "usage: simulate --seeds FROM..TO [--json] [--twice] | --seed N [--without I,J] | --minimise N | "
         "--crash-points   [--log]\n";
  return 4;
}

}  // namespace
}  // namespace accord::simulation

int main(int argc, char** argv) {
  // A schedule is a million short allocations on one thread. The allocator takes such settings from the
  // environment only, before main: so this program starts itself once more. A third faster.
  constexpr const char* kTunables = "GLIBC_TUNABLES";
  if (::getenv(kTunables) == nullptr) {
    ::setenv(kTunables,
             "glibc.malloc.tcache_count=20000:glibc.malloc.tcache_max=16384:glibc.malloc.arena_max=1:"
             "glibc.malloc.trim_threshold=1000000000:glibc.malloc.mmap_threshold=1000000000",
             1);
    ::execv("/proc/self/exe", argv);  // should it fail: slower, no more
  }
  return accord::simulation::Main({argv + 1, argv + argc});
}
