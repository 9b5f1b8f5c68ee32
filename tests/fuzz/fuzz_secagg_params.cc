// fuzz-deps: accord_secagg
// Parameters from the network, in both modes: whatever parses keeps every rule and has exactly those
// canonical bytes.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "secagg/params.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord;
  const ByteView input(data, size);
  for (const SecureMode mode : {SecureMode::kSemiHonest, SecureMode::kMalicious}) {
    const auto params = secagg::Params::Parse(input, mode);
    if (!params.ok()) continue;
    ACCORD_CHECK(std::ranges::equal(params->Encode(), input));
    ACCORD_CHECK(params->Validate(mode).ok());
    ACCORD_CHECK(params->thresholds.u_min <= params->n() && params->thresholds.u_min >= params->corrupt + 2);
  }
  return 0;
}
