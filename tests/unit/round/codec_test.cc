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
  const Outcome masked{.sum = Hash(0x14),
                       .words = 12,
                       .model_hash = Hash(0x15),
                       .metrics = {},
                       .opened = Outcome::Opened{Hash(0x16), Hash(0x17), {1, 2}}};
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
          {Tick{.due = true}, "0b"},
          {Candidates{{kB}, Hash(8)}, "0c" + Repeat("08", 32) + "00000001" + kBHex},
          {Uploaded{kA, {4}, Hash(7), {0xEE, 0xDD}},
           "0d" + kAHex + "00000004" + Repeat("07", 32) + "00000002" + "eedd"},
          {Summed{{4}, masked}, "0e00000004" + Repeat("14", 32) + "000000000000000c" + Repeat("15", 32) +
                                    "00000000" + Repeat("16", 32) + Repeat("17", 32) + "02" +
                                    "0000000000000001" + "0000000000000002"},
          {Verified{kA, {4}, Hash(0x15), {0xEE}},
           "0f" + kAHex + "00000004" + Repeat("15", 32) + "00000001" + "ee"},
          {Advertised{kA, {4}}, "10" + kAHex + "00000004"},
          {Shared{kA, {4}}, "11" + kAHex + "00000004"},
          {SharesStored{{4}, Hash(9)}, "1200000004" + Repeat("09", 32)},
          {SurvivorsSigned{kA, {4}, {0xEE}}, "13" + kAHex + "00000004" + "00000001" + "ee"},
          {Opened{kA, {4}}, "14" + kAHex + "00000004"},
          {LeftAttempt{kA, {4}, kB}, "15" + kAHex + "00000004" + kBHex},
          {NonceOpened{kA, {4}}, "16" + kAHex + "00000004"}};
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
                                     {Reason::kCancelled, 19},
                                     {Reason::kTooFewAdverts, 20},
                                     {Reason::kTooFewShares, 21},
                                     {Reason::kTooFewSignatures, 22},
                                     {Reason::kTooFewUnmasked, 23},
                                     {Reason::kAborted, 24},
                                     {Reason::kBlamed, 25}};
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
  EXPECT_FALSE(Recode(Writer().U8(22).bytes()));
  EXPECT_FALSE(Recode(Writer().U8(3).Fixed(kA).U8(26).bytes()));
  EXPECT_FALSE(Recode(Writer().U8(12).Fixed(Digest{}).U32(0).bytes())) << "no registry has another tag";
  EXPECT_FALSE(Recode(Writer().U8(19).Fixed(kA).U32(4).U32(0).bytes())) << "nothing signed";
  EXPECT_FALSE(Recode(Writer().U8(10).I64(-1).bytes()));
  EXPECT_FALSE(Recode(Writer().U8(10).I64(std::numeric_limits<std::int64_t>::max()).bytes()));
}

}  // namespace
}  // namespace accord::round
