#include "crypto/join_token.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"

namespace accord::crypto {
namespace {

const SpiffeId kIdentity{"ke.fed.example", Role::kNode, "nairobi-1"};

JoinToken Token() { return *MakeJoinToken("lab.example:7443", Sha256::Of("ca"), kIdentity); }
std::string Text(const JoinToken& token) { return std::string(AsText(FormatJoinToken(token).view())); }

TEST(JoinTokenTest, IsOnePrintableWordThatGivesEverythingBack) {
  const JoinToken token = Token();
  const std::string text = Text(token);
  EXPECT_TRUE(text.starts_with("accord1_"));
  EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  const Result<JoinToken> parsed = ParseJoinToken(text);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->address, token.address);
  EXPECT_EQ(parsed->ca_fingerprint, token.ca_fingerprint);
  EXPECT_EQ(parsed->identity, kIdentity);
  EXPECT_EQ(parsed->secret, token.secret);
  EXPECT_EQ(Text(*parsed), text);
}

// The printed form of one token for ever: older tokens must stay readable while they are valid.
TEST(JoinTokenTest, HasFrozenBytes) {
  const JoinToken token{.address = "[::1]:7443",
                        .ca_fingerprint = Sha256::Of("ca"),
                        .identity = {"d", Role::kResearcher, "ada"},
                        .secret = ZeroizingBytes::CopyOf(Sha256::Of("secret").bytes)};
  EXPECT_EQ(Text(token),
            "accord1_AQAAAApbOjoxXTo3NDQzaVkJcAHRBQGsfVTAvbjbYUIPZY8pIswm5G1TYRmjESYAAAAZc3Bp"
            "ZmZlOi8vZC9yZXNlYXJjaGVyL2FkYSu4DVN7HaPji9MDYaqFVoa94OrNcWL-9qJf6Xv1J6Jb80jiSA");
}

TEST(JoinTokenTest, SecretsAreFreshAndStoredAsTheirHash) {
  const JoinToken a = Token();
  EXPECT_FALSE(a.secret == Token().secret);
  EXPECT_EQ(a.secret.size(), 32U);
  EXPECT_EQ(TokenHash(a.secret.view()), Sha256::Of(a.secret.view()));
}

TEST(JoinTokenTest, RefusesEveryCutAndEveryChangedCharacter) {
  const std::string text = Text(Token());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(ParseJoinToken(text.substr(0, size)).status().error(), "token.invalid") << size;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(ParseJoinToken(changed).status().error(), "token.invalid") << at;
  }
  for (const std::string& wrong : {text + "A", text + "=", text + "\n", " " + text, text + text}) {
    EXPECT_EQ(ParseJoinToken(wrong).status().error(), "token.invalid");
  }
}

TEST(JoinTokenTest, AnErrorNeverRepeatsTheToken) {
  std::string text = Text(Token());
  text.back() = text.back() == 'A' ? 'B' : 'A';
  const Status status = ParseJoinToken(text).status();
  EXPECT_EQ((status.message() + status.hint()).find(text.substr(8, 12)), std::string::npos);
}

TEST(JoinTokenTest, TakesOnlyAddressesThatCanBeDialled) {
  for (const char* good :
       {"localhost:7443", "10.0.0.1:1", "[::1]:65535", "[fe80::1%eth0]:7443", "a-b.example:80"}) {
    EXPECT_TRUE(MakeJoinToken(good, {}, kIdentity).ok()) << good;
  }
  for (const char* bad : {"", "host", ":7443", "host:", "host:0", "host:65536", "host:07", "host:+7",
                          "ho st:1", "::1:7443", "[]:1", "host:1\n", "http://host:1", "host:1/"}) {
    EXPECT_EQ(MakeJoinToken(bad, {}, kIdentity).status().error(), "token.invalid") << bad;
  }
}

}  // namespace
}  // namespace accord::crypto
