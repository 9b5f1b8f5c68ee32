// Keys in tokens, by SoftHSM (Debian: softhsm2): what it makes and signs with is what a hardware token does.
#include "crypto/pkcs11.h"

#include <gtest/gtest.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>

#include <cstdlib>
#include <fstream>

#include "base/check.h"
#include "crypto/ecdsa.h"
#include "tests/support/temp_dir.h"

namespace accord::crypto {
namespace {

constexpr const char* kModule = ACCORD_SOFTHSM;
const ByteView kPin = AsBytes("4321");

std::string UriOf(const std::string& object) {
  return "pkcs11:token=gov;object=" + object + "?module-path=" + kModule;
}

void Must(CK_RV code, const char* what) {
  if (code == CKR_OK) return;
  ADD_FAILURE() << what << ": " << p11_kit_strerror(code);
  ACCORD_CHECK(code == CKR_OK);
}

// A token "gov" with what the tests ask for, as its owner's own tools would make it.
class Token {
 public:
  Token() {
    const std::string settings = (dir_ / "softhsm2.conf").string();
    std::filesystem::create_directory(dir_ / "tokens");
    std::ofstream(settings) << "directories.tokendir = " << (dir_ / "tokens").string()
                            << "\nlog.level = ERROR\n";
    setenv("SOFTHSM2_CONF", settings.c_str(), 1);
    module_ = p11_kit_module_load(kModule, 0);
    ACCORD_CHECK(module_ != nullptr);
    Must(p11_kit_module_initialize(module_), "initialize");
    CK_SLOT_ID slot = FirstSlot();
    std::uint8_t label[32];
    std::fill_n(label, sizeof label, ' ');
    std::copy_n("gov", 3, label);
    Must(module_->C_InitToken(slot, Text("admin"), 5, label), "C_InitToken");
    slot = FirstSlot();
    Must(module_->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session_),
         "open");
    Must(module_->C_Login(session_, CKU_SO, Text("admin"), 5), "log in to set the PIN");
    Must(module_->C_InitPIN(session_, Text("4321"), 4), "C_InitPIN");
    Must(module_->C_Logout(session_), "C_Logout");
    Must(module_->C_Login(session_, CKU_USER, Text("4321"), 4), "log in to make keys");
  }
  // Ends the first session, so that what follows meets the token as another process would.
  void Close() {
    if (module_ == nullptr) return;
    module_->C_CloseSession(session_);
    p11_kit_module_finalize(module_);
    p11_kit_module_release(module_);
    module_ = nullptr;
  }
  ~Token() { Close(); }

  void MakeEd25519(const std::string& label, std::uint8_t id) {
    Make(label, id, CKM_EC_EDWARDS_KEY_PAIR_GEN,
         {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'}, false);
  }
  void MakeP256(const std::string& label, std::uint8_t id, bool asks_each_time = false) {
    Make(label, id, CKM_EC_KEY_PAIR_GEN, {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07},
         asks_each_time);
  }
  void MakeP384(const std::string& label, std::uint8_t id) {
    Make(label, id, CKM_EC_KEY_PAIR_GEN, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}, false);
  }

 private:
  static CK_UTF8CHAR_PTR Text(const char* text) {
    return reinterpret_cast<CK_UTF8CHAR_PTR>(const_cast<char*>(text));
  }
  CK_SLOT_ID FirstSlot() {
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    Must(module_->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    ACCORD_CHECK(count > 0);
    return slots[0];
  }
  void Make(std::string label, std::uint8_t id, CK_MECHANISM_TYPE mechanism, Bytes parameters, bool asks) {
    CK_BBOOL yes = CK_TRUE, each_time = asks ? CK_TRUE : CK_FALSE;
    CK_ATTRIBUTE public_half[] = {{CKA_TOKEN, &yes, 1},
                                  {CKA_VERIFY, &yes, 1},
                                  {CKA_ID, &id, 1},
                                  {CKA_LABEL, label.data(), label.size()},
                                  {CKA_EC_PARAMS, parameters.data(), parameters.size()}};
    CK_ATTRIBUTE private_half[] = {{CKA_TOKEN, &yes, 1},
                                   {CKA_PRIVATE, &yes, 1},
                                   {CKA_SIGN, &yes, 1},
                                   {CKA_SENSITIVE, &yes, 1},
                                   {CKA_ID, &id, 1},
                                   {CKA_LABEL, label.data(), label.size()},
                                   {CKA_ALWAYS_AUTHENTICATE, &each_time, 1}};
    CK_MECHANISM how{mechanism, nullptr, 0};
    CK_OBJECT_HANDLE first = 0, second = 0;
    Must(module_->C_GenerateKeyPair(session_, &how, public_half, std::size(public_half), private_half,
                                    std::size(private_half), &first, &second),
         "C_GenerateKeyPair");
  }

  accord::testing::TempDir dir_;
  CK_FUNCTION_LIST* module_ = nullptr;
  CK_SESSION_HANDLE session_ = 0;
};

struct TokenKeyTest : ::testing::Test {
  Token token;
};

TEST_F(TokenKeyTest, SignsAsEd25519) {
  token.MakeEd25519("ke", 1);
  token.MakeP256("other", 2);
  token.Close();
  const auto key = OpenTokenKey(UriOf("ke"), kPin);
  ASSERT_TRUE(key.ok()) << key.status().message();
  EXPECT_EQ((*key)->kind(), SignatureKind::kEd25519);
  const auto public_key = Ed25519PublicKey::FromBytes(AsText((*key)->PublicKey()));
  for (const std::string_view message : {"", "a vote"}) {
    const auto signature = (*key)->Sign(AsBytes(message));
    ASSERT_TRUE(signature.ok()) << signature.status().message();
    EXPECT_TRUE(
        Ed25519Verify(*public_key, AsBytes(message), *Ed25519Signature::FromBytes(AsText(*signature))));
  }
}

TEST_F(TokenKeyTest, SignsAsEcdsa) {
  token.MakeEd25519("other", 1);
  token.MakeP256("ke", 2);
  token.Close();
  const auto key = OpenTokenKey(UriOf("ke"), kPin);
  ASSERT_TRUE(key.ok()) << key.status().message();
  EXPECT_EQ((*key)->kind(), SignatureKind::kEcdsaP256);
  for (int i = 0; i < 20; ++i) {  // the DER of numbers has 70 to 72 bytes, sometimes fewer
    const auto signature = (*key)->Sign(AsBytes("a vote"));
    ASSERT_TRUE(signature.ok()) << signature.status().message();
    EXPECT_TRUE(EcdsaVerify((*key)->PublicKey(), AsBytes("a vote"), *signature));
  }
}

TEST_F(TokenKeyTest, GivesThePinAgainToKeysThatAskEachTime) {
  token.MakeP256("ke", 2, /*asks_each_time=*/true);
  token.Close();
  const auto key = OpenTokenKey(UriOf("ke"), kPin);
  ASSERT_TRUE(key.ok()) << key.status().message();
  EXPECT_TRUE((*key)->Sign(AsBytes("a vote")).ok());
  EXPECT_TRUE((*key)->Sign(AsBytes("another")).ok());
}

TEST_F(TokenKeyTest, TakesOneKeyOrNone) {
  token.MakeEd25519("ke", 1);
  token.MakeEd25519("ke", 2);
  token.MakeP384("large", 3);
  token.Close();
  const auto error = [](const std::string& uri, ByteView pin = kPin) {
    return OpenTokenKey(uri, pin).status().error();
  };
  EXPECT_EQ(error(UriOf("ke")), "key.token") << "two have this name";
  EXPECT_TRUE(
      OpenTokenKey("pkcs11:token=gov;object=ke;id=%02?module-path=" + std::string(kModule), kPin).ok());
  EXPECT_EQ(error(UriOf("nobody")), "key.token");
  EXPECT_EQ(error(UriOf("large")), "key.token");
  EXPECT_EQ(error("pkcs11:token=other;object=ke?module-path=" + std::string(kModule)), "key.token");
  EXPECT_EQ(error("pkcs11:token=gov;object=ke?module-path=/none.so"), "key.token");
  EXPECT_EQ(error(UriOf("ke"), AsBytes("1234")), "key.passphrase");
}

TEST(TokenUriTest, IsNotWhereAPinBelongs) {
  for (const std::string uri : {"file:/etc", "pkcs11:token=gov;object=ke?pin-value=4321", "pkcs11:%",
                                "pkcs11:object=ke?pin-source=file:/pin", "pkcs11:object=ke;colour=red"})
    EXPECT_EQ(OpenTokenKey(uri, kPin).status().error(), "key.uri") << uri;
}

}  // namespace
}  // namespace accord::crypto
