// The journal bytes of round events. The hex is frozen: journals of version 1 are readable for ever.
#include "round/codec.h"

#include "tests/support/damage.h"
#include "tests/unit/round/fixture.h"

namespace accord::round {
namespace {

using accord::testing::ExpectCanonical;
using accord::testing::Hex;

struct Frozen {
  Event event;
  std::string hex;
};

std::string Repeat(const char* byte, int n) {
  std::string text;
  while (n-- > 0) text += byte;
  return text;
}
const std::string kAHex = "01" + Repeat("00", 15), kBHex = "02" + Repeat("00", 15);

std::vector<Frozen> Table() {
  const Outcome outcome{.sum = Hash(0x14), .words = 12, .model_hash = Hash(0x15), .metrics = {{1, 0.5, 10}}};
  return {{Candidates{{kA, kB}}, "0100000002" + kAHex + kBHex},
          {Candidates{}, "0100000000"},
          {Trained{kA}, "02" + kAHex},
          {Dropped{kA, Reason::kStopped}, "03" + kAHex + "09"},
          {Uploaded{kA, {4}, Hash(7)}, "04" + kAHex + "00000004" + Repeat("07", 32)},
          {UploadsLost{{kB}}, "0500000001" + kBHex},
          {Summed{{4}, outcome}, "0600000004" + Repeat("14", 32) + "000000000000000c" + Repeat("15", 32) +
                                     "00000001" + "01" + "3fe0000000000000" + "000000000000000a"},
          {SumFailed{{4}}, "0700000004"},
          {Verified{kA, {4}, Hash(0x15)}, "08" + kAHex + "00000004" + Repeat("15", 32)},
          {Cancel{}, "09"},
          {Restarted{Millis(5000)}, "0a0000000000001388"},
          {Tick{}, "0b"}};
}

Bytes Encoded(const Event& event) {
  Writer out;
  Encode(event, out);
  return std::move(out).Take();
}
std::optional<Bytes> Recode(ByteView bytes) {
  Reader in(bytes);
  const Event event = Decode(in);
  if (!in.Done()) return std::nullopt;
  return Encoded(event);
}

TEST(RoundCodec, BytesOfVersionOneAreFrozen) {
  std::set<std::size_t> seen;
  for (const Frozen& frozen : Table()) {
    EXPECT_EQ(Hex(Encoded(frozen.event)), frozen.hex) << frozen.event.index();
    const Bytes bytes = Encoded(frozen.event);
    Reader in(bytes);
    EXPECT_EQ(Dump(Decode(in)), Dump(frozen.event));
    EXPECT_TRUE(in.Done());
    seen.insert(frozen.event.index());
  }
  EXPECT_EQ(seen.size(), std::variant_size_v<Event>);
}

TEST(RoundCodec, DamagedEventsAreRefusedOrReadAsWhatTheySay) {
  for (const Frozen& frozen : Table()) ExpectCanonical(Encoded(frozen.event), Recode);
}

TEST(RoundCodec, NumbersOfReasonsAreFrozen) {
  const std::map<Reason, int> frozen{{Reason::kNone, 0},
                                     {Reason::kDuplicate, 1},
                                     {Reason::kLate, 2},
                                     {Reason::kNotInCohort, 3},
                                     {Reason::kWrongAttempt, 4},
                                     {Reason::kWrongPhase, 5},
                                     {Reason::kConflict, 6},
                                     {Reason::kOver, 7},
                                     {Reason::kDeclined, 8},
                                     {Reason::kStopped, 9},
                                     {Reason::kRefused, 10},
                                     {Reason::kSilent, 11},
                                     {Reason::kMismatch, 12},
                                     {Reason::kNoQuorum, 13},
                                     {Reason::kTooFewTrained, 14},
                                     {Reason::kTooFewUploads, 15},
                                     {Reason::kTooFewVerified, 16},
                                     {Reason::kSumInvalid, 17},
                                     {Reason::kModeUnsupported, 18},
                                     {Reason::kCancelled, 19}};
  for (const auto& [reason, number] : frozen) EXPECT_EQ(static_cast<int>(reason), number);
}

TEST(RoundCodec, UnsortedAndRepeatedNodesAreRefused) {
  const auto bytes = [](NodeId first, NodeId second) {
    return Writer().U8(1).U32(2).Fixed(first).Fixed(second).bytes();
  };
  EXPECT_TRUE(Recode(bytes(kA, kB)));
  EXPECT_FALSE(Recode(bytes(kB, kA)));
  EXPECT_FALSE(Recode(bytes(kA, kA)));
}

TEST(RoundCodec, ACountThatCannotBeTrueIsRefusedBeforeMemoryIsTaken) {
  EXPECT_FALSE(Recode(Writer().U8(1).U32(0xFFFF'FFFF).bytes()));
}

TEST(RoundCodec, UnknownTagsAndReasonsAndAbsurdTimesAreRefused) {
  EXPECT_FALSE(Recode(Writer().U8(0).bytes()));
  EXPECT_FALSE(Recode(Writer().U8(12).bytes()));
  EXPECT_FALSE(Recode(Writer().U8(3).Fixed(kA).U8(20).bytes()));
  EXPECT_FALSE(Recode(Writer().U8(10).I64(-1).bytes()));
  EXPECT_FALSE(Recode(Writer().U8(10).I64(std::numeric_limits<std::int64_t>::max()).bytes()));
}

}  // namespace
}  // namespace accord::round
