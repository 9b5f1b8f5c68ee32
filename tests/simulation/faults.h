// What goes wrong in a schedule: a list that follows from its seed, of which any part may be left out, so
// that a failing schedule can be made smaller. Each seed draws from some kinds of faults only (swarm testing:
// Groce et al., ISSTA 2012): what always happens together hides what happens alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "rpc/messages.h"
#include "sim/random.h"

namespace accord::simulation {

enum class Kind : std::uint8_t {
  kCrash,      // the process ends, between two handlers, and starts again
  kPowerCut,   // the machine does, and what was not synced may be gone
  kTornWrite,  // the power goes in the middle of a write of the journal
  kSilenced,   // the process ends in the middle of what it says: the first words of a handler get out
  kDiskFull,
  kClockJump,
  kSlow,       // what takes a second takes many
  kPartition,  // a node is cut off; short: the session survives it
  kBreak,      // a session ends, at its two sides at different times
  kFlap,       // again and again
  kLoss,       // a word is lost, and what follows it, until both sides notice that the session is dead
  kDoubling,
  kOvertaking,
  kDelay,
  kLabStops,  // a lab stops the job, and allows it again
  kRestore,   // the coordinator goes back to a backup that is so old (not drawn with the others)
};
inline constexpr std::size_t kKinds = 15;  // that are drawn
[[nodiscard]] std::string Name(Kind kind);

// Words of the phases in which a sum is fixed and opened: what may go wrong only there is rare at any other
// moment.
enum class Word : std::uint8_t {
  kAny,
  kCollect,
  kSurvivors,
  kCertificate,
  kCommit,
  kSigned,
  kUnmasked,
  kVerified
};
[[nodiscard]] Word WordOf(const rpc::ToNode& message);
[[nodiscard]] Word WordOf(const rpc::FromNode& message);

struct Fault {
  Kind kind = Kind::kCrash;
  std::size_t party = 0;    // 0: the coordinator; of connections: node + 1
  Millis at{0};             // after the beginning; of an aimed one, after the word
  std::uint64_t count = 0;  // > 0: not at a time, but at this handler, word or write of the party
  Word word = Word::kAny;   // else aimed: when this word is said for the time `count`, to or by anyone
  Millis length{0};         // how long it lasts, or the process is away
  std::int64_t amount = 0;  // milliseconds of a jump, or since a backup; times as slow; per mille of words
};
[[nodiscard]] std::string Describe(const Fault& fault);

inline constexpr Millis kLongestFault{60'000};
// One that goes back by up to 20 s.
[[nodiscard]] Fault DrawRestore(sim::Random& random, Millis horizon);
// One or two at words of p4 to p7.
[[nodiscard]] std::vector<Fault> DrawAimed(sim::Random& random, std::size_t nodes);
// At least three, of a federation with so many nodes, within `horizon`.
[[nodiscard]] std::vector<Fault> DrawFaults(sim::Random& random, std::size_t nodes, Millis horizon);

}  // namespace accord::simulation
