#include "ledger/dsse.h"

#include <gtest/gtest.h>

namespace accord::ledger {
namespace {

Envelope Hello() {
  const ByteView body = AsBytes("hello world");
  return {"http://example.com/HelloWorld", {body.begin(), body.end()}, {}};
}

// protocol.md of DSSE.
TEST(DsseTest, KnowsTheVectorOfTheProtocol) {
  EXPECT_EQ(AsText(Pae(Hello().payload_type, Hello().payload)),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST(DsseTest, AnEnvelopeComesBackWhole) {
  Envelope envelope = Hello();
  Sign(envelope, crypto::Ed25519Key::Generate(), "one");
  Sign(envelope, crypto::Ed25519Key::Generate(), "");
  const auto parsed = ParseEnvelope(AsBytes(EncodeEnvelope(envelope)));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(*parsed, envelope);
  EXPECT_EQ(envelope.Id().Hex(), "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
}

TEST(DsseTest, RefusesAllOtherForms) {
  const std::string good = R"({"payload":"Zg==","payloadType":"t","signatures":[{"keyid":"","sig":"Zg=="}]})";
  EXPECT_TRUE(ParseEnvelope(AsBytes(good)).ok());
  for (const std::string_view text :
       {R"({"payload":"Zg","payloadType":"t","signatures":[{"keyid":"","sig":"Zg=="}]})",
        R"({"payload":"Zg==","payloadType":"t","signatures":[]})",
        R"({"payload":"Zg==","payloadType":"t","signatures":[{"keyid":"","sig":"Zg==","cert":""}]})",
        R"({"payload":"Zg==","payloadType":"t","signatures":[{"keyid":""}]})",
        R"({"payload":"Zg==","signatures":[{"keyid":"","sig":"Zg=="}]})",
        R"({"payload":"Zg==","payload":"Zg==","payloadType":"t","signatures":[{"keyid":"","sig":"Zg=="}]})"})
    EXPECT_EQ(ParseEnvelope(AsBytes(text)).status().error(), "ledger.malformed") << text;
  std::string many = good.substr(0, good.size() - 2);
  for (std::size_t i = 0; i < kMaxEnvelopeSignatures; ++i) many += R"(,{"keyid":"","sig":"Zg=="})";
  EXPECT_FALSE(ParseEnvelope(AsBytes(many + "]}")).ok());
}

struct SignersTest : ::testing::Test {
  std::vector<crypto::Ed25519Key> keys;
  std::vector<VerifierKey> verifiers;
  SignersTest() {
    for (int i = 0; i < 3; ++i) {
      keys.push_back(crypto::Ed25519Key::Generate());
      verifiers.push_back(LogKey("key-" + std::to_string(i), keys.back().PublicKey()));
    }
  }
};

TEST_F(SignersTest, CountsEachKeyOnce) {
  Envelope envelope = Hello();
  EXPECT_TRUE(SignersOf(envelope, verifiers).empty());
  Sign(envelope, keys[1], KeyIdOf(verifiers[1]));
  Sign(envelope, keys[1], KeyIdOf(verifiers[0]));
  EXPECT_EQ(SignersOf(envelope, verifiers), std::set<std::size_t>{1});
  Sign(envelope, keys[2], "");
  EXPECT_EQ(SignersOf(envelope, verifiers), (std::set<std::size_t>{1, 2})) << "the hint decides nothing";
}

TEST_F(SignersTest, ASignatureIsOfTheseBytesAsThisType) {
  Envelope envelope = Hello();
  Sign(envelope, keys[0], KeyIdOf(verifiers[0]));
  Envelope other = envelope;
  other.payload_type = "http://example.com/Vote";
  EXPECT_TRUE(SignersOf(other, verifiers).empty());
  other = envelope;
  other.payload.back() ^= 1;
  EXPECT_TRUE(SignersOf(other, verifiers).empty());
  other = envelope;
  other.signatures[0].signature.back() ^= 0x80;  // S beyond the order of the base point
  EXPECT_TRUE(SignersOf(other, verifiers).empty());
  other = envelope;
  other.signatures[0].signature.pop_back();
  EXPECT_TRUE(SignersOf(other, verifiers).empty());
}

}  // namespace
}  // namespace accord::ledger
