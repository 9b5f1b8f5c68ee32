#include "store/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "store/sqlite.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/store/state_fixture.h"

namespace accord::store {
namespace {

using ::testing::ElementsAre;
using testing::FixtureMember;
using testing::FixtureRedemption;
using testing::FixtureToken;
using ::testing::IsEmpty;

TimePoint At(std::int64_t ms) { return TimePoint(Millis(ms)); }

class MembersTest : public ::testing::Test {
 protected:
  MembersTest() { members_ = Open(); }
  std::unique_ptr<Members> Open() {
    Result<std::unique_ptr<Members>> members = Members::Open(dir_ / "members.db");
    EXPECT_TRUE(members.ok()) << Describe(members.status());
    return *std::move(members);
  }
  // Another token for the same person, and its redemption.
  static JoinToken SecondToken() {
    JoinToken token = FixtureToken();
    token.secret_hash = crypto::Sha256::Of("second");
    return token;
  }
  static Redemption SecondRedemption() {
    Redemption redemption = FixtureRedemption();
    redemption.secret_hash = SecondToken().secret_hash;
    redemption.member.protocol_key = Bytes(32, 0x99);
    return redemption;
  }

  testing::TempDir dir_;
  std::unique_ptr<Members> members_;
};

TEST_F(MembersTest, ATokenLetsItsMemberInOnce) {
  ASSERT_TRUE(members_->AddToken(FixtureToken()).ok());
  EXPECT_THAT(*members_->OpenTokens(At(1'000)), ElementsAre(FixtureToken()));
  ASSERT_TRUE(members_->Redeem(FixtureRedemption(), At(1'000)).ok());
  EXPECT_EQ(members_->Redeem(FixtureRedemption(), At(1'001)).error(), errors::kTokenInvalid.id);
  members_ = Open();
  EXPECT_EQ(*members_->Get(FixtureMember().spiffe_id), FixtureMember());
  EXPECT_THAT(*members_->OpenTokens(At(1'000)), IsEmpty());
  const JoinToken used = *members_->FindToken(FixtureToken().secret_hash);
  EXPECT_EQ(used.used_at, At(1'000));
  EXPECT_EQ(used.request, FixtureRedemption().request);
  EXPECT_EQ(used.answer, FixtureRedemption().answer);
}

TEST_F(MembersTest, RefusesTokensThatAreUnknownExpiredOrForSomebodyElse) {
  EXPECT_EQ(members_->FindToken(FixtureToken().secret_hash).status().error(), errors::kTokenInvalid.id);
  EXPECT_EQ(members_->Redeem(FixtureRedemption(), At(1'000)).error(), errors::kTokenInvalid.id);
  ASSERT_TRUE(members_->AddToken(FixtureToken()).ok());
  EXPECT_EQ(members_->Redeem(FixtureRedemption(), FixtureToken().expires_at).error(),
            errors::kTokenInvalid.id);
  for (auto change : {+[](Member& m) { m.spiffe_id += "x"; }, +[](Member& m) { m.name = "sudland"; },
                      +[](Member& m) { m.role = "operator"; }}) {
    Redemption other = FixtureRedemption();
    change(other.member);
    EXPECT_EQ(members_->Redeem(other, At(1'000)).error(), errors::kTokenInvalid.id);
  }
  EXPECT_THAT(*members_->List(), IsEmpty());
  EXPECT_TRUE(members_->Redeem(FixtureRedemption(), At(1'499)).ok());
}

TEST_F(MembersTest, OneOfManyThatRaceForATokenWins) {
  const auto other_process = Open();
  for (int round = 0; round < 10; ++round) {
    JoinToken token = FixtureToken();
    token.secret_hash = crypto::Sha256::Of(std::to_string(round));
    ASSERT_TRUE(members_->AddToken(token).ok());
    std::atomic<int> won = 0;
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        Redemption redemption = FixtureRedemption();
        redemption.secret_hash = token.secret_hash;
        const Status status = (t % 2 == 0 ? *members_ : *other_process).Redeem(redemption, At(1'000));
        (status.ok() ? won : refused) += status.ok() || status.error() == errors::kTokenInvalid.id ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(refused, 3);
  }
}

TEST_F(MembersTest, ASecondInvitationReplacesTheKeysButNotASuspension) {
  ASSERT_TRUE(members_->AddToken(FixtureToken()).ok());
  ASSERT_TRUE(members_->AddToken(SecondToken()).ok());
  ASSERT_TRUE(members_->Redeem(FixtureRedemption(), At(1'000)).ok());
  ASSERT_TRUE(members_->Suspend(FixtureMember().spiffe_id, true).ok());
  EXPECT_EQ(members_->Redeem(SecondRedemption(), At(1'000)).error(), errors::kAuthRevoked.id);
  EXPECT_FALSE(members_->FindToken(SecondToken().secret_hash)->used_at) << "the refusal spends no token";
  ASSERT_TRUE(members_->Suspend(FixtureMember().spiffe_id, false).ok());
  EXPECT_TRUE(members_->Redeem(SecondRedemption(), At(1'000)).ok());
  EXPECT_THAT(*members_->List(), ElementsAre(SecondRedemption().member));
}

TEST_F(MembersTest, RecordsSuspensionAndRenewal) {
  ASSERT_TRUE(members_->AddToken(FixtureToken()).ok());
  ASSERT_TRUE(members_->Redeem(FixtureRedemption(), At(1'000)).ok());
  Member expected = FixtureMember();
  expected.suspended = true;
  expected.certificate = {.serial = "0c", .fingerprint = crypto::Sha256::Of("new"), .not_after = At(9'000)};
  ASSERT_TRUE(members_->Suspend(expected.spiffe_id, true).ok());
  ASSERT_TRUE(members_->RecordCertificate(expected.spiffe_id, expected.certificate).ok());
  EXPECT_EQ(*members_->Get(expected.spiffe_id), expected);
}

TEST_F(MembersTest, SaysWhenThereIsNoSuchMember) {
  EXPECT_EQ(members_->Get("spiffe://x").status().error(), errors::kMemberNotFound.id);
  EXPECT_EQ(members_->Suspend("spiffe://x", true).error(), errors::kMemberNotFound.id);
  EXPECT_EQ(members_->RecordCertificate("spiffe://x", {}).error(), errors::kMemberNotFound.id);
}

TEST_F(MembersTest, TokensOfAHashExistOnce) {
  ASSERT_TRUE(members_->AddToken(FixtureToken()).ok());
  EXPECT_EQ(members_->AddToken(FixtureToken()).error(), errors::kStoreIo.id);
}

TEST_F(MembersTest, RefusesTheFileOfANewerVersion) {
  members_.reset();
  ASSERT_TRUE(
      Database::Open(dir_ / "members.db", Database::Mode::kWrite)->Exec("PRAGMA user_version=99").ok());
  EXPECT_EQ(Members::Open(dir_ / "members.db").status().error(), errors::kStoreVersion.id);
}

}  // namespace
}  // namespace accord::store
