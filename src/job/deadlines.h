// The one model of how long a round waits: what a phase has to do, over how fast the nodes did it before,
// times a margin, between min_wait and max_wait. Pure, and of the journalled rounds alone, so that a replay
// comes to the same waits. Called when a round opens (rounds.cc), and by whoever explains a wait to a person.
//
// Measured are whole phases, from telling the nodes to the last answer that came: in it are each node's link
// and its seconds a step, the queue for an upload slot and the coordinator's own link, which rates of single
// nodes leave out. The same nodes do the same steps and send the same bytes in the next round. Who has
// stopped for good is in no measurement, and so makes nobody wait longer; a phase that failed at its deadline
// took at least so long. How long training takes says only a round of the same kind: a synchronous one, a
// whole one, an evaluation. Before anything is measured, training may take max_wait, and what is sent comes
// over a stated link.
#pragma once

#include <string>
#include <vector>

#include "job/job.h"

namespace accord::job {

struct Wait {
  Millis length{0};
  Millis took{0};  // what it follows from: the longest of the last measured rounds; 0: nothing is measured
};
struct Waits {
  Wait gather, train, exchange, collect, commit;  // p0; p1; each of p2, p3, p5, p6; p4; p7
};
// Of the round that is open, or comes next.
[[nodiscard]] Waits WaitsOf(const Plan& plan, const Progress& progress);
// Of this phase; none in p8.
[[nodiscard]] Wait WaitOf(const Waits& waits, round::Phase phase);
// How long an upload that has begun may bring nothing before its stream is cut and its slot given away: the
// wait for one chunk of it.
[[nodiscard]] Millis StallWait(const Plan& plan, const Wait& collect);
// The first wait for so many bytes from a node: a minute, and their time on the slowest link that is waited
// for.
[[nodiscard]] Millis StatedWait(std::uint64_t bytes);
// Why this phase waits as long as it does: "2 x the 41s that ...".
[[nodiscard]] std::string WaitReason(const Plan& plan, const Waits& waits, round::Phase phase);

// What an accepted event of a round, at `now`, shows of its pace.
void Measure(Pace& pace, const round::State& before, const round::Event& event, const round::State& after,
             TimePoint now);
// The longer of each.
[[nodiscard]] Took Longest(const Took& a, const Took& b);

}  // namespace accord::job
