// A failing schedule made smaller: faults left out one by one, as long as something is still broken.
#pragma once

#include "tests/simulation/schedule.h"

namespace accord::simulation {

[[nodiscard]] Setup Minimise(Stage& stage, Setup setup);

}  // namespace accord::simulation
