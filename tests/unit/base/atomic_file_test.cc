#include "base/atomic_file.h"

#include <gtest/gtest.h>

#include <iterator>
#include <utility>

#include "tests/support/temp_dir.h"

namespace accord {
namespace {

std::ptrdiff_t FilesIn(const std::filesystem::path& directory) {
  return std::distance(std::filesystem::directory_iterator(directory), std::filesystem::directory_iterator());
}

class AtomicFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string Content() const {
    const Result<Bytes> content = ReadFile(path_);
    return content.ok() ? std::string(AsText(*content)) : "none";
  }
  testing::TempDir directory_;
  std::filesystem::path path_ = directory_ / "new" / "file";
};

TEST_F(AtomicFileTest, StandsWholeAfterCommit) {
  {
    AtomicFile file = AtomicFile::Create(path_, FileMode::kPrivate).value();
    ASSERT_TRUE(file.Write(AsBytes("first ")).ok());
    ASSERT_TRUE(file.Write({}).ok());
    AtomicFile moved = std::move(file);
    ASSERT_TRUE(moved.Write(AsBytes("second")).ok());
    EXPECT_EQ(Content(), "none");
    ASSERT_TRUE(moved.Commit().ok());
  }
  EXPECT_EQ(Content(), "first second");
  EXPECT_EQ(FilesIn(path_.parent_path()), 1);
  EXPECT_EQ(std::filesystem::status(path_).permissions(), static_cast<std::filesystem::perms>(0600));
}

TEST_F(AtomicFileTest, LeavesWhatWasThereWithoutCommit) {
  ASSERT_TRUE(WriteFileAtomic(path_, AsBytes("old"), FileMode::kShared).ok());
  {
    AtomicFile file = AtomicFile::Create(path_, FileMode::kShared).value();
    ASSERT_TRUE(file.Write(AsBytes("new, and never whole")).ok());
  }
  EXPECT_EQ(Content(), "old");
  EXPECT_EQ(FilesIn(path_.parent_path()), 1);
}

TEST_F(AtomicFileTest, LeavesNothingWhereItCannotBePut) {
  std::filesystem::create_directories(path_ / "in the way");
  {
    AtomicFile file = AtomicFile::Create(path_, FileMode::kShared).value();
    ASSERT_TRUE(file.Write(AsBytes("new")).ok());
    EXPECT_EQ(file.Commit().error(), "store.io");
  }
  EXPECT_EQ(FilesIn(path_.parent_path()), 1);
}

TEST_F(AtomicFileTest, MakesNoDirectoryOfAPathThatNamesNoFile) {
  EXPECT_EQ(AtomicFile::Create(directory_ / "out/", FileMode::kShared).status().error(), "store.io");
  EXPECT_EQ(FilesIn(directory_.path()), 0);
}

TEST_F(AtomicFileTest, SaysWhichDirectoryCannotBeMade) {
  ASSERT_TRUE(WriteFileAtomic(directory_ / "new", AsBytes("a file"), FileMode::kShared).ok());
  const Status status = AtomicFile::Create(path_, FileMode::kShared).status();
  EXPECT_EQ(status.error(), "store.io");
  EXPECT_NE(status.message().find("new"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace accord
