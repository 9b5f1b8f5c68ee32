#include "ledger/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "crypto/base64.h"
#include "ledger/cosignature.h"
#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

using ::testing::ElementsAre;
using testing::KeyFrom;
using namespace std::string_literals;

// Governance.md 3, "own vector": the log's line was opened by Go's note.Open, the cosignature by OpenSSL.
const std::string kBody =
    "fed.example/log\n"
    "7\n"
    "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n";
const std::string kNote =
    kBody +
    "\n"
    "— fed.example/log "
    "19erz0crFjbeciOVSdHshejVp8UBrMuBoZymhi09DrkqVVpi2xbidv//TpuWRi1Mrt3QqPXTVOOVO22kGBksYjZdaAs=\n"
    "— fed.example/node/ke "
    "G1q5rQAAAABpVbkAJfdBzwYomJsAymjBcYFBWE1QfLH8rJBeVxsWT6LkDWkcntfermjyjWLmTlHAUPZo5CVLxcF3OzjTnxstHfEDDw=="
    "\n";
const std::string kLog = "fed.example/log+d7d7abcf+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const std::string kWitness = "fed.example/node/ke+1b5ab9ad+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";

std::string ParseError(std::string_view text) { return Checkpoint::Parse(text).status().error(); }

TEST(CheckpointTest, OpensTheVector) {
  const Checkpoint checkpoint = OpenCheckpoint(kNote, VerifierKey::Parse(kLog).value()).value();
  EXPECT_EQ(checkpoint.origin, "fed.example/log");
  EXPECT_EQ(checkpoint.size, 7U);
  EXPECT_EQ(checkpoint.root.Hex(), "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
  EXPECT_EQ(checkpoint.Format(), kBody);
}

TEST(CheckpointTest, MakesTheVectorFromItsSeeds) {
  Note note{.text = kBody, .signatures = {}};
  note.signatures.push_back(SignAsLog("fed.example/log", KeyFrom(0x00), kBody));
  note.signatures.push_back(SignAsWitness("fed.example/node/ke", KeyFrom(0x20), 1'767'225'600, kBody));
  EXPECT_EQ(note.Format(), kNote);
  const std::vector<VerifierKey> known{VerifierKey::Parse(kLog).value(),
                                       VerifierKey::Parse(kWitness).value()};
  EXPECT_THAT(CheckSignatures(note, known).value(), ElementsAre(0, 1));
}

TEST(CheckpointTest, AnyFlippedBitOfTheVectorIsSeen) {
  const std::vector<VerifierKey> known{VerifierKey::Parse(kLog).value(),
                                       VerifierKey::Parse(kWitness).value()};
  for (std::size_t bit = 0; bit < kNote.size() * 8; ++bit) {
    std::string flipped = kNote;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const Result<Note> note = Note::Parse(flipped);
    const bool whole =
        note.ok() && CheckSignatures(*note, known).ok() && CheckSignatures(*note, known)->size() == 2;
    EXPECT_FALSE(whole) << bit;
  }
}

TEST(CheckpointTest, KeepsExtensionLines) {
  const Checkpoint checkpoint{
      .origin = "o", .size = 0, .root = testing::Hash(std::string(64, 'a')), .extensions = {"x", " y"}};
  EXPECT_EQ(Checkpoint::Parse(checkpoint.Format()).value(), checkpoint);
}

TEST(CheckpointTest, RefusesWhatIsNotExactlyACheckpoint) {
  const std::string root = "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n";
  ASSERT_TRUE(Checkpoint::Parse("o\n0\n" + root).ok());
  ASSERT_TRUE(Checkpoint::Parse("o\n9223372036854775807\n" + root).ok());
  for (const std::string& text : {""s,
                                  "o\n"s,
                                  "o\n7\n"s,
                                  "\n7\n" + root,
                                  "o\n\n" + root,
                                  "o\n07\n" + root,
                                  "o\n-7\n" + root,
                                  "o\n+7\n" + root,
                                  "o\n7 \n" + root,
                                  "o\n0x7\n" + root,
                                  "o\n9223372036854775808\n" + root,
                                  "o\n18446744073709551616\n" + root,
                                  "o\n7\n"s + root.substr(0, root.size() - 1),
                                  "o\n7\n" + root + "\n",
                                  "o\n7\n" + root + "x\n\ny\n",
                                  "o\n7\n" + root + "x",
                                  "o\n7\n3bib\n"s,
                                  "o\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIx=\n"s,
                                  "o\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw\n"s,
                                  "o\n7\n\n"s}) {
    EXPECT_EQ(ParseError(text), "checkpoint.malformed") << text;
  }
}

TEST(CheckpointTest, IsOfTheLogWhoseKeySignedIt) {
  const VerifierKey log = LogKey("other.example/log", KeyFrom(0).PublicKey());
  Note note{.text = kBody, .signatures = {SignAsLog("other.example/log", KeyFrom(0), kBody)}};
  EXPECT_EQ(OpenCheckpoint(note, log).status().error(), "checkpoint.origin");
  EXPECT_EQ(OpenCheckpoint(note, VerifierKey::Parse(kLog).value()).status().error(), "note.unsigned");
}

TEST(CosignatureTest, ReadsTheTimeOfTheExampleInTheFormat) {
  const Bytes blob =
      crypto::FromBase64(
          "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBk"
          "BIfZ+qnA==")
          .value();
  ASSERT_EQ(blob.size(), 4 + Cosignature::kSize);
  EXPECT_EQ(Bytes(blob.begin(), blob.begin() + 4), (Bytes{0x8d, 0x66, 0xcf, 0x3f}));
  const Cosignature cosignature = Cosignature::Parse(ByteView(blob).subspan(4)).value();
  EXPECT_EQ(cosignature.time, 1'679'315'147U);
  EXPECT_EQ(cosignature.Encode(), Bytes(blob.begin() + 4, blob.end()));
}

TEST(CosignatureTest, HoldsForItsTimeAndTextAlone) {
  const crypto::Ed25519Key key = KeyFrom(1);
  Cosignature cosignature = Cosignature::Sign(key, 42, kBody);
  EXPECT_TRUE(cosignature.Verifies(key.PublicKey(), kBody));
  EXPECT_FALSE(cosignature.Verifies(key.PublicKey(), "x" + kBody));
  EXPECT_FALSE(cosignature.Verifies(KeyFrom(2).PublicKey(), kBody));
  cosignature.time = 43;
  EXPECT_FALSE(cosignature.Verifies(key.PublicKey(), kBody));
}

TEST(CosignatureTest, RefusesOtherLengthsAndTimesOutOfRange) {
  Bytes blob = Cosignature::Sign(KeyFrom(1), 42, kBody).Encode();
  EXPECT_TRUE(Cosignature::Parse(blob).has_value());
  EXPECT_FALSE(Cosignature::Parse(ByteView(blob).first(71)).has_value());
  blob[0] = 0x80;  // 2^63 and more
  EXPECT_FALSE(Cosignature::Parse(blob).has_value());
  blob[0] = 0;
  blob.push_back(0);
  EXPECT_FALSE(Cosignature::Parse(blob).has_value());
}

// The signature of a log is none of a witness, and the other way round: another type is another id, and
// another message.
TEST(CosignatureTest, IsNoSignatureOfALog) {
  const crypto::Ed25519Key key = KeyFrom(1);
  const VerifierKey log = LogKey("n", key.PublicKey()), witness = WitnessKey("n", key.PublicKey());
  EXPECT_NE(log.id(), witness.id());
  const Bytes signature = SignAsLog("n", key, kBody).signature;
  const Bytes cosignature = SignAsWitness("n", key, 42, kBody).signature;
  EXPECT_TRUE(log.Verify(kBody, signature));
  EXPECT_TRUE(witness.Verify(kBody, cosignature));
  EXPECT_FALSE(log.Verify(kBody, cosignature));
  EXPECT_FALSE(log.Verify(kBody, ByteView(cosignature).subspan(8)));
  EXPECT_FALSE(witness.Verify(kBody, signature));
}

}  // namespace
}  // namespace accord::ledger
