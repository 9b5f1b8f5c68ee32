// The journal records of a task and of the egress ledger. The hex is frozen: a node's state of version 1 is
// readable for ever.
#include "task/codec.h"

#include <gmock/gmock.h>

#include "base/codec.h"
#include "base/errors.h"
#include "tests/support/damage.h"
#include "tests/unit/task/fixture.h"

namespace accord::task {
namespace {

using accord::testing::ExpectCanonical;
using accord::testing::Hex;

struct Frozen {
  Record record;
  std::string hex;
};

const TimePoint kTime = At(0x0123456789AB);

std::string Repeat(const char* byte, int n) {
  std::string text;
  while (n-- > 0) text += byte;
  return text;
}

std::vector<Frozen> Table() {
  const std::string event =
                        "00020001"
                        "00000123456789ab",
                    round = "0000000000000001", attempt = "00000000";
  const std::string a = "01" + Repeat("00", 15), b = "02" + Repeat("00", 15), c = "03" + Repeat("00", 15);
  const std::string all = "00000003" + a + b + c;
  const std::string leaving = "0000000000000064" + Repeat("50", 32);
  const std::string error =
      "00000004"
      "6f6f7073";
  Delta text = kDelta;
  text.eval_bytes = 17;
  return {
      {{kTime, Taken{{'p', 'l'}, {1, 2, 3}}},
       "00010001"
       "00000123456789ab"
       "0000000000000002"
       "706c"
       "00000003"
       "010203"},
      {{kTime, Event{Told(Round(1))}}, event + "01" + round + "00" + Repeat("01", 32)},
      {{kTime, Event{Told({{1}, round::Purpose::kEvaluate, Hash(1)})}},
       event + "01" + round + "01" + Repeat("01", 32)},
      {{kTime, Event{ToldToCollect(Round(1), 2)}},
       event + "1b" + round + "00" + Repeat("01", 32) + "00000002" + all},
      {{kTime, Event{Collect(1, 0)}}, event + "02" + round + attempt + all},
      {{kTime, Event{CommitOf(1, 0)}},
       event + "03" + round + attempt + all + "00000002" + a + b + "000000000000000c" + Repeat("3c", 32) +
           Repeat("3d", 32)},
      {{kTime, Event{EndTold{}}}, event + "04"},
      {{kTime, Event{TrainDone{{1}, kDelta}}},
       event + "05" + round + Repeat("28", 32) +
           "000000000000000a"
           "0000000000000005"
           "3ff8000000000000"
           "0000000000000003"},
      {{kTime, Event{TrainDone{{1}, text}}},
       event + "1d" + round + Repeat("28", 32) +
           "000000000000000a"
           "0000000000000005"
           "3ff8000000000000"
           "0000000000000003"
           "0000000000000011"},
      {{kTime, Event{TrainFailed{{1}, "oops"}}}, event + "06" + round + error},
      {{kTime, Event{Encoded(1, 0)}}, event + "07" + round + attempt + "000000000000000c" + Repeat("32", 32)},
      {{kTime, Event{SendDone{{1}, {0}}}}, event + "08" + round + attempt},
      {{kTime, Event{CheckedAs(1, 0)}}, event + "09" + round + attempt + Repeat("3d", 32)},
      {{kTime, Event{Failed{{1}, {0}, "oops"}}}, event + "0a" + round + attempt + error},
      {{kTime, Event{Stop{}}}, event + "0b"},
      {{kTime, Event{Allow{}}}, event + "0c"},
      {{kTime, Event{Erase{}}}, event + "0d"},
      {{kTime, Event{Told(MaskedRound(3), 2)}},
       event + "0e" + "0000000000000003" + "00" + Repeat("03", 32) + "01" + "0000000000000002"},
      {{kTime, Event{Offered(1, 0)}}, event + "0f" + round + attempt + all + Repeat("5a", 32) + leaving},
      {{kTime, Event{Rostered(1, 0)}}, event + "10" + round + attempt + leaving},
      {{kTime, Event{RosteredForAGraph(1, 0)}}, event + "19" + round + attempt + leaving},
      {{kTime, Event{Drawn(1, 0)}}, event + "1a" + round + attempt + leaving},
      {{kTime, Event{Survived(1, 0)}},
       event + "11" + round + attempt + "00000002" + a + b + Repeat("47", 32) + leaving},
      {{kTime, Event{Certified(1, 0)}}, event + "12" + round + attempt + leaving},
      {{kTime, Event{OpenedCommit(1, 0)}},
       event + "13" + round + attempt + all + "00000002" + a + b + "000000000000000c" + Repeat("3c", 32) +
           Repeat("3d", 32) + Repeat("47", 32) + Repeat("48", 32) +
           "00000002"
           "0000000000000007"
           "0000000000000008"},
      {{kTime, Event{Masked(1, 0)}},
       event + "14" + round + attempt + "000000000000000c" + Repeat("32", 32) + leaving},
      {{kTime, Event{DeltaLost{{1}, {2}}}}, event + "1c" + round + "00000002"},
      {{kTime, Event{ProvenAs(1, 0)}},
       event + "15" + round + attempt + Repeat("3d", 32) +
           "00000003"
           "010203"},
      {{kTime, Event{Aborted{{1}, {0}, "oops"}}}, event + "16" + round + attempt + error},
      {{kTime, Event{MemoryLost{}}}, event + "17"},
      {{kTime, Event{Free{}}}, event + "18"},
      {{kTime, Egress{*JobId::FromHex(Repeat("0e", 32)), {1}, {0}, "update", 96, Hash(50)}},
       "00030001"
       "00000123456789ab" +
           Repeat("0e", 32) + round + attempt +
           "00000006"
           "757064617465"
           "0000000000000060" +
           Repeat("32", 32)}};
}

std::optional<Bytes> Recode(ByteView bytes) {
  const Result<Record> record = DecodeRecord(bytes);
  if (!record.ok()) return std::nullopt;
  return EncodeRecord(*record);
}

TEST(TaskCodec, BytesOfVersionOneAreFrozen) {
  std::set<std::size_t> seen;
  for (const Frozen& frozen : Table()) {
    const Bytes bytes = EncodeRecord(frozen.record);
    EXPECT_EQ(Hex(bytes), frozen.hex);
    const Result<Record> again = DecodeRecord(bytes);
    ASSERT_TRUE(again.ok()) << Describe(again.status());
    EXPECT_EQ(Dump(*again), Dump(frozen.record));
    if (const auto* event = std::get_if<Event>(&frozen.record.content)) seen.insert(event->index());
  }
  EXPECT_EQ(seen.size(), std::variant_size_v<Event>);
}

TEST(TaskCodec, DamagedRecordsAreRefusedOrReadAsWhatTheySay) {
  for (const Frozen& frozen : Table()) ExpectCanonical(EncodeRecord(frozen.record), Recode);
}

TEST(TaskCodec, ARecordOfANewerSchemaSaysSo) {
  const Result<Record> record = DecodeRecord(Writer().U16(2).U16(2).Time(kTime).U8(11).bytes());
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.status().error(), errors::kStoreCorrupt.id);
  EXPECT_THAT(record.status().message(), ::testing::HasSubstr("schema version 2"));
}

TEST(TaskCodec, UnknownTypesTagsAndPurposesAreRefused) {
  EXPECT_FALSE(Recode(Writer().U16(0).U16(1).Time(kTime).bytes()));
  EXPECT_FALSE(Recode(Writer().U16(4).U16(1).Time(kTime).bytes()));
  EXPECT_FALSE(Recode(Writer().U16(2).U16(1).Time(kTime).U8(0).bytes()));
  EXPECT_FALSE(Recode(Writer().U16(2).U16(1).Time(kTime).U8(25).bytes()));
  EXPECT_FALSE(Recode(Writer().U16(2).U16(1).Time(kTime).U8(1).U64(1).U8(2).Fixed(Hash(1)).bytes()));
  EXPECT_FALSE(Recode(Writer().U16(2).U16(1).I64(-1).U8(11).bytes()));
}

// What has a tag of its own is not said by another one too.
TEST(TaskCodec, EveryEventHasOneForm) {
  const auto event = [](std::uint8_t tag) { return Writer().U16(2).U16(1).Time(kTime).U8(tag).U64(1); };
  EXPECT_FALSE(Recode(event(14).U8(0).Fixed(Hash(1)).U8(2).U64(0).bytes())) << "a masked round that is off";
  EXPECT_FALSE(Recode(event(21).U32(0).Fixed(Hash(1)).Lv(ByteView()).bytes())) << "a proof of nothing";
}

}  // namespace
}  // namespace accord::task
