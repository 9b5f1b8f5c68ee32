// A child process journals as fast as it can and is killed at a random instant, again and again on the same
// state. Whatever it was told to be durable must be there; a batch is there whole or not at all.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/errors.h"
#include "store/sqlite_journal.h"
#include "store/state_dir.h"
#include "tests/support/journal_writer.h"
#include "tests/support/killed_child.h"
#include "tests/support/temp_dir.h"

namespace accord::store {
namespace {

using testing::ToBytes;

constexpr int kKills = 8;
constexpr std::uint64_t kInFlight = 40;

// Record i of both streams; large enough that checkpoints happen, too.
Bytes RecordOf(std::uint64_t i) { return ToBytes(std::to_string(i) + std::string(i % 3000, '.')); }

// The child: writes pairs from `next` on, never more than kInFlight ahead, and tells each acknowledged
// number. Ends only by being killed.
template <class Tell>
[[noreturn]] void WriteForEver(const std::filesystem::path& path, std::uint64_t next, const Tell& tell) {
  const auto state = StateDir::Open(path);
  if (!state.ok()) ::_exit(2);
  const auto journal = SqliteJournal::Open((*state)->journal_file(), &(*state)->reserve());
  if (!journal.ok()) ::_exit(3);
  Mutex mutex;
  CondVar room;
  std::uint64_t acknowledged = next;
  for (std::uint64_t i = next;; ++i) {
    {
      const MutexLock lock(mutex);
      while (i - acknowledged > kInFlight) room.Wait(mutex);
    }
    (*journal)->Write({{"a", RecordOf(i)}, {"b", RecordOf(i)}}, [&, i](const Status& status) {
      if (!status.ok()) ::_exit(6);
      tell(i);
      const MutexLock lock(mutex);
      acknowledged = i + 1;
      room.NotifyOne();
    });
  }
}

// Runs the child until `kill_after` acknowledgements have come, kills it, and returns one more than the last
// number acknowledged.
std::uint64_t RunAndKill(const std::filesystem::path& path, std::uint64_t next, std::uint64_t kill_after) {
  const std::vector<std::uint64_t> told =
      testing::RunAndKill(kill_after, [&](const auto& tell) { WriteForEver(path, next, tell); });
  for (const std::uint64_t number : told) EXPECT_EQ(number, next++);
  return next;
}

TEST(CrashTest, EveryAcknowledgedRecordIsThereAfterKills) {
  const testing::TempDir dir;
  const std::uint32_t seed = std::random_device{}();
  std::mt19937 random(seed);
  std::uint64_t written = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(kill));
    const std::uint64_t acknowledged = RunAndKill(dir.path(), written, 1 + random() % 400);
    const auto state = StateDir::Open(dir.path());
    ASSERT_TRUE(state.ok()) << Describe(state.status());
    const auto journal = SqliteJournal::Open((*state)->journal_file(), &(*state)->reserve());
    ASSERT_TRUE(journal.ok()) << Describe(journal.status());
    const std::vector<Bytes> a = *(*journal)->Read("a");
    ASSERT_GE(a.size(), acknowledged);
    ASSERT_LE(a.size(), acknowledged + kInFlight + 1);
    for (std::uint64_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i], RecordOf(i));
    EXPECT_EQ(*(*journal)->Read("b"), a);
    written = a.size();
  }
}

TEST(CrashTest, TheLockNamesAnotherProcessAndGoesWithIt) {
  const testing::TempDir dir;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto state = StateDir::Open(dir.path());
    if (::write(ends[1], "x", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char ready = 0;
  ASSERT_EQ(::read(ends[0], &ready, 1), 1);
  const Status locked = StateDir::Open(dir.path()).status();
  EXPECT_EQ(locked.error(), errors::kStoreLocked.id);
  EXPECT_NE(locked.message().find("process " + std::to_string(child)), std::string::npos) << locked.message();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(StateDir::Open(dir.path()).ok());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace accord::store
