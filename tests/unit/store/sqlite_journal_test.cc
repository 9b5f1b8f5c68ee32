#include "store/sqlite_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "base/errors.h"
#include "store/sqlite.h"
#include "tests/support/journal_writer.h"
#include "tests/support/temp_dir.h"

namespace accord::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TempDir;
using testing::ToBytes;
using testing::WriteAndWait;

class SqliteJournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteJournal> Open() {
    Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::Open(file_, nullptr);
    EXPECT_TRUE(journal.ok()) << Describe(journal.status());
    return *std::move(journal);
  }
  // Changes the file behind the journal's back.
  void Tamper(const char* sql) {
    Result<Database> db = Database::Open(file_, Database::Mode::kWrite);
    ASSERT_TRUE(db.ok() && db->Exec(sql).ok());
  }

  TempDir dir_;
  const std::filesystem::path file_ = dir_ / "journal.db";
};

TEST_F(SqliteJournalTest, ReadsWhatWasWrittenInOrderAlsoAfterReopening) {
  {
    const auto journal = Open();
    ASSERT_TRUE(
        WriteAndWait(*journal, {{"job/a", ToBytes("1")}, {"egress", ToBytes("")}, {"job/a", ToBytes("2")}})
            .ok());
  }
  const auto journal = Open();
  ASSERT_TRUE(WriteAndWait(*journal, "job/a", "3").ok());
  EXPECT_THAT(*journal->Read("job/a"), ElementsAre(ToBytes("1"), ToBytes("2"), ToBytes("3")));
  EXPECT_THAT(*journal->Read("egress"), ElementsAre(Bytes()));
  EXPECT_THAT(*journal->Read("job/unknown"), IsEmpty());
}

TEST_F(SqliteJournalTest, ListsStreamsByPrefix) {
  const auto journal = Open();
  for (const char* stream : {"job/b", "joc", "job/a", "egress", "job", "job\xff"}) {
    ASSERT_TRUE(WriteAndWait(*journal, stream, "x").ok());
  }
  EXPECT_THAT(*journal->Streams("job/"), ElementsAre("job/a", "job/b"));
  EXPECT_THAT(*journal->Streams(""), ElementsAre("egress", "job", "job/a", "job/b", "job\xff", "joc"));
  EXPECT_THAT(*journal->Streams("z"), IsEmpty());
}

TEST_F(SqliteJournalTest, CallsDonesInTheOrderOfTheWrites) {
  std::vector<int> order;
  {
    const auto journal = Open();
    for (int i = 0; i < 200; ++i) {
      std::vector<driver::Append> batch;
      if (i % 3 != 0)
        batch.push_back({"s", ToBytes(std::to_string(i))});  // an empty batch waits its turn, too
      journal->Write(std::move(batch), [&order, i](const Status& status) {
        EXPECT_TRUE(status.ok());
        order.push_back(i);
      });
    }
  }  // the destructor writes what is queued
  ASSERT_THAT(order, SizeIs(200));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_THAT(*Open()->Read("s"), SizeIs(133));
}

TEST_F(SqliteJournalTest, WritesBehindInOrderWithTheNextWrite) {
  const auto journal = Open();
  journal->WriteSoon({{"s", ToBytes("1")}, {"t", ToBytes("a")}});
  journal->WriteSoon({{"s", ToBytes("2")}});
  ASSERT_TRUE(WriteAndWait(*journal, "s", "3").ok());
  EXPECT_THAT(*journal->Read("s"), ElementsAre(ToBytes("1"), ToBytes("2"), ToBytes("3")));
  EXPECT_THAT(*journal->Read("t"), ElementsAre(ToBytes("a")));
}

TEST_F(SqliteJournalTest, WritesBehindSoonAlsoWithoutAnotherWrite) {
  const auto journal = Open();
  journal->WriteSoon({{"s", ToBytes("1")}});
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (journal->Read("s")->empty() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_THAT(*journal->Read("s"), ElementsAre(ToBytes("1")));
}

TEST_F(SqliteJournalTest, WritesBehindBeforeItCloses) {
  { Open()->WriteSoon({{"s", ToBytes("1")}}); }
  EXPECT_THAT(*Open()->Read("s"), ElementsAre(ToBytes("1")));
}

TEST_F(SqliteJournalTest, KeepsEveryThreadsOrderWhenManyWrite) {
  constexpr int kThreads = 4;
  constexpr int kRecords = 100;
  {
    const auto journal = Open();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&journal, t] {
        for (int i = 0; i < kRecords; ++i) {
          journal->Write({{"own/" + std::to_string(t), ToBytes(std::to_string(i))}, {"shared", ToBytes("x")}},
                         [](const Status& status) { EXPECT_TRUE(status.ok()); });
          if (i % 25 == 0) {
            EXPECT_TRUE(journal->Read("shared").ok());
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const auto journal = Open();
  EXPECT_THAT(*journal->Read("shared"), SizeIs(kThreads * kRecords));
  for (int t = 0; t < kThreads; ++t) {
    const std::vector<Bytes> own = *journal->Read("own/" + std::to_string(t));
    ASSERT_THAT(own, SizeIs(kRecords));
    for (int i = 0; i < kRecords; ++i) EXPECT_EQ(own[i], ToBytes(std::to_string(i)));
  }
}

TEST_F(SqliteJournalTest, HoldsRecordsOfAnySize) {
  const Bytes large(3U << 20, 0xa5);
  const auto journal = Open();
  ASSERT_TRUE(WriteAndWait(*journal, {{"s", large}, {"s", {}}, {"s", Bytes(5000, 1)}}).ok());
  EXPECT_THAT(*journal->Read("s"), ElementsAre(large, Bytes(), Bytes(5000, 1)));
}

TEST_F(SqliteJournalTest, NamesTheRecordThatWasDamaged) {
  struct Case {
    const char* sql;
    int seq;
  };
  for (const Case& damage : {Case{"UPDATE records SET record = x'00' WHERE id & 0xffffffff = 1", 1},
                             Case{"UPDATE records SET crc = crc + 1 WHERE id & 0xffffffff = 2", 2},
                             Case{"DELETE FROM records WHERE id & 0xffffffff = 0", 0},
                             Case{"UPDATE streams SET name = 'job/b'", 0}}) {
    {
      const auto journal = Open();
      ASSERT_TRUE(
          WriteAndWait(*journal, {{"job/a", ToBytes("a")}, {"job/a", ToBytes("b")}, {"job/a", ToBytes("c")}})
              .ok());
    }
    Tamper(damage.sql);
    const auto journal = Open();
    const std::string name = journal->Streams("")->front();
    const Status status = journal->Read(name).status();
    EXPECT_EQ(status.error(), errors::kStoreCorrupt.id) << damage.sql;
    EXPECT_THAT(status.message(), HasSubstr("record " + std::to_string(damage.seq) + " of stream " + name));
    std::filesystem::remove(file_);
  }
}

TEST_F(SqliteJournalTest, RefusesTheFileOfANewerVersion) {
  Open();
  Tamper("PRAGMA user_version=99");
  EXPECT_EQ(SqliteJournal::Open(file_, nullptr).status().error(), errors::kStoreVersion.id);
  EXPECT_EQ(JournalReader::Open(file_).status().error(), errors::kStoreVersion.id);
}

TEST_F(SqliteJournalTest, RefusesAFileThatIsNoDatabase) {
  ASSERT_TRUE(std::ofstream(file_) << std::string(8192, 'x'));
  EXPECT_EQ(SqliteJournal::Open(file_, nullptr).status().error(), errors::kStoreCorrupt.id);
}

TEST_F(SqliteJournalTest, RefusesEveryLaterWriteOnceTheDiskHasFailed) {
  const auto journal = Open();
  ASSERT_TRUE(WriteAndWait(*journal, "s", "kept").ok());
  Tamper("CREATE TRIGGER broken BEFORE INSERT ON records BEGIN SELECT raise(FAIL, 'broken disk'); END");
  EXPECT_EQ(WriteAndWait(*journal, "s", "lost").error(), errors::kStoreIo.id);
  Tamper("DROP TRIGGER broken");
  EXPECT_EQ(WriteAndWait(*journal, "s", "lost too").error(), errors::kStoreIo.id);
  EXPECT_THAT(*journal->Read("s"), ElementsAre(ToBytes("kept")));
}

TEST_F(SqliteJournalTest, CanBeReadBesideTheWriter) {
  const auto journal = Open();
  ASSERT_TRUE(WriteAndWait(*journal, "egress", "1").ok());
  const auto reader = JournalReader::Open(file_);
  ASSERT_TRUE(reader.ok()) << Describe(reader.status());
  ASSERT_TRUE(WriteAndWait(*journal, "egress", "2").ok());
  EXPECT_THAT(*(*reader)->Read("egress"), ElementsAre(ToBytes("1"), ToBytes("2")));
}

TEST_F(SqliteJournalTest, CanBeReadWhileNobodyWrites) {
  { ASSERT_TRUE(WriteAndWait(*Open(), "egress", "1").ok()); }
  const auto reader = JournalReader::Open(file_);
  ASSERT_TRUE(reader.ok()) << Describe(reader.status());
  EXPECT_THAT(*(*reader)->Read("egress"), ElementsAre(ToBytes("1")));
  EXPECT_EQ(JournalReader::Open(dir_ / "none.db").status().error(), errors::kStoreIo.id);
}

}  // namespace
}  // namespace accord::store
