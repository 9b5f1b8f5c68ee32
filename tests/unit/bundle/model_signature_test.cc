// model.sig, also one that model_signing itself wrote.
#include "bundle/model_signature.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "crypto/ecdsa.h"
#include "ledger/dsse.h"
#include "tests/unit/bundle/fixture.h"

namespace accord::bundle {
namespace {

const FileList kList{.name = "digits",
                     .ignored = {"model.sig"},
                     .files = {{"a", crypto::Sha256::Of("a")}, {"d/b", crypto::Sha256::Of("b")}}};

Bytes Spki() { return ReleaseSigner().verifier().key(); }

TEST(PathOrderTest, GoesByThePartsOfPathsAsPythonSortsThem) {
  const ByPath<int> paths{
      {"datasets-1", 0}, {"datasets/b", 0}, {"datasets", 0}, {"a", 0}, {"datasets/a/z", 0}};
  std::vector<std::string> order;
  for (const auto& [path, nothing] : paths) order.push_back(path);
  EXPECT_EQ(order, (std::vector<std::string>{"a", "datasets", "datasets/a/z", "datasets/b", "datasets-1"}));
}

TEST(ModelSignatureTest, WhatTheKeySignedIsReadAgain) {
  const auto signature = SignFiles(kList, ReleaseSigner());
  ASSERT_TRUE(signature.ok()) << signature.status().message();
  const auto list = OpenModelSignature(AsBytes(*signature), Spki());
  ASSERT_TRUE(list.ok()) << list.status().message();
  EXPECT_EQ(*list, kList);
  EXPECT_EQ(signature->find("\"keyid\":\"\"") == std::string::npos, false);
  const Bytes other = SignerOf("x", crypto::SoftwareKey(crypto::P256Key::Generate())).verifier().key();
  EXPECT_EQ(OpenModelSignature(AsBytes(*signature), other).status().error(), "model.bundle");
  EXPECT_EQ(SignFiles(kList, MemberSigner("ke")).status().error(), "key.malformed") << "Ed25519";
}

TEST(ModelSignatureTest, TheSubjectIsOneAndThatOfTheFilesInTheirOrder) {
  const auto parse = [](std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return ParseStatement(AsBytes(text.replace(at, from.size(), to))).status().error();
  };
  const std::string text(AsText(EncodeStatement(kList)));
  EXPECT_EQ(parse(text, "digits", "digits"), "");
  EXPECT_EQ(parse(text, "\"subject\":[",
                  "\"subject\":[{\"name\":\"x\",\"digest\":{\"sha256\":\"" + crypto::Sha256::Of("").Hex() +
                      "\"}},"),
            "ledger.malformed");
  EXPECT_EQ(parse(text, "false", "true"), "ledger.malformed") << "links";
  EXPECT_EQ(parse(text, "\"d/b\"", "\"a\""), "ledger.malformed") << "twice";
  FileList reordered = kList;
  std::swap(reordered.files[0], reordered.files[1]);
  EXPECT_NE(reordered.Root(), kList.Root());
  EXPECT_EQ(parse(text, kList.Root().Hex(), reordered.Root().Hex()), "ledger.malformed");
}

// Of sigstore/model-transparency (Apache-2.0), scripts/tests/v1.1.0-elliptic-key/model.sig, and the public
// key that an earlier version of that signature carries. It is on P-384, with which releases are not signed
// here; so what is inside is read, and the signature itself is for openssl (tests/interop/bundle_test.py).
TEST(ModelSignatureTest, ReadsWhatModelSigningWrote) {
  const std::string text = std::string(AsText(*ReadFile("tests/golden/bundle/model_signing.sig")));
  const std::string pem = std::string(AsText(*ReadFile("tests/golden/bundle/model_signing.pem")));
  const auto signature = ParseModelSignature(AsBytes(text));
  ASSERT_TRUE(signature.ok()) << signature.status().message();
  const auto spki = crypto::PublicKeyFromPem(pem);
  ASSERT_TRUE(spki.has_value());
  EXPECT_TRUE(crypto::IsEcdsaKey(*spki));
  EXPECT_FALSE(crypto::IsP256Key(*spki));
  EXPECT_EQ(signature->hint, HintOf(*spki));
  const auto list = ParseStatement(signature->payload);
  ASSERT_TRUE(list.ok()) << list.status().message();
  EXPECT_EQ(list->files.size(), 2U);
  EXPECT_EQ(list->files[1].name, "signme-2");
}

}  // namespace
}  // namespace accord::bundle
