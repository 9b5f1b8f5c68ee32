#include "crypto/zeroizing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "crypto/random.h"

namespace accord::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<ZeroizingBytes> && !std::is_copy_assignable_v<ZeroizingBytes>);

template <class T>
concept Printed = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printed<ZeroizingBytes>);

TEST(ZeroizingBytesTest, MovingLeavesNothingBehind) {
  ZeroizingBytes a = ZeroizingBytes::CopyOf(AsBytes("secret"));
  ZeroizingBytes b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(AsText(b.view()), "secret");
  ZeroizingBytes c = ZeroizingBytes::CopyOf(AsBytes("other"));
  c = std::move(b);
  EXPECT_EQ(AsText(c.view()), "secret");
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(ZeroizingBytesTest, ComparesBySizeAndContent) {
  const ZeroizingBytes a = ZeroizingBytes::CopyOf(AsBytes("secret"));
  EXPECT_EQ(a, a.Clone());
  EXPECT_FALSE(a == ZeroizingBytes::CopyOf(AsBytes("secreu")));
  EXPECT_FALSE(a == ZeroizingBytes::CopyOf(AsBytes("secre")));
  EXPECT_EQ(ZeroizingBytes(), ZeroizingBytes(0));
}

TEST(ZeroizingBytesTest, CleanseOverwritesEveryByte) {
  Bytes bytes(1000, 0xA5);
  Cleanse(bytes);
  EXPECT_TRUE(std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; }));
}

TEST(RandomTest, SecretsAreOfTheSizeAskedForAndDiffer) {
  const ZeroizingBytes a = RandomSecret(32);
  EXPECT_EQ(a.size(), 32U);
  EXPECT_FALSE(a == RandomSecret(32));
}

}  // namespace
}  // namespace accord::crypto
