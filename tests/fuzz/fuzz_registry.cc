// fuzz-deps: accord_secagg
// Registries and vouched entries from the network: whatever parses has exactly those canonical bytes.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "secagg/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const accord::ByteView input(data, size);
  if (const auto registry = accord::secagg::Registry::Parse(input); registry.ok()) {
    ACCORD_CHECK(std::ranges::equal(registry->Encode(), input));
  }
  if (const auto vouched = accord::secagg::VouchedEntry::Parse(input); vouched.ok()) {
    ACCORD_CHECK(std::ranges::equal(vouched->Encode(), input));
  }
  return 0;
}
