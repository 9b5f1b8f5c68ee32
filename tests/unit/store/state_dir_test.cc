#include "store/state_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/errors.h"
#include "tests/support/temp_dir.h"

namespace accord::store {
namespace {

using ::testing::HasSubstr;

TEST(StateDirTest, MakesAPrivateDirectoryWithItsReserve) {
  const testing::TempDir dir;
  const auto state = StateDir::Open(dir / "a/b");
  ASSERT_TRUE(state.ok()) << Describe(state.status());
  EXPECT_EQ(std::filesystem::status(dir / "a/b").permissions(), std::filesystem::perms::owner_all);
  EXPECT_TRUE((*state)->reserve().held());
}

TEST(StateDirTest, RefusesASecondHolderAndNamesTheFirst) {
  const testing::TempDir dir;
  {
    const auto first = StateDir::Open(dir.path());
    ASSERT_TRUE(first.ok());
    const Status second = StateDir::Open(dir.path()).status();
    EXPECT_EQ(second.error(), errors::kStoreLocked.id);
    EXPECT_THAT(second.message(), HasSubstr("process " + std::to_string(::getpid())));
  }
  EXPECT_TRUE(StateDir::Open(dir.path()).ok());
}

TEST(StateDirTest, SaysWhichPathItCannotMake) {
  const testing::TempDir dir;
  const auto state = StateDir::Open("/proc/accord/state");
  EXPECT_EQ(state.status().error(), errors::kStoreIo.id);
  EXPECT_THAT(state.status().message(), HasSubstr("/proc/accord/state"));
}

}  // namespace
}  // namespace accord::store
