#include "store/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "base/errors.h"
#include "tests/support/temp_dir.h"

namespace accord::store {
namespace {

constexpr std::uint64_t kSize = 100'000;

Bytes RandomBytes(std::uint32_t seed, std::size_t size) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// Cuts `bytes` into slices of random size, some empty.
std::vector<ByteView> Cut(ByteView bytes, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<ByteView> slices;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(random() % 900, bytes.size());
    slices.push_back(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return slices;
}

class SpoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<SpoolPool> Pool(std::uint64_t budget) {
    Result<std::unique_ptr<SpoolPool>> pool =
        SpoolPool::Open({.directory = dir_ / "spool", .memory_budget = budget});
    EXPECT_TRUE(pool.ok()) << Describe(pool.status());
    return *std::move(pool);
  }
  static void ExpectContent(Spool& spool, const Bytes& content, std::size_t tile) {
    ASSERT_EQ(spool.size(), content.size());
    for (std::size_t at = 0; at < content.size(); at += tile) {
      const std::size_t size = std::min(tile, content.size() - at);
      const Result<ByteView> view = spool.Tile(at, size);
      ASSERT_TRUE(view.ok()) << Describe(view.status());
      EXPECT_TRUE(std::equal(view->begin(), view->end(), content.begin() + static_cast<std::ptrdiff_t>(at),
                             content.begin() + static_cast<std::ptrdiff_t>(at + size)));
    }
  }
  testing::TempDir dir_;
};

TEST_F(SpoolTest, GivesBackWhatWasAppendedWhateverTheSplit) {
  const Bytes content = RandomBytes(1, kSize);
  for (const std::uint64_t budget : {kSize, std::uint64_t{0}}) {
    const auto pool = Pool(budget);
    const auto spool = *pool->Take(kSize);
    EXPECT_EQ(spool->in_memory(), budget > 0);
    EXPECT_EQ(spool->capacity(), kSize);
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
      spool->Reset();
      const std::vector<ByteView> slices = Cut(content, seed);
      const std::size_t half = slices.size() / 2;
      ASSERT_TRUE(spool->Append(std::span(slices).first(half)).ok());
      ASSERT_TRUE(spool->Append(std::span(slices).subspan(half)).ok());
      ExpectContent(*spool, content, 4096);
      ExpectContent(*spool, content, 77'777);
    }
  }
}

TEST_F(SpoolTest, RefusesMoreThanWasDeclaredAndStaysAsItWas) {
  for (const std::uint64_t budget : {kSize, std::uint64_t{0}}) {
    const auto pool = Pool(budget);
    const auto spool = *pool->Take(10);
    ASSERT_TRUE(spool->Append(AsBytes("12345678")).ok());
    EXPECT_EQ(spool->Append(AsBytes("9ab")).error(), errors::kUploadTooLong.id);
    EXPECT_EQ(spool->size(), 8U);
    EXPECT_TRUE(spool->Append(AsBytes("9a")).ok());
    EXPECT_EQ(AsText(*spool->Tile(0, 10)), "123456789a");
  }
}

TEST_F(SpoolTest, StaysWithinItsMemoryBudget) {
  const auto pool = Pool(250);
  auto a = *pool->Take(100);
  auto b = *pool->Take(100);
  const auto c = *pool->Take(100);
  EXPECT_TRUE(a->in_memory() && b->in_memory());
  EXPECT_FALSE(c->in_memory());
  EXPECT_EQ(pool->memory_held(), 200U);
  const auto d = *pool->Take(50);
  EXPECT_TRUE(d->in_memory());
  EXPECT_EQ(pool->memory_held(), 250U);
  a.reset();
  EXPECT_EQ(pool->memory_held(), 250U) << "kept for the next upload";
  EXPECT_TRUE((*pool->Take(100))->in_memory());
  b.reset();
  EXPECT_FALSE((*pool->Take(201))->in_memory());
  EXPECT_TRUE((*pool->Take(200))->in_memory()) << "what is kept makes way";
  EXPECT_EQ(pool->memory_held(), 250U);
  pool->Trim();
  EXPECT_EQ(pool->memory_held(), 50U);
}

TEST_F(SpoolTest, AReusedFileShowsNothingOfTheLastUpload) {
  const auto pool = Pool(0);
  { ASSERT_TRUE((*pool->Take(kSize))->Append(RandomBytes(1, kSize)).ok()); }
  for (const std::uint64_t size : {kSize, kSize / 2, 2 * kSize}) {  // fits, is larger than needed, must grow
    const auto spool = *pool->Take(size);
    EXPECT_EQ(spool->size(), 0U);
    const Bytes content = RandomBytes(2, size);
    ASSERT_TRUE(spool->Append(content).ok());
    ExpectContent(*spool, content, 10'000);
    EXPECT_EQ(spool->Append(AsBytes("x")).error(), errors::kUploadTooLong.id);
  }
}

TEST_F(SpoolTest, LeavesNoNamesOnDisk) {
  const auto pool = Pool(0);
  const auto spool = *pool->Take(kSize);
  ASSERT_TRUE(spool->Append(AsBytes("masked")).ok());
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "spool"));
}

TEST_F(SpoolTest, ThreadsShareThePool) {
  const auto pool = Pool(2 * kSize);
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      const Bytes content = RandomBytes(t, kSize);
      for (int i = 0; i < 20; ++i) {
        const auto spool = *pool->Take(kSize);
        EXPECT_LE(pool->memory_held(), 2 * kSize);
        ASSERT_TRUE(spool->Append(content).ok());
        ExpectContent(*spool, content, 30'000);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  pool->Trim();
  EXPECT_EQ(pool->memory_held(), 0U);
}

using SpoolDeathTest = SpoolTest;

TEST_F(SpoolDeathTest, ReadingBehindTheEndIsABug) {
  const auto pool = Pool(kSize);
  const auto spool = *pool->Take(10);
  EXPECT_DEATH((void)spool->Tile(5, 6), "does not hold");
}

}  // namespace
}  // namespace accord::store
