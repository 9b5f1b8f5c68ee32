// One job, again and again: its coordinator, and then a node, ends at every single handler, word and write of
// an undisturbed run.
#pragma once

#include <ostream>

#include "tests/simulation/schedule.h"

namespace accord::simulation {

// Whether all held: the invariants, and that every job came to the model of the undisturbed one. (A node that
// ends between p2 and p6 is a drop-out of that attempt; the next one has it again, and comes to the same.)
[[nodiscard]] bool RunCrashPoints(Stage& stage, std::ostream& out);

}  // namespace accord::simulation
