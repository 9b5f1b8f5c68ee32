// What a node does before it takes part in a job of a federation of fifty: all nine checks of governance.md
// 2b, with the lab's policy and budgets on the disk.
#pragma once

namespace accord::bench {

// Reports `nine_checks` (CPU), and `nine_checks_with_disk` (the reservation synced, too); the floor is the
// CPU time of verifying as many signatures alone.
void MeasureNineChecks(bool json);

}  // namespace accord::bench
