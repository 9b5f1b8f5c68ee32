#include "model/frozen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "crypto/sha256.h"
#include "model/layout.h"
#include "model/safetensors.h"
#include "tests/support/temp_dir.h"

namespace accord::model {
namespace {

using ::testing::HasSubstr;

const ModelSpec kModel{.kind = "mlp"};

class FrozenTest : public ::testing::Test {
 protected:
  FrozenTest() { hash_ = WriteSafetensors(path_, layout_, weights_).value(); }

  accord::testing::TempDir directory_;
  const std::filesystem::path path_ = directory_ / "base";
  const ModelLayout layout_ = MakeLayout({{.name = "w", .shape = {2, 2}}}).value();
  const std::vector<float> weights_ = {1, 2, 3, 4};
  Digest hash_;
};

TEST_F(FrozenTest, ReadsTheFileOfTheHash) {
  EXPECT_EQ(HashFile(path_).value(), hash_);
  EXPECT_EQ(ReadFrozen(path_, NameOfHash(hash_), layout_, kModel).value(), weights_);
}

TEST_F(FrozenTest, HashesFilesOfAnySize) {
  for (const std::size_t size : {0UL, 1UL << 20, (2UL << 20) + 7}) {
    const std::string text(size, 'x');
    std::ofstream(directory_ / "x") << text;
    EXPECT_EQ(HashFile(directory_ / "x").value(), crypto::Sha256::Of(text)) << size;
  }
}

TEST_F(FrozenTest, RefusesNoFileAndAnotherFile) {
  const auto error = [&](const std::filesystem::path& path, const std::string& name) {
    const Status status = ReadFrozen(path, name, layout_, kModel).status();
    EXPECT_EQ(status.error(), "model.base");
    return status.message();
  };
  EXPECT_THAT(error({}, NameOfHash(hash_)), HasSubstr("names none"));
  EXPECT_THAT(error(directory_ / "none", NameOfHash(hash_)), HasSubstr("none is no file"));
  EXPECT_THAT(error(path_, NameOfHash(crypto::Sha256::Of("other"))), HasSubstr(hash_.Hex()));
}

// A directory has no bytes of its own; what its weights are as one file of ours does not depend on how they
// lie.
TEST_F(FrozenTest, ReadsTheDirectoryWhoseWeightsHaveTheHash) {
  const ModelLayout first = MakeLayout({{.name = "a", .shape = {1}}}).value();
  const ModelLayout both = MakeLayout({{.name = "a", .shape = {1}}, {.name = "w", .shape = {2, 2}}}).value();
  const std::filesystem::path shards = directory_ / "shards";
  ASSERT_TRUE(WriteSafetensors(shards / "1.safetensors", layout_, weights_).ok());
  ASSERT_TRUE(WriteSafetensors(shards / "2.safetensors", first, std::vector<float>{9}).ok());
  std::ofstream(shards / "model.safetensors.index.json")
      << R"({"weight_map": {"w": "1.safetensors", "a": "2.safetensors"}})";
  const std::vector<float> all = {9, 1, 2, 3, 4};
  const std::string name = NameOfHash(ModelHash(both, all));
  EXPECT_EQ(ReadFrozen(shards, name, both, kModel).value(), all);
  const Status other = ReadFrozen(shards, NameOfHash(hash_), both, kModel).status();
  EXPECT_EQ(other.error(), "model.base");
  EXPECT_THAT(other.message(), HasSubstr(name));
}

TEST_F(FrozenTest, TheRightFileMustBeOfThePlansModel) {
  const ModelLayout other = MakeLayout({{.name = "v", .shape = {2, 2}}}).value();
  EXPECT_EQ(ReadFrozen(path_, NameOfHash(hash_), other, kModel).status().error(), "safetensors.tensors");
}

TEST_F(FrozenTest, WhatAnOuterRuleKeptIsPassedOver) {
  const ModelLayout kept = MakeLayout({{.name = "w", .shape = {2, 2}},
                                       {.name = "~b.w", .shape = {2, 2}},
                                       {.name = "~~rms", .shape = {2}}})
                               .value();
  const Digest hash = WriteSafetensors(path_, kept, std::vector<float>{1, 2, 3, 4, 9, 9, 9, 9, 9, 9}).value();
  EXPECT_EQ(ReadFrozen(path_, NameOfHash(hash), layout_, kModel).value(), weights_);
}

}  // namespace
}  // namespace accord::model
