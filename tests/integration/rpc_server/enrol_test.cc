#include <gtest/gtest.h>

#include "tests/integration/rpc_server/federation.h"

namespace accord::rpc::testing {
namespace {

class EnrolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    federation_.identity.enrol = [this](const EnrolRequest& request) -> Result<Enrolled> {
      if (request.token_secret != Bytes(32, 's')) return Fail(errors::kTokenInvalid, "used already");
      const Authority& issuer = foreign_answer_ ? foreign_ : federation_.authority;
      const auto leaf = issuer.Issue(request.csr_pem, Role::kNode, "berlin", ValidNow());
      return Enrolled{.certificate_pem = leaf.pem(),
                      .ca_pem = federation_.authority.ca().pem(),
                      .spiffe_id = Federation::SpiffeOf(Role::kNode, "berlin"),
                      .registry_entry = Bytes(10, 1),
                      .registry_signature = Bytes(64, 2)};
    };
    federation_.Start();
  }
  [[nodiscard]] EnrolTarget Target() const {
    return {.address = federation_.address(),
            .ca_fingerprint = federation_.authority.ca().info().fingerprint};
  }
  static EnrolRequest Request(std::uint8_t secret = 's') {
    return {.token_secret = Bytes(32, secret),
            .csr_pem = crypto::MakeCsr(crypto::P256Key::Generate()),
            .protocol_key = Bytes(32, 'k')};
  }
  Federation federation_;
  Authority foreign_;
  bool foreign_answer_ = false;
};

TEST_F(EnrolTest, NeedsNoCertificateAndGivesOne) {
  const auto enrolled = Enrol(Target(), Request(), {});
  ASSERT_TRUE(enrolled.ok()) << enrolled.status().message();
  EXPECT_EQ(enrolled->spiffe_id, Federation::SpiffeOf(Role::kNode, "berlin"));
  EXPECT_EQ(enrolled->registry_signature, Bytes(64, 2));
  EXPECT_EQ(federation_.identity.enrolments.Next()->protocol_key, Bytes(32, 'k'));
}

TEST_F(EnrolTest, ABadTokenIsSaidSo) {
  EXPECT_EQ(Enrol(Target(), Request('x'), {}).status(), Fail(errors::kTokenInvalid, "used already"));
}

TEST_F(EnrolTest, AnotherCaThanThePinnedOneGetsNoSecret) {
  EnrolTarget target = Target();
  target.ca_fingerprint = foreign_.ca().info().fingerprint;
  const auto enrolled = Enrol(target, Request(), {});
  EXPECT_EQ(enrolled.status().error(), "net.untrusted");
  EXPECT_NE(enrolled.status().message().find("CA that the token names"), std::string::npos)
      << enrolled.status().message();
  EXPECT_EQ(federation_.identity.enrolments.size(), 0U);
}

TEST_F(EnrolTest, ACertificateOfAnotherCaIsNotTakenForAnAnswer) {
  foreign_answer_ = true;
  EXPECT_EQ(Enrol(Target(), Request(), {}).status().error(), "cert.chain");
}

TEST_F(EnrolTest, NobodyThereIsUnreachable) {
  federation_.server.reset();
  EXPECT_EQ(Enrol(Target(), Request(), {}).status().error(), "net.unreachable");
}

}  // namespace
}  // namespace accord::rpc::testing
