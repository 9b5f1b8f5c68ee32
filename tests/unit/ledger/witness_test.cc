#include "ledger/witness.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/merkle.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

using testing::GrowTiles;
using testing::KeyFrom;
using testing::Leaf;
using namespace std::string_literals;

const std::string kOrigin = "fed.example/log";

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() { GrowTiles(files_, std::array{10, 20, 300}); }

  TreeHead Head(std::uint64_t size) {
    GrowingTree tree;
    for (std::uint64_t i = 0; i < size; ++i) tree.Add(crypto::MerkleLeaf(AsBytes(Leaf(i))));
    return tree.Head();
  }
  static Note Signed(const TreeHead& head, std::uint8_t seed = 0) {
    const std::string text =
        Checkpoint{.origin = kOrigin, .size = head.size, .root = head.root, .extensions = {}}.Format();
    return {.text = text, .signatures = {SignAsLog(kOrigin, KeyFrom(seed), text)}};
  }
  AddCheckpoint Request(std::uint64_t old_size, std::uint64_t size) {
    TileReader nodes(size, files_);
    return {.old_size = old_size,
            .proof = old_size < size ? ProveConsistency(old_size, size, nodes).value() : Proof(),
            .checkpoint = Signed(Head(size))};
  }
  WitnessDecision Decide(const std::string& body) {
    return DecideAddCheckpoint(body, [this](std::string_view origin) -> std::optional<WitnessedLog> {
      if (origin != kOrigin) return std::nullopt;
      return WitnessedLog{.keys = {LogKey(kOrigin, KeyFrom(0).PublicKey())}, .head = known_};
    });
  }
  WitnessDecision Decide(const AddCheckpoint& request) { return Decide(request.Format()); }

  testing::MemoryFiles files_;
  TreeHead known_;
};

TEST_F(WitnessTest, CosignsAFirstHeadAndWhatContinuesIt) {
  const WitnessDecision first = Decide(Request(0, 10));
  EXPECT_EQ(first.verdict, WitnessVerdict::kCosign) << first.why;
  EXPECT_EQ(first.head, Head(10));
  EXPECT_EQ(first.text, Signed(Head(10)).text);
  known_ = first.head;
  const WitnessDecision second = Decide(Request(10, 300));
  EXPECT_EQ(second.verdict, WitnessVerdict::kCosign) << second.why;
  EXPECT_EQ(second.head, Head(300));
  known_ = second.head;
  EXPECT_EQ(Decide(Request(300, 300)).verdict, WitnessVerdict::kCosign);  // the same again
  EXPECT_FALSE(Decide(Request(300, 300)).split_view);
}

TEST_F(WitnessTest, CosignsAnEmptyLog) {
  EXPECT_EQ(Decide(Request(0, 0)).verdict, WitnessVerdict::kCosign);
  AddCheckpoint other = Request(0, 0);
  other.checkpoint = Signed({.size = 0, .root = Head(1).root});
  EXPECT_EQ(Decide(other).verdict, WitnessVerdict::kInconsistent);
}

TEST_F(WitnessTest, RefusesWhatIsMalformed) {
  EXPECT_EQ(Decide("").verdict, WitnessVerdict::kMalformed);
  EXPECT_EQ(Decide("old 0\n\nx\n\n— a AAAAAAA=\n").verdict, WitnessVerdict::kMalformed);
  AddCheckpoint request = Request(10, 10);
  request.old_size = 11;
  const WitnessDecision decision = Decide(request);
  EXPECT_EQ(static_cast<int>(decision.verdict), 400);
  EXPECT_NE(decision.Body().find("old size"), std::string::npos);
}

TEST_F(WitnessTest, RefusesALogThatItDoesNotKnow) {
  AddCheckpoint request = Request(0, 10);
  request.checkpoint.text.insert(0, "x");
  EXPECT_EQ(static_cast<int>(Decide(request).verdict), 404);
}

TEST_F(WitnessTest, RefusesWhatTheLogHasNotSigned) {
  AddCheckpoint request = Request(0, 10);
  request.checkpoint = Signed(Head(10), 1);
  EXPECT_EQ(static_cast<int>(Decide(request).verdict), 403);
  request = Request(0, 10);
  request.checkpoint.signatures[0].signature[0] ^= 1;
  EXPECT_EQ(static_cast<int>(Decide(request).verdict), 403);
}

TEST_F(WitnessTest, TellsItsSizeWhenTheOldOneIsAnother) {
  known_ = Head(20);
  for (const std::uint64_t old : {0, 10}) {
    const WitnessDecision decision = Decide(Request(old, 300));
    EXPECT_EQ(static_cast<int>(decision.verdict), 409);
    EXPECT_EQ(decision.Body(), "20\n");
    EXPECT_EQ(ParseKnownSize(decision.Body()).value(), 20U);
  }
  EXPECT_EQ(Decide(Request(10, 10)).verdict, WitnessVerdict::kConflict);  // never back
}

TEST_F(WitnessTest, RefusesWhatItIsNotShownToContinueItsHead) {
  EXPECT_EQ(static_cast<int>(Decide([this] {
                               AddCheckpoint request = Request(0, 10);
                               request.proof = {Digest{}};  // with an old size of 0 there is nothing to prove
                               return request;
                             }())
                                 .verdict),
            422);
  known_ = Head(20);
  AddCheckpoint request = Request(20, 300);
  request.proof[1].bytes[0] ^= 1;
  EXPECT_EQ(Decide(request).verdict, WitnessVerdict::kInconsistent);
  request = Request(20, 300);
  request.proof.clear();
  EXPECT_EQ(Decide(request).verdict, WitnessVerdict::kInconsistent);
  known_.root.bytes[0] ^= 1;  // the log once showed another head of this size
  EXPECT_EQ(Decide(Request(20, 300)).verdict, WitnessVerdict::kInconsistent);
}

TEST_F(WitnessTest, KnowsTwoSignedHeadsOfOneSizeForEvidence) {
  known_ = Head(20);
  AddCheckpoint fork = Request(20, 20);
  TreeHead other = Head(20);
  other.root.bytes[31] ^= 1;
  fork.checkpoint = Signed(other);
  const WitnessDecision decision = Decide(fork);
  EXPECT_EQ(static_cast<int>(decision.verdict), 422);
  EXPECT_TRUE(decision.split_view);
  fork.old_size = 10;  // whatever the sender believes of the witness
  EXPECT_EQ(Decide(fork).verdict, WitnessVerdict::kConflict);
  EXPECT_TRUE(Decide(fork).split_view);
  fork.checkpoint = Signed(other, 1);  // but not what somebody else signed
  EXPECT_FALSE(Decide(fork).split_view);
}

TEST_F(WitnessTest, RequestsAreReadExactly) {
  const AddCheckpoint request = Request(10, 300);
  const std::string text = request.Format(), note = "\n" + request.checkpoint.Format();
  EXPECT_EQ(AddCheckpoint::Parse(text).value(), request);
  const std::string hash = "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n";
  std::string many;
  for (int i = 0; i < 63; ++i) many += hash;
  EXPECT_TRUE(AddCheckpoint::Parse("old 1\n" + many + note).ok());
  for (const std::string& bad :
       {""s, "old"s, "old 1"s, "old 1\n"s, note, "old\n" + note, "old 01\n" + note, "old  1\n" + note,
        "old -1\n" + note, "Old 1\n" + note, "old 1\r\n" + note, "old 1\nAAAA\n" + note, "old 1\n" + hash,
        "old 1\n" + many + hash + note, "old 9223372036854775808\n" + note, " old 1\n" + note}) {
    EXPECT_EQ(AddCheckpoint::Parse(bad).status().error(), "witness.request") << bad;
  }
}

TEST_F(WitnessTest, TheLogTakesOnlyGoodCosignaturesOfItsWitnesses) {
  const std::string text = Signed(Head(10)).text;
  const std::vector<VerifierKey> witnesses{WitnessKey("w1", KeyFrom(1).PublicKey()),
                                           WitnessKey("w2", KeyFrom(2).PublicKey())};
  const auto line = [&text](const char* name, std::uint8_t seed, std::uint64_t time) {
    return SignAsWitness(name, KeyFrom(seed), time, text).Format();
  };
  const auto taken = TakeCosignatures(line("w1", 1, 5) + line("stranger", 3, 5), text, witnesses);
  ASSERT_TRUE(taken.ok()) << taken.status().message();
  ASSERT_EQ(taken->size(), 1U);
  EXPECT_EQ(taken->front().name, "w1");
  const auto error = [&](const std::string& body) {
    return TakeCosignatures(body, text, witnesses).status().error();
  };
  EXPECT_EQ(error(line("w1", 1, 0)), "note.signature");  // a cosignature needs a time here
  EXPECT_EQ(error(line("stranger", 3, 5)), "note.unsigned");
  EXPECT_EQ(error(SignAsWitness("w1", KeyFrom(1), 5, "another\n").Format()), "note.signature");
  EXPECT_EQ(error(""), "note.malformed");
  EXPECT_EQ(error("20\n"), "note.malformed");
}

TEST_F(WitnessTest, SizesOfConflictsAreReadExactly) {
  EXPECT_EQ(ParseKnownSize("0\n").value(), 0U);
  for (const std::string& body : {""s, "20"s, "020\n"s, "20\n\n"s, "20\n20\n"s, "x\n"s, "\n"s}) {
    EXPECT_EQ(ParseKnownSize(body).status().error(), "witness.request") << body;
  }
}

TEST_F(WitnessTest, ShowsItsHeadUnderTheHashOfTheOrigin) {
  EXPECT_EQ(WitnessCheckpointPath("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad/checkpoint");
}

}  // namespace
}  // namespace accord::ledger
