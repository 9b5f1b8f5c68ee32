// fuzz-deps: accord_charter
// Payloads of votes: whatever parses is written as something that parses to the same.
#include <cstdint>

#include "base/check.h"
#include "charter/vote.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto parsed = accord::charter::ParseVote({data, size}); parsed.ok()) {
    const auto again = accord::charter::ParseVote(Encode(*parsed));
    ACCORD_CHECK(again.ok() && *again == *parsed);
  }
  return 0;
}
