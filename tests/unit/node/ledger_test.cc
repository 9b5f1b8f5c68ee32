// What the lab's ledger says of every event, in the transaction that journals it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/machine.h"

namespace accord::node {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Lines(const task::Event& event) {
  std::vector<std::string> lines;
  for (const task::Egress& egress : TaskMachine{JobId{}}.Leaving(event)) {
    lines.push_back(egress.kind + " " + std::to_string(egress.bytes) + " " + egress.hash.Hex().substr(0, 2));
  }
  return lines;
}
Digest Hash(std::uint8_t n) {
  Digest digest;
  digest.bytes.fill(n);
  return digest;
}

TEST(LedgerTest, MessagesOfAMaskedRoundAreInIt) {
  const task::Leaving leaving{100, Hash(1)};
  EXPECT_THAT(Lines(task::OfferTold{{1}, {0}, {}, {}, leaving}), ElementsAre("aggregation 100 01"));
  EXPECT_THAT(Lines(task::RosterTold{{1}, {0}, leaving}), ElementsAre("aggregation 100 01"));
  EXPECT_THAT(Lines(task::SurvivorsTold{{1}, {0}, {}, {}, leaving}), ElementsAre("aggregation 100 01"));
  EXPECT_THAT(Lines(task::CertificateTold{{1}, {0}, leaving}), ElementsAre("aggregation 100 01"));
  EXPECT_THAT(Lines(task::EncodeDone{{1}, {0}, 12, Hash(2), leaving}),
              ElementsAre("masked update 96 02", "aggregation 100 01"));
  EXPECT_EQ(Lines(task::CheckDone{{1}, {0}, Hash(3), {1, 2, 3}}).at(0).substr(0, 13), "aggregation 3");
}

TEST(LedgerTest, OfAnUnmaskedRoundTheUpdateIs) {
  EXPECT_THAT(Lines(task::EncodeDone{{1}, {0}, 12, Hash(2), {}}), ElementsAre("update 96 02"));
  EXPECT_THAT(Lines(task::CheckDone{{1}, {0}, Hash(3), {}}), ElementsAre());
  EXPECT_THAT(Lines(task::TrainDone{{1}, {}}), ElementsAre());
  EXPECT_EQ(Lines(task::Erase{}).at(0).substr(0, 8), "erased 0");
}

TEST(LedgerTest, TheEventAndItsLinesAreOneTransaction) {
  const auto records = TaskMachine{JobId{}}.Records(TimePoint(Millis(1)), task::RosterTold{{1}, {0}, {}});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].stream, kEgressStream);
}

}  // namespace
}  // namespace accord::node
