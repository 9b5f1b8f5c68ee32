#include "data/idx.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "tests/unit/data/files.h"

namespace accord::data {
namespace {

Result<IdxArray> Parse(const Bytes& bytes) {
  MemoryInput input("t.idx", bytes);
  return ReadIdx(input);
}

TEST(IdxTest, ReadsAnyRank) {
  for (const std::vector<std::uint32_t>& shape :
       {std::vector<std::uint32_t>{6}, {2, 3}, {2, 3, 1}, {1, 1, 2, 3}, {6, 1, 1, 1, 1}}) {
    const Result<IdxArray> array = Parse(IdxBytes(0x08, shape, Counting(6)));
    ASSERT_TRUE(array.ok()) << Describe(array.status());
    EXPECT_EQ(array->shape, std::vector<std::uint64_t>(shape.begin(), shape.end()));
    EXPECT_EQ(array->bytes, Counting(6));
  }
}

TEST(IdxTest, ReadsEachElementType) {
  const auto floats = [](std::uint8_t type, const Bytes& bytes, std::uint32_t n) {
    return IdxFloats(Parse(IdxBytes(type, {n}, bytes)).value(), "t").value();
  };
  EXPECT_EQ(floats(0x08, {0, 255}, 2), (std::vector<float>{0, 255}));
  EXPECT_EQ(floats(0x09, {1, 255}, 2), (std::vector<float>{1, -1}));
  EXPECT_EQ(floats(0x0B, {1, 2, 0xFF, 0xFE}, 2), (std::vector<float>{258, -2}));
  EXPECT_EQ(floats(0x0C, {0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}, 2), (std::vector<float>{65536, -1}));
  EXPECT_EQ(floats(0x0D, {0x3F, 0xC0, 0, 0}, 1), (std::vector<float>{1.5F}));
  EXPECT_EQ(floats(0x0E, {0xC0, 0x04, 0, 0, 0, 0, 0, 0}, 1), (std::vector<float>{-2.5F}));
}

TEST(IdxTest, ReadsArraysLargerThanOnePiece) {
  const Bytes elements = Counting((3U << 20) + 17);
  const auto n = static_cast<std::uint32_t>(elements.size());
  EXPECT_EQ(Parse(IdxBytes(0x08, {n}, elements))->bytes, elements);
}

struct BadIdx {
  std::string name;
  Bytes bytes;
  const ErrorInfo& error;
};
void PrintTo(const BadIdx& bad, std::ostream* out) { *out << bad.name; }

class IdxErrorTest : public ::testing::TestWithParam<BadIdx> {};

TEST_P(IdxErrorTest, IsRefusedByName) {
  const Result<IdxArray> array = Parse(GetParam().bytes);
  ASSERT_FALSE(array.ok());
  EXPECT_EQ(array.status().error(), GetParam().error.id);
  EXPECT_NE(array.status().message().find("t.idx"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    All, IdxErrorTest,
    ::testing::Values(BadIdx{"NoBytes", {}, errors::kDataEmpty},
                      BadIdx{"CutMagic", {0, 0, 8}, errors::kDataTruncated},
                      BadIdx{"Png", {0x89, 'P', 'N', 'G', 0, 0}, errors::kDataMagic},
                      BadIdx{"UnknownType", {0, 0, 0x0A, 1, 0, 0, 0, 1, 0}, errors::kDataMagic},
                      BadIdx{"RankZero", {0, 0, 8, 0, 1}, errors::kDataMagic},
                      BadIdx{"CutShape", {0, 0, 8, 2, 0, 0, 0, 1, 0}, errors::kDataTruncated},
                      BadIdx{"NoItems", IdxBytes(8, {0, 28, 28}, {}), errors::kDataEmpty},
                      BadIdx{"CutElements", IdxBytes(8, {2, 3}, Counting(5)), errors::kDataTruncated},
                      BadIdx{"MoreElements", IdxBytes(8, {2, 3}, Counting(7)), errors::kDataTrailing},
                      BadIdx{"HugeClaim", IdxBytes(8, {0xFFFFFFFF, 0xFFFF}, Counting(7)),
                             errors::kDataTruncated},
                      BadIdx{"OverflowingClaim", IdxBytes(0x0E, {1U << 31, 1U << 31, 4}, Counting(7)),
                             errors::kDataTruncated}),
    [](const auto& test) { return test.param.name; });

TEST(IdxTest, NamesTheFirstLabelOutOfRangeByItsIndex) {
  const IdxArray array = Parse(IdxBytes(8, {4}, {0, 9, 10, 11})).value();
  EXPECT_EQ(IdxLabels(array, 12, "t").value(), (std::vector<std::int64_t>{0, 9, 10, 11}));
  const Status status = IdxLabels(array, 10, "t").status();
  EXPECT_EQ(status.error(), "data.label");
  EXPECT_NE(status.message().find("example 2 "), std::string::npos) << status.message();
}

TEST(IdxTest, RefusesNegativeLabels) {
  EXPECT_EQ(IdxLabels(Parse(IdxBytes(9, {1}, {0xFF})).value(), 10, "t").status().error(), "data.label");
}

TEST(IdxTest, RefusesImagesAsLabels) {
  EXPECT_EQ(IdxLabels(Parse(IdxBytes(8, {1, 2}, {0, 1})).value(), 10, "t").status().error(), "data.magic");
  EXPECT_EQ(IdxLabels(Parse(IdxBytes(0x0D, {1}, {0, 0, 0, 0})).value(), 10, "t").status().error(),
            "data.magic");
}

TEST(IdxTest, RefusesElementsThatAreNotFinite) {
  const IdxArray array = Parse(IdxBytes(0x0D, {2, 1}, {0, 0, 0, 0, 0x7F, 0xC0, 0, 0})).value();
  const Status status = IdxFloats(array, "t").status();
  EXPECT_EQ(status.error(), "data.number");
  EXPECT_NE(status.message().find("example 1 "), std::string::npos) << status.message();
}

}  // namespace
}  // namespace accord::data
