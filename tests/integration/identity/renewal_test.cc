// Which certificate of a node renews: its newest, so that of two who hold one key the second is found out.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>
#include <thread>

#include "base/errors.h"
#include "tests/integration/identity/desk.h"

namespace accord::coordinator::testing {
namespace {

using std::chrono::hours;

class RenewalTest : public ::testing::Test {
 protected:
  // The status of a renewal; the certificate that came is kept as `last_`.
  std::string Error(Result<crypto::Certificate> renewed) {
    if (!renewed.ok()) return std::string(renewed.status().error());
    last_ = *std::move(renewed);
    return "";
  }
  Desk ca_{"ke.fed.example", "ke"};
  const crypto::Certificate first_ = *ca_.Join("nairobi");
  crypto::Certificate last_ = first_;
};

TEST_F(RenewalTest, EachCertificateGivesTheNext) {
  for (int i = 0; i < 5; ++i) {
    ca_.clock.now += hours(24);
    ASSERT_EQ(Error(ca_.Renew(last_)), "");
  }
  EXPECT_EQ(last_.info().not_after, ca_.clock.now + kTtl);
  EXPECT_EQ(ca_.identity->List()->front().certificate_expires, last_.info().not_after);
}

TEST_F(RenewalTest, AnAnswerThatWasLostIsGivenAgain) {
  ca_.clock.now += hours(24);
  const crypto::P256Key key = crypto::P256Key::Generate();
  ASSERT_EQ(Error(ca_.Renew(first_, key)), "");
  const std::string answer = last_.pem();
  for (const bool restarted : {false, true}) {
    if (restarted) ca_.Open();
    ca_.clock.now += hours(1);
    ASSERT_EQ(Error(ca_.Renew(first_, key)), "");
    EXPECT_EQ(last_.pem(), answer);
  }
  ASSERT_EQ(Error(ca_.Renew(last_)), "") << "the node goes on from it";
  EXPECT_EQ(Error(ca_.Renew(first_, key)), errors::kCertSuperseded.id) << "and the answer is over";
}

// Whoever comes second, the thief or the node, is refused, and told what to do.
TEST_F(RenewalTest, ACopiedKeyDoesNotRenewUnseen) {
  ca_.clock.now += hours(24);
  ASSERT_EQ(Error(ca_.Renew(first_)), "");
  const crypto::Certificate newest = last_;
  const auto refused = ca_.Renew(first_);
  EXPECT_EQ(refused.status().error(), errors::kCertSuperseded.id);
  EXPECT_NE(refused.status().message().find(ca_.IdOf("nairobi")), std::string::npos);
  EXPECT_NE(refused.status().hint().find("accord-ca suspend"), std::string::npos);
  ca_.clock.now += hours(24);
  EXPECT_EQ(Error(ca_.Renew(newest)), "") << "what was refused has changed nothing";
}

TEST_F(RenewalTest, OfTwoAtOnceWithOtherKeysOneIsRefused) {
  for (int round = 0; round < 5; ++round) {
    ca_.clock.now += hours(24);
    std::array<Result<crypto::Certificate>, 2> answers{first_, first_};
    std::array<std::thread, 2> threads;
    for (std::size_t i = 0; i < threads.size(); ++i)
      threads[i] = std::thread([&, i] { answers[i] = ca_.Renew(last_); });
    for (std::thread& thread : threads) thread.join();
    ASSERT_NE(answers[0].ok(), answers[1].ok());
    const std::size_t won = answers[0].ok() ? 0 : 1;
    EXPECT_EQ(answers[1 - won].status().error(), errors::kCertSuperseded.id);
    last_ = *answers[won];
  }
}

TEST_F(RenewalTest, JoiningAnewEndsWhatWasBefore) {
  ca_.clock.now += hours(1);
  const crypto::Certificate anew = *ca_.Join("nairobi");
  EXPECT_EQ(Error(ca_.Renew(first_)), errors::kCertSuperseded.id);
  EXPECT_EQ(Error(ca_.Renew(anew)), "");
}

// The CA came back from a backup: a certificate that it does not know, and that is newer than what it knows,
// was the newest.
TEST_F(RenewalTest, ABackupOfTheCaLocksNobodyOut) {
  const std::filesystem::path backup = ca_.dir / "backup.db";
  ASSERT_TRUE(store::Members::Copy(ca_.dir / "members.db", backup).ok());
  ca_.clock.now += hours(24);
  ASSERT_EQ(Error(ca_.Renew(first_)), "");
  ca_.identity.reset();
  ca_.members.reset();
  for (const char* file : {"members.db", "members.db-wal", "members.db-shm"})
    std::filesystem::remove(ca_.dir / file);
  std::filesystem::rename(backup, ca_.dir / "members.db");
  ca_.Open();
  ca_.clock.now += hours(24);
  EXPECT_EQ(Error(ca_.Renew(last_)), "");
  EXPECT_EQ(Error(ca_.Renew(first_)), errors::kCertSuperseded.id);
}

// Members of a time when there was no book of certificates.
TEST_F(RenewalTest, ANodeThatJoinedBeforeThereWasABookRenews) {
  ASSERT_TRUE(store::Database::Open(ca_.dir / "members.db", store::Database::Mode::kWrite)
                  ->Exec("DELETE FROM newest")
                  .ok());
  ca_.clock.now += hours(24);
  EXPECT_EQ(Error(ca_.Renew(first_)), "");
  EXPECT_EQ(Error(ca_.Renew(first_)), errors::kCertSuperseded.id);
}

TEST_F(RenewalTest, ASuspendedNodeIsNotRenewedUntilItIsResumed) {
  const std::string id = ca_.IdOf("nairobi");
  ASSERT_TRUE(ca_.members->Suspend(id, true).ok()) << "by another process";
  EXPECT_EQ(ca_.identity->CheckIdentity(id).error(), errors::kAuthRevoked.id);
  EXPECT_EQ(Error(ca_.Renew(first_)), errors::kAuthRevoked.id);
  EXPECT_TRUE(ca_.identity->List()->front().suspended);
  EXPECT_EQ(Error(ca_.Join("nairobi")), errors::kAuthRevoked.id) << "nor by a token";
  ASSERT_TRUE(ca_.members->Suspend(id, false).ok());
  EXPECT_TRUE(ca_.identity->CheckIdentity(id).ok());
  EXPECT_EQ(Error(ca_.Renew(first_)), "");
  EXPECT_EQ(ca_.identity->CheckIdentity(ca_.IdOf("stranger")).error(), errors::kAuthRevoked.id);
}

// Several of a person's commands may renew at once, and none of them waits for the others.
TEST(PeoplesRenewalTest, AnyCertificateInDateWillDo) {
  Desk coordinator("fed.example", "");
  const crypto::Certificate ada = *coordinator.Join("ada", "operator");
  coordinator.clock.now += hours(30);
  EXPECT_TRUE(coordinator.Renew(ada).ok());
  EXPECT_TRUE(coordinator.Renew(ada).ok());
  const crypto::Certificate node = *coordinator.Join("berlin");
  EXPECT_TRUE(coordinator.Renew(node).ok());
  EXPECT_EQ(coordinator.Renew(node).status().error(), errors::kCertSuperseded.id) << "its own nodes, too";
}

}  // namespace
}  // namespace accord::coordinator::testing
