#include "tests/simulation/minimise.h"

namespace accord::simulation {

Setup Minimise(Stage& stage, Setup setup) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t i = setup.faults.size(); i-- > 0;) {
      Setup without = setup;
      without.faults.erase(without.faults.begin() + static_cast<std::ptrdiff_t>(i));
      if (Run(stage, without).broken.empty()) continue;
      setup = without;
      smaller = true;
    }
  }
  return setup;
}

}  // namespace accord::simulation
