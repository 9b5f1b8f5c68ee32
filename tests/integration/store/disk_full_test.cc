// What every store does on a disk that is really full, and once there is room again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "store/blobs.h"
#include "store/members.h"
#include "store/spool.h"
#include "store/sqlite_journal.h"
#include "store/state_dir.h"
#include "tests/support/journal_writer.h"
#include "tests/support/small_disk.h"

namespace accord::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::ToBytes;
using testing::WriteAndWait;

constexpr std::uint64_t kDisk = 64U << 20;

class DiskFullTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.Mount(kDisk)) GTEST_SKIP() << "needs root or user namespaces, to mount a small disk";
    Result<std::unique_ptr<StateDir>> state = StateDir::Open(disk_.path() / "state");
    ASSERT_TRUE(state.ok()) << Describe(state.status());
    state_ = *std::move(state);
    ASSERT_TRUE(state_->reserve().held());
  }
  std::unique_ptr<SqliteJournal> OpenJournal() {
    Result<std::unique_ptr<SqliteJournal>> journal =
        SqliteJournal::Open(state_->journal_file(), &state_->reserve());
    EXPECT_TRUE(journal.ok()) << Describe(journal.status());
    return *std::move(journal);
  }

  testing::SmallDisk disk_;
  std::unique_ptr<StateDir> state_;
};

TEST_F(DiskFullTest, TheJournalWritesThePauseFromTheReserveAndGoesOnLater) {
  const auto journal = OpenJournal();
  disk_.Fill();
  const Bytes record(20'000, 1);
  std::size_t durable = 0;
  Status status;
  while ((status = WriteAndWait(*journal, {{"job/a", record}})).ok()) ++durable;
  EXPECT_EQ(status.error(), errors::kStoreDiskFull.id);
  EXPECT_FALSE(state_->reserve().held());

  EXPECT_TRUE(WriteAndWait(*journal, "job/a", "paused").ok());
  EXPECT_EQ(state_->reserve().Restore().error(), errors::kStoreDiskFull.id);

  disk_.Free();
  EXPECT_TRUE(state_->reserve().Restore().ok());
  EXPECT_TRUE(WriteAndWait(*journal, "job/a", "resumed").ok());
  const std::vector<Bytes> records = *journal->Read("job/a");
  ASSERT_THAT(records, SizeIs(durable + 2));
  EXPECT_EQ(records[durable], ToBytes("paused"));
  EXPECT_EQ(records[durable + 1], ToBytes("resumed"));
}

TEST_F(DiskFullTest, EveryBatchOfAFailedCommitIsToldAndNoneIsThere) {
  state_->reserve().Release();
  const auto journal = OpenJournal();
  ASSERT_TRUE(WriteAndWait(*journal, "s", "before").ok());
  disk_.Fill();
  const Bytes large(4U << 20, 2);
  std::vector<Status> told;
  std::promise<void> last;
  for (int i = 0; i < 10; ++i) {
    journal->Write({{"s", large}, {"new/" + std::to_string(i), large}},
                   [&told](const Status& s) { told.push_back(s); });
  }
  journal->Write({{"s", large}}, [&](const Status& s) {
    told.push_back(s);
    last.set_value();
  });
  last.get_future().wait();
  ASSERT_THAT(told, SizeIs(11));
  for (const Status& status : told) EXPECT_EQ(status.error(), errors::kStoreDiskFull.id) << Describe(status);
  disk_.Free();
  EXPECT_TRUE(WriteAndWait(*journal, "new/3", "after").ok());
  EXPECT_THAT(*journal->Streams(""), ElementsAre("new/3", "s"));
  EXPECT_THAT(*journal->Read("s"), ElementsAre(ToBytes("before")));
}

TEST_F(DiskFullTest, WhatWasWrittenBehindWaitsForAWriteThatSucceeds) {
  state_->reserve().Release();
  const auto journal = OpenJournal();
  disk_.Fill();
  const Bytes large(4U << 20, 2);
  journal->WriteSoon({{"s", large}});
  EXPECT_EQ(WriteAndWait(*journal, "s", "refused").error(), errors::kStoreDiskFull.id);
  journal->WriteSoon({{"s", ToBytes("second")}});
  EXPECT_EQ(WriteAndWait(*journal, "s", "refused").error(), errors::kStoreDiskFull.id);
  disk_.Free();
  EXPECT_TRUE(WriteAndWait(*journal, "s", "third").ok());
  EXPECT_THAT(*journal->Read("s"), ElementsAre(large, ToBytes("second"), ToBytes("third")));
}

TEST_F(DiskFullTest, NothingOfALineFollowsAWriteOfItThatFailed) {
  state_->reserve().Release();
  const auto journal = OpenJournal();
  disk_.Fill();
  const auto broken = std::make_shared<driver::Line>();
  const auto write = [&](const char* record, const driver::LinePtr& line) {
    std::promise<Status> fate;
    journal->Write(
        {{"s", ToBytes(record)}}, [&](const Status& s) { fate.set_value(s); }, line);
    return fate.get_future().get();
  };
  journal->WriteSoon({{"s", Bytes(4U << 20, 2)}}, broken);
  EXPECT_EQ(write("fails with what was written behind", broken).error(), errors::kStoreDiskFull.id);
  disk_.Free();
  journal->WriteSoon({{"s", ToBytes("behind")}}, broken);
  EXPECT_EQ(write("too late", broken).error(), errors::kStoreDiskFull.id);
  EXPECT_TRUE(write("anew", std::make_shared<driver::Line>()).ok());
  EXPECT_THAT(*journal->Read("s"), ElementsAre(ToBytes("anew")));
}

TEST_F(DiskFullTest, ACoordinatorStartsOnAFullDisk) {
  { ASSERT_TRUE(WriteAndWait(*OpenJournal(), "s", "before").ok()); }
  disk_.Fill();
  const auto journal = OpenJournal();
  EXPECT_THAT(*journal->Read("s"), ElementsAre(ToBytes("before")));
  EXPECT_TRUE(WriteAndWait(*journal, "s", "paused").ok()) << "from the reserve";
}

TEST_F(DiskFullTest, AStateDirectoryOpensWithoutItsReserve) {
  state_->reserve().Release();
  state_.reset();
  disk_.Fill();
  const auto state = StateDir::Open(disk_.path() / "state");
  ASSERT_TRUE(state.ok()) << Describe(state.status());
  EXPECT_FALSE((*state)->reserve().held());
  disk_.Free();
  EXPECT_TRUE((*state)->reserve().Restore().ok());
}

TEST_F(DiskFullTest, ABlobIsRefusedAndLeavesNothing) {
  const auto blobs = *Blobs::Open(state_->blobs_dir());
  disk_.Fill();
  const Bytes content(1U << 20, 3);
  EXPECT_EQ(blobs->Put(content).status().error(), errors::kStoreDiskFull.id);
  EXPECT_THAT(*blobs->List(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(state_->blobs_dir() / "tmp"));
  disk_.Free();
  EXPECT_EQ(*blobs->Put(content), crypto::Sha256::Of(content));
}

TEST_F(DiskFullTest, ASpoolIsRefusedBeforeTheUploadBeginsAndOthersGoOn) {
  constexpr std::uint64_t kSize = 8U << 20;
  const auto pool = *SpoolPool::Open({.directory = state_->spool_dir(), .memory_budget = 0});
  const auto granted = *pool->Take(kSize);
  disk_.Fill();
  EXPECT_EQ(pool->Take(kSize).status().error(), errors::kStoreDiskFull.id);
  const Bytes content(kSize, 4);
  EXPECT_TRUE(granted->Append(content).ok());
  EXPECT_EQ(granted->Tile(0, kSize)->size(), kSize);
  disk_.Free();
  EXPECT_TRUE(pool->Take(kSize).ok());
}

TEST_F(DiskFullTest, FilesKeptForReuseMakeWayForALargerSpool) {
  constexpr std::uint64_t kSize = 4U << 20;
  const auto pool = *SpoolPool::Open({.directory = state_->spool_dir(), .memory_budget = 0});
  {
    const auto a = *pool->Take(kSize);
    const auto b = *pool->Take(kSize);
    disk_.Fill();
  }
  const auto larger = pool->Take(2 * kSize);
  ASSERT_TRUE(larger.ok()) << Describe(larger.status());
}

TEST_F(DiskFullTest, ATokenIsRefusedWhole) {
  const auto members = *Members::Open(state_->members_file());
  disk_.Fill();
  JoinToken token{
      .spiffe_id = "spiffe://a", .name = "a", .role = "node", .created_by = std::string(10'000, 'x')};
  std::size_t stored = 0;
  Status status;
  do {
    token.secret_hash = crypto::Sha256::Of(std::to_string(stored));
    token.expires_at = TimePoint(Millis(1 + stored));
    status = members->AddToken(token);
    stored += status.ok() ? 1 : 0;
  } while (status.ok());
  EXPECT_EQ(status.error(), errors::kStoreDiskFull.id);
  EXPECT_THAT(*members->OpenTokens(TimePoint()), SizeIs(stored));
  disk_.Free();
  EXPECT_TRUE(members->AddToken(token).ok());
}

}  // namespace
}  // namespace accord::store
