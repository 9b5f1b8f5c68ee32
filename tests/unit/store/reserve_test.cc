#include "store/reserve.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "tests/support/temp_dir.h"

namespace accord::store {
namespace {

constexpr std::uint64_t kSize = 1U << 20;

std::uint64_t AllocatedBytes(const std::filesystem::path& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * 512 : 0;
}

TEST(ReserveTest, OccupiesItsSizeUntilReleased) {
  const testing::TempDir dir;
  const auto reserve = Reserve::Open(dir / "reserve", kSize);
  ASSERT_TRUE(reserve.ok()) << Describe(reserve.status());
  EXPECT_TRUE((*reserve)->held());
  EXPECT_GE(AllocatedBytes(dir / "reserve"), kSize);

  (*reserve)->Release();
  (*reserve)->Release();
  EXPECT_FALSE((*reserve)->held());
  EXPECT_EQ(AllocatedBytes(dir / "reserve"), 0U);

  EXPECT_TRUE((*reserve)->Restore().ok());
  EXPECT_TRUE((*reserve)->held());
  EXPECT_GE(AllocatedBytes(dir / "reserve"), kSize);
}

TEST(ReserveTest, DoesNotHideAnUnusableDirectory) {
  const testing::TempDir dir;
  EXPECT_EQ(Reserve::Open(dir / "missing/reserve", kSize).status().error(), errors::kStoreIo.id);
}

}  // namespace
}  // namespace accord::store
