// What members gave to a job, as people and scripts read it.
#include <gtest/gtest.h>

#include "cli/attribution_text.h"
#include "crypto/sha256.h"
#include "tests/unit/cli/golden.h"
#include "tests/unit/cli/views.h"

namespace accord::cli {
namespace {

Digest HashOf(std::string_view text) { return crypto::Sha256::Of(text); }

// Of ke all nodes tell their energy, of rw one of two, of no none.
JobLedger Gave() {
  JobLedger ledger{.job = HashOf("job"), .rounds = 12, .members = {}, .records = {}, .scores = {}};
  ledger.members["ke"] = {.rounds = 12,
                          .updates = 12,
                          .steps = 480,
                          .wall_s = 1'260,
                          .epsilon_spent_milli = 120,
                          .bytes = 44'040'192,
                          .energy_j = 75'600,
                          .energy_known = 12,
                          .nodes = {"spiffe://ke.fed.example/node/nairobi"},
                          .datasets = {HashOf("ke")}};
  ledger.members["no"] = {.rounds = 11,
                          .updates = 11,
                          .steps = 440,
                          .wall_s = 410,
                          .bytes = 40'370'176,
                          .nodes = {"spiffe://no.fed.example/node/oslo"},
                          .datasets = {HashOf("no")},
                          .revoked = 1};
  ledger.members["rw"] = {
      .rounds = 12,
      .updates = 24,
      .steps = 960,
      .wall_s = 2'200,
      .bytes = 88'080'384,
      .energy_j = 9'000'000,
      .energy_known = 12,
      .nodes = {"spiffe://rw.fed.example/node/huye", "spiffe://rw.fed.example/node/kigali"},
      .datasets = {HashOf("rw")},
      .unverified = 2};
  ledger.records = {{HashOf("ke"), 60'000}, {HashOf("rw"), 5'400}};
  return ledger;
}

TEST(AttributionTest, ShowsWhatEachMemberGave) {
  ExpectGolden("attribution.txt", LedgerText(Gave(), PlainStyle()));
  ExpectGolden("attribution.json", LedgerJson(Gave()) + "\n");
}

TEST(AttributionTest, ShowsScoresWithTheirPrice) {
  JobLedger ledger = Gave();
  ledger.scores["ke"] = {
      .job = ledger.job,
      .judge = "ke",
      .rounds = 12,
      .scores = {{.node = "spiffe://ke.fed.example/node/nairobi", .harmed = false, .tenths = 10},
                 {.node = "spiffe://no.fed.example/node/oslo", .harmed = true, .tenths = 3}},
      .time = 0};
  ExpectGolden("attribution_scores.txt", LedgerText(ledger, PlainStyle()));
}

}  // namespace
}  // namespace accord::cli
