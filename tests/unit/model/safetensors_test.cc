#include "model/safetensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>

#include "base/errors.h"
#include "base/file.h"
#include "model/init.h"
#include "model/layout.h"

namespace accord::model {
namespace {

ModelLayout Small() {
  return MakeLayout({{.name = "b", .shape = {2, 2}}, {.name = "a", .shape = {3}}}).value();
}
const std::vector<float> kSmallWeights = {1, 2, 3, 4, 5, 6, 7};

// A file of this header and so many bytes of data, each 0.
Bytes File(std::string header, std::size_t data) {
  Bytes bytes;
  for (int shift = 0; shift < 64; shift += 8)
    bytes.push_back(static_cast<std::uint8_t>(header.size() >> shift));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), data, 0);
  return bytes;
}

Bytes Written(const ModelLayout& layout, std::span<const float> weights) {
  Bytes file = SafetensorsPrefix(layout);
  const ByteView data = WeightBytes(weights);
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

TEST(SafetensorsTest, WritesACompactHeaderPaddedToEightBytes) {
  const std::string json =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},)"
      R"("b":{"dtype":"F32","shape":[2,2],"data_offsets":[12,28]}})";
  const Bytes file = Written(Small(), kSmallWeights);
  ASSERT_EQ(file.size(), SafetensorsSize(Small()));
  EXPECT_EQ(file[0] % 8, 0);
  EXPECT_EQ(AsText(file).substr(8, json.size()), json);
  EXPECT_EQ(AsText(file).substr(8 + json.size(), file[0] - json.size()).find_first_not_of(' '),
            std::string_view::npos);
  EXPECT_EQ(file.size(), 8U + file[0] + 28);
}

TEST(SafetensorsTest, ReadsBackWhatItWrites) {
  const Bytes file = Written(Small(), kSmallWeights);
  EXPECT_EQ(ReadSafetensors(file, Small()).value(), kSmallWeights);
  const ModelLayout layout = ReadSafetensorsLayout(file).value();
  EXPECT_EQ(layout.tensors[1].name, "b");
  EXPECT_EQ(layout.tensors[1].offset, 3U);
  EXPECT_EQ(layout.size, 7U);
}

TEST(SafetensorsTest, TakesTensorsInAnyOrder) {
  Bytes file = File(R"({"b":{"shape":[2,2],"data_offsets":[0,16],"dtype":"F32"},)"
                    R"("a":{"dtype":"F32","shape":[3],"data_offsets":[16,28]}})",
                    28);
  file[file.size() - 9] = 0x3F;  // the last byte of a[0]
  EXPECT_EQ(ReadSafetensors(file, Small()).value()[0], std::bit_cast<float>(0x3F000000));
}

TEST(SafetensorsTest, HashesTheFileWithoutMakingIt) {
  std::vector<float> weights = kSmallWeights;
  EXPECT_EQ(ModelHash(Small(), weights).Hex(),  // made with Python's hashlib and struct
            "04e71bb93cc68865f53ded89496f1a1370fd92ffc5ce42314569364356165d5d");
  weights[6] = 8;
  EXPECT_NE(ModelHash(Small(), weights), ModelHash(Small(), kSmallWeights));
}

struct BadFile {
  std::string name;
  Bytes file;
  const ErrorInfo& error;
};
void PrintTo(const BadFile& bad, std::ostream* out) { *out << bad.name; }

class SafetensorsErrorTest : public ::testing::TestWithParam<BadFile> {};

TEST_P(SafetensorsErrorTest, IsRefusedByName) {
  const Status status = ReadSafetensorsLayout(GetParam().file).status();
  EXPECT_EQ(status.error(), GetParam().error.id) << Describe(status);
}

Bytes Cut(Bytes file, std::size_t by) {
  file.resize(file.size() - by);
  return file;
}
std::string A(const std::string& offsets) {
  return R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + offsets + "}}";
}
std::string Two(const std::string& first, const std::string& second) {
  return R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)" + first +
         R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + second + "}}";
}

INSTANTIATE_TEST_SUITE_P(
    All, SafetensorsErrorTest,
    ::testing::Values(
        BadFile{"NoBytes", {}, errors::kSafetensorsTruncated},
        BadFile{"CutLength", {1, 0, 0}, errors::kSafetensorsTruncated},
        BadFile{"CutHeader", Cut(File("{      }", 0), 1), errors::kSafetensorsTruncated},
        BadFile{"HugeHeader", {0, 0, 0, 0, 0, 1, 0, 0, '{', '}'}, errors::kSafetensorsHeader},
        BadFile{"CutData", File(A("[0,8]"), 7), errors::kSafetensorsTruncated},
        BadFile{"TrailingBytes", File(A("[0,8]"), 9), errors::kSafetensorsOffsets},
        BadFile{"SizeNotShape", File(A("[0,4]"), 4), errors::kSafetensorsOffsets},
        BadFile{"NotFromZero", File(A("[4,12]"), 12), errors::kSafetensorsOffsets},
        BadFile{"Backwards", File(A("[8,0]"), 8), errors::kSafetensorsOffsets},
        BadFile{"FarBeyond", File(A("[0,18446744073709551615]"), 8), errors::kSafetensorsTruncated},
        BadFile{"Overlap", File(Two("[0,4]", "[0,4]"), 4), errors::kSafetensorsOffsets},
        BadFile{"HalfOverlap", File(Two("[0,4]", "[2,6]"), 6), errors::kSafetensorsOffsets},
        BadFile{"Gap", File(Two("[0,4]", "[8,12]"), 12), errors::kSafetensorsOffsets},
        BadFile{"SameNameTwice",
                File(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                     R"("a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                     8),
                errors::kSafetensorsHeader},
        BadFile{"SameKeyTwice",
                File(R"({"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}})", 4),
                errors::kSafetensorsHeader},
        BadFile{"HalfPrecision", File(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", 4),
                errors::kSafetensorsDtype},
        BadFile{"HugeShape",
                File(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
                errors::kModelTooLarge},
        BadFile{"EmptyTensor", File(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", 0),
                errors::kModelShape}),
    [](const auto& test) { return test.param.name; });

TEST(SafetensorsTest, RefusesHeadersOfAnotherForm) {
  for (const std::string header :
       {"",
        "[]",
        " {}",
        "{",
        "{}{}",
        "{}x",
        "{\"a\"}",
        R"({"a":1})",
        R"({"a":[]})",
        R"({"a":null})",
        R"({"a":{}})",
        R"({"a":{"dtype":"F32","shape":[1]}})",
        R"({"a":{"dtype":"F32","data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})",
        R"({"a":{"dtype":["F32"],"shape":[1],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":4,"shape":[1],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})",
        R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}})",
        R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":"x"}})",
        R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":{}}})",
        R"({"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
        R"({"__metadata__":"x"})",
        R"({"__metadata__":{"a":1}})",
        R"({"__metadata__":{"a":["x"]}})",
        R"({"__metadata__":{"a":"x","a":"y"}})",
        "{\"\xFF\":{}}"}) {
    EXPECT_EQ(ReadSafetensorsLayout(File(header, 4)).status().error(), "safetensors.header") << header;
  }
  EXPECT_EQ(ReadSafetensorsLayout(File("{" + std::string(1 << 20, '['), 4)).status().error(),
            "safetensors.header");
}

TEST(SafetensorsTest, NamesTheTensorThatDoesNotFitTheModel) {
  const Bytes file = Written(Small(), kSmallWeights);
  const auto message = [&](std::vector<TensorSpec> tensors) {
    const Status status = ReadSafetensors(file, MakeLayout(std::move(tensors)).value()).status();
    EXPECT_EQ(status.error(), "safetensors.tensors");
    return status.message();
  };
  const TensorSpec a{.name = "a", .shape = {3}};
  const TensorSpec b{.name = "b", .shape = {2, 2}};
  EXPECT_EQ(message({a, b, {.name = "c", .shape = {1}}}), "tensor c is missing in the file");
  EXPECT_EQ(message({a}), "the model has no tensor b");
  EXPECT_EQ(message({a, {.name = "b", .shape = {4}}}),
            "tensor b has the shape [2, 2] in the file, [4] in the model");
}

class SafetensorsFileTest : public ::testing::Test {
 protected:
  SafetensorsFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "accord-model-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~SafetensorsFileTest() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path directory_;
};

TEST_F(SafetensorsFileTest, WritesAndReadsAFile) {
  const std::filesystem::path path = directory_ / "new" / "model.safetensors";
  EXPECT_EQ(WriteSafetensors(path, Small(), kSmallWeights).value(), ModelHash(Small(), kSmallWeights));
  EXPECT_EQ(ReadFile(path).value(), Written(Small(), kSmallWeights));
  EXPECT_EQ(ReadSafetensors(path, Small()).value(), kSmallWeights);
}

TEST_F(SafetensorsFileTest, SaysWhichFileCannotBeRead) {
  const Status status = ReadSafetensors(directory_ / "nowhere", Small()).status();
  EXPECT_EQ(status.error(), "store.io");
  EXPECT_NE(status.message().find("nowhere"), std::string::npos);
}

// Another language and another author's reading of the format: layout, initial weights, file and digest at
// once.
TEST_F(SafetensorsFileTest, AgreesWithAnIndependentReader) {
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "no python3 on this machine";
  const ModelLayout layout =
      BuildLayout({.kind = "cnn", .input = {8, 8}, .classes = 3, .channels = {2, 3}}).value();
  std::vector<float> weights(layout.size);
  InitialWeights(layout, 1234567890123456789ULL, weights);
  const std::filesystem::path path = directory_ / "model.safetensors";
  std::ostringstream command;
  command << "python3 " << ACCORD_SOURCE_DIR << "/tests/unit/model/check_model.py " << path
          << " 1234567890123456789 " << WriteSafetensors(path, layout, weights).value().Hex()
          << std::hexfloat;
  for (const TensorSpec& tensor : layout.tensors) command << ' ' << tensor.name << '=' << tensor.init.bound;
  EXPECT_EQ(std::system(command.str().c_str()), 0) << command.str();
}

}  // namespace
}  // namespace accord::model
