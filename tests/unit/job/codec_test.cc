// The journal records of a job. The hex is frozen: journals of version 1 are readable for ever.
#include "job/codec.h"

#include <gmock/gmock.h>

#include "base/codec.h"
#include "base/errors.h"
#include "job/job_id.h"
#include "tests/support/damage.h"
#include "tests/unit/job/fixture.h"

namespace accord::job {
namespace {

using accord::testing::ExpectCanonical;
using accord::testing::Hex;

struct Frozen {
  Record record;
  std::string hex;
};

const TimePoint kTime = At(0x0123456789AB);
const std::string kEvent =
    "00020001"
    "00000123456789ab";

std::shared_ptr<const Certified> Proof() {
  Certified proof{.plan = {.round = {8}, .model_hash = Hash(7)},
                  .members = {},
                  .attempt = {.id = {1}, .cohort = {kA}},
                  .outcome = {.words = 12},
                  .proofs = {{kA, {5, 6}}},
                  .survivors = {}};
  proof.members.registry = Hash(7);
  proof.outcome.opened = round::Outcome::Opened{Hash(7), Hash(7), {}};
  return std::make_shared<const Certified>(std::move(proof));
}

std::vector<Frozen> Table() {
  std::string hash;
  for (int i = 0; i < 32; ++i) hash += "07";
  return {{{kTime, Submission{{'p', 'l'}, {1, 2, 3}, "spiffe://t/r"}},
           "00010001"
           "00000123456789ab"
           "0000000000000002"
           "706c"
           "00000003"
           "010203"
           "0000000c"
           "7370696666653a2f2f742f72"},
          {{kTime, Event{Approve{}}}, kEvent + "01"},
          {{kTime, Event{Enqueue{}}}, kEvent + "02"},
          {{kTime, Event{Start{Hash(7)}}}, kEvent + "03" + hash},
          {{kTime, Event{InRound{{9}, round::SumFailed{{4}}}}},
           kEvent + "04"
                    "0000000000000009"
                    "0700000004"},
          {{kTime, Event{Pause{Reason::kDiskFull}}},
           kEvent + "05"
                    "04"},
          {{kTime, Event{Resume{}}}, kEvent + "06"},
          {{kTime, Event{Resume{.free = true}}}, kEvent + "09"},
          {{kTime, Event{Cancel{}}}, kEvent + "07"},
          {{kTime, Event{Fail{Reason::kModelLost}}},
           kEvent + "08"
                    "07"},
          {{kTime, Event{InRound{{9}, round::SumFailed{{4}}, 3}}},
           kEvent + "0a"
                    "00000003"
                    "0000000000000009"
                    "0700000004"},
          {{kTime, Event{Combined{{9}, Hash(7), {{1, 0.5, 3}}, {{2, 1, -1.0}}}}},
           kEvent +
               "0b"
               "0000000000000009" +
               hash +
               "00000001"
               "01"
               "3fe0000000000000"
               "0000000000000003"
               "00000001"
               "00000002"
               "01"
               "bff0000000000000"},
          {{kTime, Event{Restored{}}}, kEvent + "0c"},
          {{kTime, Event{CaughtUp{{9}, Hash(7), {{{2}, {kA}}}, {}}}},
           kEvent +
               "0d"
               "0000000000000009" +
               hash +
               "00000001"
               "00000002"
               "00000001" +
               Hex(kA.bytes) + "00"},
          {{kTime, Event{CaughtUp{{9}, Hash(7), {}, Proof()}}},
           kEvent +
               "0d"
               "0000000000000009" +
               hash +
               "00000000"
               "01"
               "0000000000000008" +
               hash +
               "00000001"
               "00000001" +
               Hex(kA.bytes) + hash + "000000000000000c" + hash + hash + "00000001" + Hex(kA.bytes) +
               "00000002"
               "0506"}};
}

std::optional<Bytes> Recode(ByteView bytes) {
  const Result<Record> record = Decode(bytes);
  if (!record.ok()) return std::nullopt;
  return Encode(*record);
}

TEST(JobCodec, BytesOfVersionOneAreFrozen) {
  std::set<std::size_t> seen;
  for (const Frozen& frozen : Table()) {
    const Bytes bytes = Encode(frozen.record);
    EXPECT_EQ(Hex(bytes), frozen.hex);
    const Result<Record> again = Decode(bytes);
    ASSERT_TRUE(again.ok()) << Describe(again.status());
    EXPECT_EQ(Dump(*again), Dump(frozen.record));
    if (const auto* event = std::get_if<Event>(&frozen.record.content)) seen.insert(event->index());
  }
  EXPECT_EQ(seen.size(), std::variant_size_v<Event>);
}

TEST(JobCodec, DamagedRecordsAreRefusedOrReadAsWhatTheySay) {
  for (const Frozen& frozen : Table()) ExpectCanonical(Encode(frozen.record), Recode);
}

TEST(JobCodec, NumbersOfReasonsAreFrozen) {
  EXPECT_EQ(static_cast<int>(Reason::kByOperator), 1);
  EXPECT_EQ(static_cast<int>(Reason::kNoQuorum), 2);
  EXPECT_EQ(static_cast<int>(Reason::kRoundsFailing), 3);
  EXPECT_EQ(static_cast<int>(Reason::kDiskFull), 4);
  EXPECT_EQ(static_cast<int>(Reason::kSumInvalid), 5);
  EXPECT_EQ(static_cast<int>(Reason::kModelMismatch), 6);
  EXPECT_EQ(static_cast<int>(Reason::kModelLost), 7);
  EXPECT_EQ(static_cast<int>(Reason::kModeUnsupported), 8);
  EXPECT_EQ(static_cast<int>(Reason::kBoundMissing), 9);
  EXPECT_EQ(static_cast<int>(Reason::kAttemptsSpent), 10);
  EXPECT_EQ(static_cast<int>(Reason::kTooFewGroups), 11);
  EXPECT_EQ(static_cast<int>(Reason::kCatchingUp), 12);
  EXPECT_EQ(static_cast<int>(Reason::kModelAhead), 13);
}

TEST(JobCodec, ARecordOfANewerSchemaSaysSo) {
  const Result<Record> record = Decode(Writer().U16(2).U16(2).Time(kTime).U8(1).bytes());
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.status().error(), errors::kStoreCorrupt.id);
  EXPECT_THAT(record.status().message(), ::testing::HasSubstr("schema version 2"));
}

TEST(JobCodec, UnknownTypesTagsReasonsAndAbsurdTimesAreRefused) {
  EXPECT_FALSE(Recode(Writer().U16(3).U16(1).Time(kTime).U8(1).bytes()));
  EXPECT_FALSE(Recode(Writer().U16(2).U16(1).Time(kTime).U8(0).bytes()));
  EXPECT_FALSE(Recode(Writer().U16(2).U16(1).Time(kTime).U8(14).bytes()));
  EXPECT_FALSE(Recode(Writer().U16(2).U16(1).Time(kTime).U8(5).U8(14).bytes()));
  const Bytes first_group = Writer().U16(2).U16(1).Time(kTime).U8(10).U32(0).U64(1).U8(11).bytes();
  EXPECT_FALSE(Recode(first_group)) << "which has a tag of its own";
  EXPECT_FALSE(Recode(Writer().U16(2).U16(1).I64(-1).U8(1).bytes()));
  EXPECT_FALSE(Recode({}));
}

TEST(JobCodec, APlanMayBeLongerThanALengthValue) {
  const Record record{kTime, Submission{Bytes(100'000, 'x'), {}, ""}};
  const Result<Record> again = Decode(Encode(record));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(std::get<Submission>(again->content).plan.size(), 100'000U);
}

TEST(JobCodec, AJournalThatWentBackSaysSoAndItsTimeDoesNot) {
  const Bytes last = Encode({kTime, Event{Approve{}}});
  for (const auto& [now, time] : {std::pair(At(1), kTime), std::pair(kTime + Millis(1), kTime + Millis(1))}) {
    const Result<Bytes> mark = RestoredAfter(last, now);
    ASSERT_TRUE(mark.ok());
    EXPECT_EQ(*mark, Encode({time, Event{Restored{}}}));
  }
  EXPECT_EQ(RestoredAfter({}, kTime).status().error(), errors::kStoreCorrupt.id);
}

TEST(JobIdTest, IsFrozenAndDependsOnPlanAndToken) {
  const Bytes plan{'p'}, token{'t'};
  EXPECT_EQ(MakeJobId(plan, token).Hex(), "db90564a5f4520c2ffc9eefcb86a4a67b28185abec7ffecd18376f92a5b4eabf");
  EXPECT_NE(MakeJobId(plan, token), MakeJobId(token, plan));
  EXPECT_NE(MakeJobId(plan, {}), MakeJobId({}, plan)) << "what belongs where is part of it";
}

}  // namespace
}  // namespace accord::job
