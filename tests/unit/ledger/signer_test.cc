#include "ledger/signer.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/support/temp_dir.h"

namespace accord::ledger {
namespace {

using crypto::SignatureKind;
using crypto::SoftwareKey;

constexpr std::string_view kVkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

Signer SignerOf(const std::string& name, SignatureKind kind) {
  auto key = std::make_unique<const SoftwareKey>(SoftwareKey::Generate(kind));
  VerifierKey verifier = *VerifierOf(name, *key);
  return *Signer::Make(std::move(verifier), std::move(key));
}

TEST(SignerTest, SignaturesOfBothKindsCount) {
  const Signer first = SignerOf("fed.example/ke", SignatureKind::kEd25519);
  const Signer second = SignerOf("fed.example/rw", SignatureKind::kEcdsaP256);
  Envelope envelope{"a/type", {1, 2, 3}, {}};
  ASSERT_TRUE(first.Sign(envelope).ok());
  ASSERT_TRUE(second.Sign(envelope).ok());
  EXPECT_EQ(envelope.signatures[1].keyid, KeyIdOf(second.verifier()));
  const std::vector<VerifierKey> keys{first.verifier(), second.verifier()};
  EXPECT_EQ(SignersOf(envelope, keys), (std::set<std::size_t>{0, 1}));
  envelope.payload[0] ^= 1;
  EXPECT_TRUE(SignersOf(envelope, keys).empty());
}

TEST(SignerTest, AWitnessKeySignsNoDocuments) {
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate();
  Envelope envelope{"a/type", {1, 2, 3}, {}};
  Sign(envelope, key, "");
  const std::vector<VerifierKey> keys{WitnessKey("fed.example/w", key.PublicKey())};
  EXPECT_TRUE(SignersOf(envelope, keys).empty());
}

TEST(SignerTest, AKeyOfAnotherPairIsNone) {
  const VerifierKey verifier = *VerifierKey::Parse(kVkey);
  auto key = std::make_unique<const SoftwareKey>(SoftwareKey::Generate(SignatureKind::kEd25519));
  EXPECT_EQ(Signer::Make(verifier, std::move(key)).status().error(), "key.mismatch");
}

TEST(KeyFileTest, ComesBackWhole) {
  const std::string head = "accord-key v1\nvkey: " + std::string(kVkey) + "\n";
  const std::string pem = SoftwareKey::Generate(SignatureKind::kEd25519).Encrypt(AsBytes("a passphrase"));
  for (const std::string& text : {head + pem, head + "pkcs11: pkcs11:token=gov;object=ke\n"}) {
    const auto file = KeyFile::Parse(text);
    ASSERT_TRUE(file.ok()) << file.status().message();
    EXPECT_EQ(file->verifier.name(), "example.com/foo");
    EXPECT_EQ(file->Format(), text);
  }
}

TEST(KeyFileTest, RefusesAllOtherForms) {
  const std::string head = "accord-key v1\nvkey: " + std::string(kVkey) + "\n";
  const std::string witness =
      WitnessKey("fed.example/w", crypto::Ed25519Key::Generate().PublicKey()).Format();
  for (const std::string& text :
       {std::string(), std::string("accord-key v2\n"), std::string("accord-key v1\n"), head,
        head + "pkcs11: file:/etc\n", head + "pkcs11: pkcs11:object=a\nmore\n",
        head + "pkcs11: pkcs11:object=a", "accord-key v1\nvkey: " + witness + "\npkcs11: pkcs11:object=a\n",
        head + "-----BEGIN PRIVATE KEY-----\n"})
    EXPECT_EQ(KeyFile::Parse(text).status().error(), "key.malformed") << text;
}

// A copy is looked at long before it is needed.
TEST(KeyFileTest, IsNoneWhenItIsCutShort) {
  const std::string text = "accord-key v1\nvkey: " + std::string(kVkey) + "\n" +
                           SoftwareKey::Generate(SignatureKind::kEcdsaP256).Encrypt(AsBytes("a passphrase"));
  ASSERT_TRUE(KeyFile::Parse(text).ok());
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    EXPECT_EQ(KeyFile::Parse(text.substr(0, length)).status().error(), "key.malformed") << length;
  std::string damaged = text;
  damaged[text.find("KEY-----\n") + 12] = '*';
  EXPECT_EQ(KeyFile::Parse(damaged).status().error(), "key.malformed");
}

TEST(KeyFileTest, IsForItsOwnerAlone) {
  const accord::testing::TempDir dir;
  const auto path = dir / "ke.key";
  const std::string text = "accord-key v1\nvkey: " + std::string(kVkey) + "\npkcs11: pkcs11:object=ke\n";
  ASSERT_TRUE(WriteFileAtomic(path, AsBytes(text), FileMode::kPrivate).ok());
  EXPECT_TRUE(ReadKeyFile(path).ok());
  std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  EXPECT_EQ(ReadKeyFile(path).status().error(), "key.exposed");
  EXPECT_EQ(ReadKeyFile(dir / "none").status().error(), "store.io");
}

}  // namespace
}  // namespace accord::ledger
