#include "base/walk.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace accord {
namespace {

struct FileWalkTest : ::testing::Test {
  accord::testing::TempDir dir;
  const std::filesystem::path root = dir / "set";
  FileWalkTest() { std::filesystem::create_directory(root); }

  void Put(const std::string& path, const std::string& content = "x") const {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path, std::ios::binary) << content;
  }
  // All paths, or the error.
  Result<std::vector<std::string>> Walk() const {
    ACCORD_ASSIGN_OR_RETURN(FileWalk walk, FileWalk::Open(root));
    std::vector<std::string> paths;
    while (true) {
      ACCORD_ASSIGN_OR_RETURN(const std::optional<WalkedFile> file, walk.Next());
      if (!file) return paths;
      paths.push_back(file->path);
    }
  }
};

TEST_F(FileWalkTest, GivesPathsInTheOrderOfTheirBytes) {
  std::vector<std::string> paths{"a-b", "a.txt", "a/c",  "a/c.d/e",      "a/cd", "a0",
                                 "ab",  "b/b/b", "b/b-", "\xE1\x88\xB0", "\xFF"};
  for (const std::string& path : paths) Put(path);
  std::ranges::sort(paths);
  const auto walked = Walk();
  ASSERT_TRUE(walked.ok()) << walked.status().message();
  EXPECT_EQ(*walked, paths);
}

TEST_F(FileWalkTest, ReadsContentInPieces) {
  const std::string large(3'000'000, 'a');
  Put("empty", "");
  Put("large", large);
  FileWalk walk = *FileWalk::Open(root);
  for (const std::string& expected : {std::string(), large}) {
    const auto file = walk.Next();
    ASSERT_TRUE(file.ok() && *file);
    EXPECT_EQ((*file)->size, expected.size());
    std::string content;
    ASSERT_TRUE(walk.Read([&](ByteView piece) {
                      content += AsText(piece);
                      return Status();
                    })
                    .ok());
    EXPECT_EQ(content, expected);
  }
}

TEST_F(FileWalkTest, RefusesWhatIsNoPlainFile) {
  Put("a/file");
  const auto refused = [&](const std::string& name) {
    const Status status = Walk().status();
    EXPECT_EQ(status.error(), "walk.refused");
    EXPECT_NE(status.message().find(name), std::string::npos) << status.message();
    std::filesystem::remove(root / name);
    EXPECT_TRUE(Walk().ok());
  };
  std::filesystem::create_symlink("file", root / "a/link");
  refused("a/link");
  std::filesystem::create_directory_symlink("a", root / "b");
  refused("b");
  std::filesystem::create_symlink("nowhere", root / "dangling");
  refused("dangling");
  ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
  refused("pipe");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (root / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  refused("socket");
}

TEST_F(FileWalkTest, RefusesDirectoriesThatNeverEnd) {
  std::string deep;
  for (std::size_t i = 0; i < FileWalk::kMaxDepth; ++i) deep += "d/";
  Put(deep + "file");
  EXPECT_TRUE(Walk().ok());
  Put(deep + "d/file");
  EXPECT_EQ(Walk().status().error(), "walk.refused");
}

TEST_F(FileWalkTest, NoticesWhatChangesMeanwhile) {
  Put("a", std::string(2'000'000, 'a'));
  Put("b");
  {
    FileWalk walk = *FileWalk::Open(root);
    ASSERT_TRUE(walk.Next().ok());
    const Status grown = walk.Read([&](ByteView) {
      std::ofstream(root / "a", std::ios::app) << "more";
      return Status();
    });
    EXPECT_EQ(grown.error(), "walk.changed");
  }
  FileWalk walk = *FileWalk::Open(root);
  ASSERT_TRUE(walk.Next().ok());
  std::filesystem::remove(root / "a");
  Put("a", std::string(2'000'004, 'b'));
  EXPECT_EQ(walk.Read([](ByteView) { return Status(); }).error(), "walk.changed")
      << "another file of that name";
  std::filesystem::remove(root / "b");
  EXPECT_EQ(walk.Next().status().error(), "store.io") << "listed, and gone";
}

TEST_F(FileWalkTest, SaysWhatItCannotRead) {
  EXPECT_EQ(FileWalk::Open(dir / "none").status().error(), "store.io");
  Put("file");
  EXPECT_EQ(FileWalk::Open(root / "file").status().error(), "store.io");
  if (::geteuid() == 0) return;  // who may read everything is refused nothing
  std::filesystem::permissions(root / "file", std::filesystem::perms::none);
  FileWalk walk = *FileWalk::Open(root);
  ASSERT_TRUE(walk.Next().ok());
  EXPECT_EQ(walk.Read([](ByteView) { return Status(); }).error(), "store.io");
}

TEST_F(FileWalkTest, FollowsTheRootAlone) {
  Put("file");
  std::filesystem::create_directory_symlink(root, dir / "link");
  FileWalk walk = *FileWalk::Open(dir / "link");
  EXPECT_TRUE(walk.Next().ok());
}

}  // namespace
}  // namespace accord
