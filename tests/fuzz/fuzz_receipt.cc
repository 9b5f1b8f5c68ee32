// fuzz-deps: accord_charter
// Receipts and commits of rounds: whatever parses is written as something that parses to the same.
#include <cstdint>

#include "base/check.h"
#include "charter/receipt.h"
#include "charter/round_commit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::charter;
  if (const auto receipt = ParseReceipt({data, size}); receipt.ok()) {
    const auto again = ParseReceipt(Encode(*receipt));
    ACCORD_CHECK(again.ok() && *again == *receipt);
  }
  if (const auto commit = ParseRoundCommit({data, size}); commit.ok()) {
    const auto again = ParseRoundCommit(Encode(*commit));
    ACCORD_CHECK(again.ok() && *again == *commit);
    ACCORD_CHECK(!CheckIncluded(*commit, commit->cohort.front(), "no such receipt", {}).ok());
  }
  return 0;
}
