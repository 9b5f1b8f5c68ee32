#include "trainer/checkpoint.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/crc32c.h"
#include "tests/unit/trainer/fixture.h"

namespace accord::trainer {
namespace {

constexpr CheckpointId kId{.round = 3, .plan = 0x11223344, .start = 0xAABBCCDD};

class CheckpointTest : public ::testing::Test {
 protected:
  void Save() {
    const std::span<const float> vectors[] = {weights_, momentum_};
    ASSERT_TRUE(SaveCheckpoint(path_, kId, 17, vectors).ok());
  }
  Result<std::optional<std::uint64_t>> Load(const CheckpointId& id = kId) {
    const std::span<float> vectors[] = {read_weights_, read_momentum_};
    return LoadCheckpoint(path_, id, vectors);
  }
  Bytes Content() {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Refused by this name, and nothing read from it.
  void ExpectRefused(const ErrorInfo& error, const CheckpointId& id = kId) {
    const auto loaded = Load(id);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.status().error(), error.id) << loaded.status().message();
    EXPECT_EQ(read_weights_, std::vector<float>(3));
    EXPECT_EQ(read_momentum_, std::vector<float>(3));
  }

  accord::testing::TempDir directory_;
  std::filesystem::path path_ = directory_ / "round-3" / "training.ckpt";
  std::vector<float> weights_{1.0F, -2.5F, 0.0F}, momentum_{0.1F, 0.2F, -0.0F};
  std::vector<float> read_weights_ = std::vector<float>(3), read_momentum_ = std::vector<float>(3);
};

TEST_F(CheckpointTest, GivesBackWhatWasSaved) {
  Save();
  const auto loaded = Load();
  ASSERT_TRUE(loaded.ok()) << Describe(loaded.status());
  EXPECT_EQ(loaded.value(), 17U);
  EXPECT_EQ(read_weights_, weights_);
  EXPECT_EQ(read_momentum_, momentum_);
}

TEST_F(CheckpointTest, IsReadableByItsOwnerAlone) {
  Save();
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(CheckpointTest, NoFileIsNoCheckpoint) {
  const auto loaded = Load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(CheckpointTest, HasTheBytesOfVersionOne) {
  Save();
  Writer writer;
  writer.Raw("ACCKPT").U16(1).U64(3).U32(0x11223344).U32(0xAABBCCDD).U64(17).U32(2).U64(3);
  const std::uint8_t values[] = {
      0,    0,    0x80, 0x3F, 0,    0,    0x20, 0xC0, 0, 0, 0, 0,      // 1, -2.5, 0
      0xCD, 0xCC, 0xCC, 0x3D, 0xCD, 0xCC, 0x4C, 0x3E, 0, 0, 0, 0x80};  // .1, .2, -0
  writer.Raw(ByteView(values));
  writer.U32(Crc32c(writer.bytes()));
  EXPECT_EQ(Content(), writer.bytes());
}

TEST_F(CheckpointTest, RefusesEachFlippedBit) {
  Save();
  const Bytes good = Content();
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x10;
    WriteBytes(path_, bad);
    // In the version the flip reads as a newer version.
    ExpectRefused(i == 6 || i == 7 ? errors::kStoreVersion : errors::kStoreCorrupt);
  }
}

TEST_F(CheckpointTest, RefusesEachPrefixAndAnythingLonger) {
  Save();
  Bytes content = Content();
  for (std::size_t size = 0; size < content.size(); ++size) {
    WriteBytes(path_, ByteView(content).first(size));
    ExpectRefused(errors::kStoreCorrupt);
  }
  content.push_back(0);
  WriteBytes(path_, content);
  ExpectRefused(errors::kStoreIo);
}

TEST_F(CheckpointTest, RefusesOneOfAnotherTraining) {
  Save();
  ExpectRefused(errors::kStoreCorrupt, {.round = 4, .plan = kId.plan, .start = kId.start});
  ExpectRefused(errors::kStoreCorrupt, {.round = 3, .plan = 1, .start = kId.start});
  ExpectRefused(errors::kStoreCorrupt, {.round = 3, .plan = kId.plan, .start = 1});
}

TEST_F(CheckpointTest, RefusesADirectoryInItsPlace) {
  std::filesystem::create_directories(path_);
  ExpectRefused(errors::kStoreIo);
}

}  // namespace
}  // namespace accord::trainer
