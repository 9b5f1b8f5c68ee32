#include "crypto/signing_key.h"

#include <gtest/gtest.h>

#include "crypto/ecdsa.h"

namespace accord::crypto {
namespace {

const ByteView kPassphrase = AsBytes("correct horse battery");

TEST(SoftwareKeyTest, AnEd25519KeyComesBackFromItsPem) {
  const SoftwareKey key = SoftwareKey::Generate(SignatureKind::kEd25519);
  const auto opened = SoftwareKey::Decrypt("a text before it\n" + key.Encrypt(kPassphrase), kPassphrase);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(opened->kind(), SignatureKind::kEd25519);
  EXPECT_EQ(opened->PublicKey(), key.PublicKey());
  const auto public_key = Ed25519PublicKey::FromBytes(AsText(key.PublicKey()));
  const auto signature = Ed25519Signature::FromBytes(AsText(*opened->Sign(AsBytes("a vote"))));
  EXPECT_TRUE(Ed25519Verify(*public_key, AsBytes("a vote"), *signature));
}

TEST(SoftwareKeyTest, AKeyOnP256ComesBackFromItsPem) {
  const SoftwareKey key = SoftwareKey::Generate(SignatureKind::kEcdsaP256);
  const auto opened = SoftwareKey::Decrypt(key.Encrypt(kPassphrase), kPassphrase);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(opened->kind(), SignatureKind::kEcdsaP256);
  EXPECT_TRUE(IsEcdsaKey(opened->PublicKey()));
  EXPECT_TRUE(EcdsaVerify(key.PublicKey(), AsBytes("a release"), *opened->Sign(AsBytes("a release"))));
}

// openssl genpkey -algorithm ed25519 | openssl pkcs8 -topk8 -scrypt -passout pass:'another hand', OpenSSL 3.0
constexpr std::string_view kByOpenssl = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAgTZmqV9CtnqwICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBAm9D5D3+yAvlZi5obj5mjmBEDy+LJpPsGpArTj
JvQ2hQqQ+xQa1YYHmewsyIG057XfnsCYPMV30SS0bybAycOR1UZxsTdVJohn+IaN
pnBZDwMG
-----END ENCRYPTED PRIVATE KEY-----
)";

TEST(SoftwareKeyTest, OpensItsKeyAsOpensslWroteIt) {
  const auto opened = SoftwareKey::Decrypt(kByOpenssl, AsBytes("another hand"));
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  const auto public_key = Ed25519PublicKey::FromBytes(AsText(opened->PublicKey()));
  EXPECT_EQ(public_key->Hex(), "acc8d98ec0c7c3893b343fb7fe390894f050b8fef2151cca350a4a32a9874f38");
}

TEST(SoftwareKeyTest, OpensNothingElse) {
  const SoftwareKey key = SoftwareKey::Generate(SignatureKind::kEd25519);
  const std::string pem = key.Encrypt(kPassphrase);
  EXPECT_EQ(SoftwareKey::Decrypt(pem, AsBytes("correct horse batterz")).status().error(), "key.passphrase");
  EXPECT_EQ(SoftwareKey::Decrypt(pem, {}).status().error(), "key.passphrase");
  EXPECT_EQ(SoftwareKey::Decrypt("", kPassphrase).status().error(), "key.malformed");
  EXPECT_EQ(SoftwareKey::Decrypt(pem.substr(0, pem.size() / 2), kPassphrase).status().error(),
            "key.malformed");
  const ZeroizingBytes plain = Ed25519Key::Generate().ToPem();
  EXPECT_EQ(SoftwareKey::Decrypt(AsText(plain.view()), kPassphrase).status().error(), "key.malformed")
      << "a key that is not encrypted is none of a person";
}

TEST(SoftwareKeyTest, EncryptsAnewEachTime) {
  const SoftwareKey key = SoftwareKey::Generate(SignatureKind::kEd25519);
  EXPECT_NE(key.Encrypt(kPassphrase), key.Encrypt(kPassphrase));
}

}  // namespace
}  // namespace accord::crypto
