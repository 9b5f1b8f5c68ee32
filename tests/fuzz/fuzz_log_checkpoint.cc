// fuzz-deps: accord_ledger
// Heads of logs from the network: whatever parses has exactly those bytes.
#include <cstdint>

#include "base/check.h"
#include "ledger/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = accord::AsText({data, size});
  if (const auto checkpoint = accord::ledger::Checkpoint::Parse(input); checkpoint.ok()) {
    ACCORD_CHECK(checkpoint->Format() == input);
  }
  return 0;
}
