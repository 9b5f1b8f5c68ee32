#include "tests/simulation/crash_points.h"

#include <array>
#include <string>

namespace accord::simulation {
namespace {

constexpr std::size_t kNodes = 3;
constexpr std::array kOf = {CrashPoint::Of::kHandler, CrashPoint::Of::kWord, CrashPoint::Of::kWrite};
constexpr std::array<const char*, 3> kOfNames = {"handler", "word", "write"};

// All nodes are needed in every round, so that every run must come to the same model.
Setup Calm(SecureMode mode) {
  return {.seed = 1,
          .nodes = kNodes,
          .mode = mode,
          .rounds = 2,
          .min_nodes = kNodes,
          .min_survivors = kNodes,
          .attempts = 3,
          .max_wait_s = 120,
          .evaluates = true,
          .horizon = Millis(0),
          .faults = {}};
}

std::uint64_t CountOf(const Counts& counts, const CrashPoint& point) {
  switch (point.of) {
    case CrashPoint::Of::kHandler:
      return counts.handlers[point.party];
    case CrashPoint::Of::kWord:
      return counts.words[point.party];
    default:
      return counts.writes[point.party];
  }
}

// Of the party and the kind of `point`, each number in turn; how many there were, or nothing.
bool RunAll(Stage& stage, const Setup& setup, const Report& calm, CrashPoint point, std::ostream& out) {
  const std::uint64_t count = CountOf(calm.counts, point);
  const std::string what =
      "party " + std::to_string(point.party) + ", " + kOfNames[static_cast<std::size_t>(point.of)] + " ";
  bool right = true;
  for (point.number = 1; point.number <= count; ++point.number) {
    const Report report = Run(stage, setup, point);
    std::string broken = report.broken;
    if (broken.empty() && report.phase != job::Phase::kFinished) broken = "the job did not finish";
    if (broken.empty() && report.helped) broken = "a person had to help";
    if (broken.empty() && report.model_hash != calm.model_hash) broken = "the job came to another model";
    if (broken.empty()) continue;
    out << what << point.number << " of " << count << ": " << broken << "\n";
    right = false;
  }
  out << what << "1 to " << count << (right ? ": the same model\n" : "\n");
  return right;
}

}  // namespace

bool RunCrashPoints(Stage& stage, std::ostream& out) {
  bool right = true;
  for (const SecureMode mode : {SecureMode::kMalicious, SecureMode::kOff}) {
    const Setup setup = Calm(mode);
    const Report calm = Run(stage, setup);
    out << Describe(setup) << "\n";
    if (!calm.broken.empty() || calm.phase != job::Phase::kFinished) {
      out << "undisturbed: " << calm.broken << "\n";
      return false;
    }
    for (const std::size_t party : {0U, 1U}) {
      for (const CrashPoint::Of of : kOf) {
        right = RunAll(stage, setup, calm, {.party = party, .of = of}, out) && right;
      }
    }
  }
  return right;
}

}  // namespace accord::simulation
