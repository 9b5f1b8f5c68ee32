// fuzz-deps: accord_charter
// Receipts, commits of rounds, reports of scores and what judges keep: whatever parses is written as
// something that parses to the same.
#include <cstdint>

#include "base/check.h"
#include "charter/group_worth.h"
#include "charter/receipt.h"
#include "charter/round_commit.h"
#include "charter/score_report.h"

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
  if (const auto report = ParseScoreReport({data, size}); report.ok()) {
    const auto again = ParseScoreReport(Encode(*report));
    ACCORD_CHECK(again.ok() && *again == *report);
  }
  if (const auto judged = DecodeJudgedRounds({data, size}); judged.ok()) {
    const auto again = DecodeJudgedRounds(Encode(*judged));
    ACCORD_CHECK(again.ok() && *again == *judged);
  }
  return 0;
}
