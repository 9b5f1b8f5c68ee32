// Every version must read the state that earlier versions wrote.
#include "tests/unit/store/state_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "store/members.h"
#include "store/sqlite_journal.h"
#include "tests/support/temp_dir.h"

namespace accord::store {
namespace {

using ::testing::ElementsAre;

class StateFixtureTest : public ::testing::Test {
 protected:
  StateFixtureTest() {
    std::filesystem::copy(std::filesystem::path(ACCORD_SOURCE_DIR) / "tests/golden/state-v1", dir_.path(),
                          std::filesystem::copy_options::recursive);
  }
  testing::TempDir dir_;
};

TEST_F(StateFixtureTest, TheJournalOfVersion1IsReadAndContinued) {
  const auto journal = SqliteJournal::Open(dir_ / "journal.db", nullptr);
  ASSERT_TRUE(journal.ok()) << Describe(journal.status());
  EXPECT_THAT(*(*journal)->Streams(""), ElementsAre("egress", "job/0a", "job/0b"));
  const std::vector<driver::Append> records = testing::FixtureRecords();
  EXPECT_THAT(*(*journal)->Read("job/0a"),
              ElementsAre(records[0].record, records[2].record, records[4].record));
  EXPECT_THAT(*(*journal)->Read("job/0b"), ElementsAre(records[1].record));
  EXPECT_THAT(*(*journal)->Read("egress"), ElementsAre(records[3].record));
  EXPECT_TRUE(testing::WriteAndWait(**journal, "job/0b", "next").ok());
  EXPECT_THAT(*(*journal)->Read("job/0b"), ElementsAre(records[1].record, testing::ToBytes("next")));
}

TEST_F(StateFixtureTest, TheMembersOfVersion1AreRead) {
  const auto members = Members::Open(dir_ / "members.db");
  ASSERT_TRUE(members.ok()) << Describe(members.status());
  EXPECT_THAT(*(*members)->List(), ElementsAre(testing::FixtureMember()));
  JoinToken used = testing::FixtureToken();
  used.used_at = TimePoint(Millis(1'000));
  used.request = testing::FixtureRedemption().request;
  used.answer = testing::FixtureRedemption().answer;
  EXPECT_EQ(*(*members)->FindToken(used.secret_hash), used);
}

}  // namespace
}  // namespace accord::store
