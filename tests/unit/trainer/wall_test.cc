#include "trainer/wall.h"

#include <gtest/gtest.h>

namespace accord::trainer {
namespace {

Status Thrown(auto&& throwing) {
  return Guard("round 3", [&]() -> Status {
    throwing();
    return {};
  });
}

TEST(WallTest, NamesWhatLibtorchThrowsWithoutItsBacktrace) {
  const Status status = Thrown([] { TORCH_CHECK(false, "shapes do not match"); });
  EXPECT_EQ(status.error(), errors::kTrainerFailed.id);
  EXPECT_EQ(status.message(), "round 3: shapes do not match");
}

TEST(WallTest, NamesLackOfMemory) {
  const auto error = [](auto&& throwing) { return Thrown(throwing).error(); };
  EXPECT_EQ(error([] { throw std::bad_alloc(); }), errors::kTrainerMemory.id);
  EXPECT_EQ(error([] { TORCH_CHECK(false, "DefaultCPUAllocator: not enough memory: you tried"); }),
            errors::kTrainerMemory.id);
  EXPECT_EQ(error([] { TORCH_CHECK(false, "CUDA out of memory. Tried to allocate"); }),
            errors::kTrainerMemory.id);
}

TEST(WallTest, NamesAnyOtherException) {
  EXPECT_EQ(Thrown([] { throw std::runtime_error("odd"); }).error(), errors::kTrainerFailed.id);
}

TEST(WallTest, LetsResultsThrough) {
  EXPECT_EQ(Guard("x", []() -> Result<int> { return 4; }).value(), 4);
  EXPECT_EQ(Guard("x", []() -> Result<int> { return Fail(errors::kTaskStopped, "s"); }).status().error(),
            errors::kTaskStopped.id);
}

}  // namespace
}  // namespace accord::trainer
