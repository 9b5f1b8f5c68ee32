#include "crypto/ecdsa.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/support/fsa1.h"

namespace accord::crypto {
namespace {

using fsa1::Hex;

constexpr std::string_view kMessage = "This is an example message.\n";

struct Signed {
  std::string spki, signature;
};
// Made by `openssl ecparam -genkey` and `openssl dgst -sha256 -sign`.
const std::array<Signed, 3> kSigned{
    {{"3059301306072a8648ce3d020106082a8648ce3d030107034200046202ff95b050616bdf49496066b7c2bdfd691a06f2e2c84b"
      "3d67"
      "9a5ebc80016b198b488b1df0ff98b5800656514d7ef2cdd3da268942edba0c989f256404f5e4",
      "30440220793d636148732cd303adcb769123da7772e0ea3c064d24a1db470423ead09ddd0220091ed00845afd14782ff0ae592"
      "9d1a3989"
      "177c0af1581296cab9dd136a457a6b"},
     {"3076301006072a8648ce3d020106052b8104002203620004b49db05300a401129588348a8276774aae7e26f925bf40d073363b"
      "84edeba0"
      "59722fc6eed0b3447c3e88a396e576eb74f9aece607e61d4762ff0f44aefa6f0c55f074e5f7cd69fc19867cc574078a9fb0f2b"
      "859b73b1"
      "a252beb13971432af9af",
      "306502303af8bcc2a0bf5879ad655cb97c30cbe0478571ae24e7ea1a4615fdf17d4f67b0851b0f33233c3589a8137f2992bdf4"
      "48023100"
      "a46478ce72b3ce0fdee23e065d9ad1deda7e0cbc813cdff915cf9e569bd7a0c28553862af19f96f8fd6864830dfe672d"},
     {"30819b301006072a8648ce3d020106052b81040023038186000400df70baa0b37ee813cfbc26886e7600ea1ec6315ae040a923"
      "f53232768"
      "b157659d1b9723263d9cd54919a7bc3dbf36eabd88f6c605fdb53f5dd80241cccb7674e8f001687ad389613e7a410a6c51fd97"
      "0b2b24c8"
      "54cd21318461f5e143f1e1282de74ab3977f61a8b6e1a7d93eb5209cfa3e80c9c651f5d948d540ba916854535d169e1",
      "308188024200a7170683e54467e92ac4772c223d0848cadf49fe846d11be9f4baf465842b2aa0295f13e3a73efc59a57eb80b5"
      "c50a3041"
      "9fb87fb5dae809859ec0b64ed9473a8f024201dcbc5e5232b3f23cec212501c5c809c9987d9edafa6283b4728e95ddf3d82e1c"
      "7e6b424d"
      "33290a11bb199a804df9ee0465298f060597077bf06e2d12bb65e16915"}}};
// The same on secp256k1, which is no curve of signed notes.
const Signed kForeignCurve{
    "3056301006072a8648ce3d020106052b8104000a03420004bff6932c7dcd8b812fc6a717d01ab4224def3bf574fd6ac4cd211a35"
    "10f4fdd7"
    "5641b9ca9e9fb40c95658a38be5c13781b34465aa84b24456eb87c23e1af85a3",
    "3046022100f331e3edd18c616943acdba5d2a4cbaae1ba8af0a7d2c067bb0481d2c8b3822d022100dd6ec54e2ab492865b2e110e"
    "e5ae7651"
    "05b7b5280621a1bbe4174a2d07991f4e"};

TEST(EcdsaTest, VerifiesWhatOpensslSignedOnEachCurve) {
  for (const Signed& s : kSigned) {
    EXPECT_TRUE(IsEcdsaKey(Hex(s.spki)));
    EXPECT_TRUE(EcdsaVerify(Hex(s.spki), AsBytes(kMessage), Hex(s.signature)));
    EXPECT_FALSE(EcdsaVerify(Hex(s.spki), AsBytes("This is another message.\n"), Hex(s.signature)));
    EXPECT_FALSE(EcdsaVerify(Hex(s.spki), AsBytes(kMessage), {}));
  }
  EXPECT_FALSE(EcdsaVerify(Hex(kSigned[0].spki), AsBytes(kMessage), Hex(kSigned[1].signature)));
}

TEST(EcdsaTest, RefusesAnySingleFlippedBitOfASignature) {
  const Bytes key = Hex(kSigned[0].spki);
  Bytes signature = Hex(kSigned[0].signature);
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    signature[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(EcdsaVerify(key, AsBytes(kMessage), signature)) << bit;
    signature[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
}

TEST(EcdsaTest, TakesNoOtherCurveAndNothingThatIsNotOneKey) {
  EXPECT_FALSE(IsEcdsaKey(Hex(kForeignCurve.spki)));
  EXPECT_FALSE(EcdsaVerify(Hex(kForeignCurve.spki), AsBytes(kMessage), Hex(kForeignCurve.signature)));
  EXPECT_FALSE(IsEcdsaKey({}));
  Bytes longer = Hex(kSigned[0].spki);
  longer.push_back(0);
  EXPECT_FALSE(IsEcdsaKey(longer));
  longer.pop_back();
  longer.pop_back();
  EXPECT_FALSE(IsEcdsaKey(longer));
}

}  // namespace
}  // namespace accord::crypto
