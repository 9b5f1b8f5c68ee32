// What is kept of join tokens, and for how long: nothing grows for ever.
#include <gtest/gtest.h>

#include "base/errors.h"
#include "crypto/join_token.h"
#include "tests/integration/identity/desk.h"

namespace accord::coordinator::testing {
namespace {

class TokensTest : public ::testing::Test {
 protected:
  Result<rpc::Enrolled> Use(const std::string& token, const std::string& csr) {
    const auto parsed = crypto::ParseJoinToken(token);
    const ByteView secret = parsed->secret.view();
    return Answer<rpc::Enrolled>([&](auto reply) {
      ca_.identity->Enrol({Bytes(secret.begin(), secret.end()), csr, Bytes(32, 9)}, std::move(reply));
    });
  }
  // Anything that lets the CA tidy up.
  void InviteAnother() { ASSERT_TRUE(ca_.identity->Invite("test", "another", "node", Millis(0)).ok()); }

  Desk ca_{"ke.fed.example", "ke"};
};

TEST_F(TokensTest, AnAnswerIsKeptForAMonthAndThenForgottenWithItsToken) {
  const std::string token = ca_.identity->Invite("test", "nairobi", "node", Millis(0))->token;
  const std::string csr = crypto::MakeCsr(crypto::P256Key::Generate());
  const auto first = Use(token, csr);
  ASSERT_TRUE(first.ok()) << Describe(first.status());
  const TimePoint expires = ca_.clock.now + kDefaultInviteTtl;
  ca_.clock.now = expires + kTokensKept;
  InviteAnother();
  EXPECT_EQ(Use(token, csr)->certificate_pem, first->certificate_pem);
  EXPECT_EQ(ca_.Tokens(), 2);
  ca_.clock.now += Millis(1);
  InviteAnother();
  EXPECT_EQ(Use(token, csr).status().error(), errors::kTokenInvalid.id);
  EXPECT_EQ(ca_.Tokens(), 2) << "those of `another`";
}

TEST_F(TokensTest, WhatIsOpenStaysAndWhatWasNeverUsedGoes) {
  const std::string open = ca_.identity->Invite("test", "nairobi", "node", kMaxInviteTtl)->token;
  ca_.clock.now += kMaxInviteTtl - Millis(1);
  InviteAnother();
  EXPECT_TRUE(Use(open, crypto::MakeCsr(crypto::P256Key::Generate())).ok());
  for (int month = 0; month < 12; ++month) {
    ca_.clock.now += kTokensKept + kDefaultInviteTtl + Millis(1);
    InviteAnother();
    EXPECT_EQ(ca_.Tokens(), 1);
  }
}

}  // namespace
}  // namespace accord::coordinator::testing
