#include "ledger/note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "crypto/base64.h"
#include "crypto/sha256.h"
#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

using ::testing::ElementsAre;
using testing::KeyFrom;
using namespace std::string_literals;

// The vector of signed-note.md.
constexpr std::string_view kVectorKey =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const std::string kVector =
    "This is an example message.\n"
    "\n"
    "— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

std::string ParseError(std::string_view bytes) { return Note::Parse(bytes).status().error(); }

// A note over `text` by the keys with these names; seeds by their place.
Note SignedBy(const std::string& text, const std::vector<std::string>& names) {
  Note note{.text = text, .signatures = {}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    note.signatures.push_back(SignAsLog(names[i], KeyFrom(static_cast<std::uint8_t>(i)), text));
  }
  return note;
}
VerifierKey KeyOf(const std::string& name, std::uint8_t place) {
  return LogKey(name, KeyFrom(place).PublicKey());
}

TEST(NoteTest, VerifiesTheVectorOfTheFormat) {
  const Note note = Note::Parse(kVector).value();
  EXPECT_EQ(note.text, "This is an example message.\n");
  EXPECT_EQ(note.Format(), kVector);
  const std::vector<VerifierKey> known{VerifierKey::Parse(kVectorKey).value()};
  EXPECT_THAT(CheckSignatures(note, known).value(), ElementsAre(0));
}

TEST(NoteTest, AnyFlippedBitOfTheVectorIsSeen) {
  const std::vector<VerifierKey> known{VerifierKey::Parse(kVectorKey).value()};
  for (std::size_t bit = 0; bit < kVector.size() * 8; ++bit) {
    std::string flipped = kVector;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const Result<Note> note = Note::Parse(flipped);
    EXPECT_FALSE(note.ok() && CheckSignatures(*note, known).ok()) << bit;
  }
}

TEST(NoteTest, SplitsAtTheLastEmptyLine) {
  const Note note = SignedBy("one\n\ntwo\n\n\n", {"a"});
  const Note parsed = Note::Parse(note.Format()).value();
  EXPECT_EQ(parsed, note);
  EXPECT_TRUE(CheckSignatures(parsed, std::vector{KeyOf("a", 0)}).ok());
}

TEST(NoteTest, RefusesWhatIsNotExactlyANote) {
  const std::string line = SignedBy("t\n", {"a"}).signatures[0].Format();
  ASSERT_TRUE(Note::Parse("t\n\n" + line).ok());
  for (const std::string& bytes : {""s,
                                   "\n"s,
                                   "\n\n"s,
                                   "t\n"s,
                                   "t\n\n"s,
                                   "t\n" + line,
                                   "t" + line,
                                   line,
                                   "\n" + line,
                                   "t\n\n" + line + "\n",
                                   "t\n\n" + line + "x",
                                   "t\n\n" + line.substr(0, line.size() - 1),
                                   "t\n\nx" + line,
                                   "t\r\n\n" + line,
                                   "t\t\n\n" + line,
                                   "t\0\n\n"s + line,
                                   "\xff\n\n" + line,
                                   "t\n\n- a AAAAAAA=\n"s,
                                   "t\n\n— a\n"s,
                                   "t\n\n— a AAAA\n"s,
                                   "t\n\n— a AAAAAA==\n"s,
                                   "t\n\n— a  AAAAAAA=\n"s,
                                   "t\n\n—  AAAAAAA=\n"s,
                                   "t\n\n— a+b AAAAAAA=\n"s,
                                   "t\n\n— a AAAAAAA\n"s,
                                   "t\n\n— a AAAAAAB=\n"s,
                                   "t\n\n— a AAAAAAA= \n"s,
                                   "t\n\n— a\u2003b AAAAAAA=\n"s,
                                   "t\n\n— a _AAAAAA=\n"s}) {
    EXPECT_EQ(ParseError(bytes), "note.malformed") << bytes;
  }
  EXPECT_TRUE(Note::Parse("t\n\n— a AAAAAAA=\n").ok());
}

TEST(NoteTest, TakesSixteenSignaturesAndManyMoreButNotAnyNumber) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("witness" + std::to_string(i));
  const Note many = SignedBy("t\n", names);
  const Note parsed = Note::Parse(many.Format()).value();
  EXPECT_EQ(parsed.signatures.size(), 200U);
  EXPECT_THAT(CheckSignatures(parsed, std::vector{KeyOf("witness199", 199)}).value(), ElementsAre(0));
  std::string too_many = "t\n\n";
  for (std::size_t i = 0; i <= kMaxSignatures; ++i) too_many += "— a AAAAAAA=\n";
  EXPECT_EQ(ParseError(too_many), "note.malformed");
  EXPECT_EQ(ParseError(std::string(kMaxNoteBytes, 'x') + "\n\n— a AAAAAAA=\n"), "note.malformed");
}

TEST(NoteTest, IgnoresUnknownKeysAlsoOfAKnownNameOrId) {
  Note note = SignedBy("t\n", {"a", "b"});
  NoteSignature same_name = note.signatures[1];
  same_name.name = "a";
  NoteSignature same_id = note.signatures[0];
  same_id.name = "z";
  same_id.signature = Bytes(64, 1);
  note.signatures.push_back(same_name);
  note.signatures.push_back(same_id);
  note.signatures.push_back({.name = "ml-dsa", .key_id = 6, .signature = Bytes(2428, 1)});
  EXPECT_THAT(CheckSignatures(note, std::vector{KeyOf("a", 0)}).value(), ElementsAre(0));
  EXPECT_THAT(CheckSignatures(note, std::vector{KeyOf("c", 0), KeyOf("b", 1), KeyOf("a", 0)}).value(),
              ElementsAre(1, 2));
  EXPECT_EQ(CheckSignatures(note, std::vector{KeyOf("a", 1)}).status().error(), "note.unsigned");
  EXPECT_EQ(CheckSignatures(note, {}).status().error(), "note.unsigned");
}

TEST(NoteTest, RejectsANoteIfOneKnownSignatureFails) {
  Note note = SignedBy("t\n", {"a", "b"});
  note.signatures[1].signature[10] ^= 1;
  const std::vector<VerifierKey> both{KeyOf("a", 0), KeyOf("b", 1)};
  EXPECT_EQ(CheckSignatures(note, both).status().error(), "note.signature");
  EXPECT_TRUE(CheckSignatures(note, std::vector{both[0]}).ok());
  // A repeated one, too, though the first of that key is good.
  note = SignedBy("t\n", {"a"});
  note.signatures.push_back(note.signatures[0]);
  EXPECT_THAT(CheckSignatures(note, both).value(), ElementsAre(0));
  note.signatures[1].signature.pop_back();
  EXPECT_EQ(CheckSignatures(note, both).status().error(), "note.signature");
}

TEST(NoteTest, RefusesASignatureWhoseSIsNotCanonical) {
  Note note = SignedBy("t\n", {"a"});
  Bytes& signature = note.signatures[0].signature;
  // S + L, L the order of the group (RFC 8032 5.1): the same point equation, another byte string.
  const Bytes order = crypto::FromBase64("7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA=").value();
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += signature[32 + i] + unsigned{order[i]};
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  ASSERT_EQ(carry, 0U);
  EXPECT_EQ(CheckSignatures(note, std::vector{KeyOf("a", 0)}).status().error(), "note.signature");
}

TEST(NoteTest, VerifiesEcdsaWhoseIdIsThatOfTheKeyAlone) {
  const Bytes spki = crypto::FromBase64(
                         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYgL/"
                         "lbBQYWvfSUlgZrfCvf1pGgby4shLPWeaXryAAWsZi0iLHfD/mLWABlZRTX7y"
                         "zdPaJolC7boMmJ8lZAT15A==")
                         .value();
  const VerifierKey key = VerifierKey::Make("ecdsa", KeyType::kEcdsa, spki).value();
  EXPECT_EQ(key.id(), std::stoul(crypto::Sha256::Of(spki).Hex().substr(0, 8), nullptr, 16));
  EXPECT_EQ(VerifierKey::Parse(key.Format()).value(), key);
  // `openssl dgst -sha256 -sign` over the text of the vector.
  const Bytes signature =
      crypto::FromBase64(
          "MEQCIHk9Y2FIcyzTA63LdpEj2ndy4Oo8Bk0kodtHBCPq0J3dAiAJHtAIRa/RR4L/CuWSnRo5iRd8CvFYEpbKud0TakV6aw==")
          .value();
  Note note{.text = "This is an example message.\n",
            .signatures = {{.name = "ecdsa", .key_id = key.id(), .signature = signature}}};
  EXPECT_TRUE(CheckSignatures(note, std::vector{key}).ok());
  note.text = "This is another message.\n";
  EXPECT_EQ(CheckSignatures(note, std::vector{key}).status().error(), "note.signature");
}

}  // namespace
}  // namespace accord::ledger
