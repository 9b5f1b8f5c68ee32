#include "tests/simulation/faults.h"

#include <algorithm>
#include <array>
#include <variant>

#include "base/overloaded.h"

namespace accord::simulation {
namespace {

constexpr std::array<const char*, kKinds + 1> kNames = {
    "crash", "power cut", "torn write", "silenced", "disk full",  "clock jump", "slow",      "partition",
    "break", "flap",      "loss",       "doubling", "overtaking", "delay",      "lab stops", "restore"};

constexpr std::array<const char*, 8> kWords = {"any",    "Collect",         "Survivors", "Certificate",
                                               "Commit", "SurvivorsSigned", "Unmasked",  "Verified"};

bool IsOfConnection(Kind kind) { return kind >= Kind::kPartition; }

// Half of all crashes are at a time, half at a number of things that the party did.
void DrawMoment(sim::Random& random, Fault& fault, Millis horizon) {
  fault.at = random.Time(Millis(0), horizon);
  const bool counted = fault.kind == Kind::kTornWrite || fault.kind == Kind::kSilenced ||
                       (fault.kind == Kind::kCrash && random.Chance(0.5));
  if (!counted) return;
  const bool coordinator = fault.party == 0;
  if (fault.kind == Kind::kCrash) fault.count = 1 + random.Below(coordinator ? 300 : 60);
  if (fault.kind == Kind::kSilenced) fault.count = 1 + random.Below(coordinator ? 80 : 12);
  if (fault.kind == Kind::kTornWrite) fault.count = 1 + random.Below(coordinator ? 240 : 60);
}

Fault DrawOne(sim::Random& random, Kind kind, std::size_t nodes, Millis horizon) {
  Fault fault{.kind = kind};
  const bool of_coordinator = !IsOfConnection(kind) && random.Chance(0.4);
  fault.party = of_coordinator ? 0 : 1 + random.Below(nodes);
  DrawMoment(random, fault, horizon);
  fault.length = random.Time(Millis(100), random.Chance(0.2) ? kLongestFault : Millis(6'000));
  switch (kind) {
    case Kind::kClockJump:
      fault.amount = random.Between(-7'200'000, 7'200'000);
      break;
    case Kind::kSlow:
      fault.amount = random.Between(5, 60);
      break;
    case Kind::kLoss:
    case Kind::kDoubling:
    case Kind::kOvertaking:
      fault.amount = random.Between(5, 300);
      break;
    case Kind::kDelay:
      fault.amount = random.Between(200, 20'000);
      break;
    default:
      break;
  }
  return fault;
}

}  // namespace

std::string Name(Kind kind) { return kNames[static_cast<std::size_t>(kind)]; }

Word WordOf(const rpc::ToNode& message) {
  return std::visit(
      overloaded{[](const rpc::Collect&) { return Word::kCollect; },
                 [](const rpc::Survivors&) { return Word::kSurvivors; },
                 [](const rpc::Certificate&) { return Word::kCertificate; },
                 [](const rpc::Commit&) { return Word::kCommit; }, [](const auto&) { return Word::kAny; }},
      message);
}

Word WordOf(const rpc::FromNode& message) {
  return std::visit(overloaded{[](const rpc::SurvivorsSigned&) { return Word::kSigned; },
                               [](const rpc::Unmasked&) { return Word::kUnmasked; },
                               [](const rpc::Verified&) { return Word::kVerified; },
                               [](const auto&) { return Word::kAny; }},
                    message);
}

std::string Describe(const Fault& fault) {
  const std::string who = fault.party == 0 ? "coordinator" : "lab-" + std::to_string(fault.party - 1);
  const std::string at = std::to_string(fault.at.count()) + " ms";
  const std::string number = std::to_string(fault.count);
  const std::string when =
      fault.word != Word::kAny
          ? at + " after " + kWords[static_cast<std::size_t>(fault.word)] + " number " + number
      : fault.count > 0 ? "at its number " + number
                        : "at " + at;
  return Name(fault.kind) + " of " + who + " " + when + ", for " + std::to_string(fault.length.count()) +
         " ms, " + std::to_string(fault.amount);
}

Fault DrawRestore(sim::Random& random, Millis horizon) {
  Fault fault{.kind = Kind::kRestore, .at = random.Time(Millis(1'000), horizon)};
  fault.length = random.Time(Millis(100), Millis(6'000));
  fault.amount = random.Between(0, std::min<std::int64_t>(20'000, fault.at.count()));
  return fault;
}

std::vector<Fault> DrawAimed(sim::Random& random, std::size_t nodes) {
  constexpr std::array kKindsAimed = {Kind::kCrash, Kind::kPowerCut,  Kind::kDiskFull, Kind::kSlow,
                                      Kind::kBreak, Kind::kPartition, Kind::kLoss,     Kind::kLabStops};
  std::vector<Fault> faults;
  for (std::uint64_t i = 0, count = 1 + random.Below(2); i < count; ++i) {
    Fault fault = DrawOne(random, kKindsAimed[random.Below(kKindsAimed.size())], nodes, Millis(1));
    fault.word = static_cast<Word>(1 + random.Below(kWords.size() - 1));
    fault.count = 1 + random.Below(3 * nodes);
    fault.at = Millis(random.Chance(0.5) ? 0 : random.Below(60));  // at once, or while the answers come
    faults.push_back(fault);
  }
  return faults;
}

std::vector<Fault> DrawFaults(sim::Random& random, std::size_t nodes, Millis horizon) {
  std::vector<Kind> kinds;
  while (kinds.empty()) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      if (random.Chance(0.35)) kinds.push_back(static_cast<Kind>(kind));
    }
  }
  std::vector<Fault> faults;
  const std::uint64_t count = 3 + random.Below(8);
  for (std::uint64_t i = 0; i < count; ++i) {
    faults.push_back(DrawOne(random, kinds[random.Below(kinds.size())], nodes, horizon));
  }
  std::ranges::stable_sort(faults, {}, &Fault::at);
  return faults;
}

}  // namespace accord::simulation
