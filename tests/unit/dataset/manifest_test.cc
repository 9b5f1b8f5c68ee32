#include "dataset/manifest.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "crypto/sha256.h"
#include "tests/support/temp_dir.h"

namespace accord::dataset {
namespace {

ManifestEntry Entry(const std::string& path, const std::string& content, std::uint8_t salt) {
  ManifestEntry entry{.path = path, .size = content.size(), .content = crypto::Sha256::Of(content)};
  entry.salt.fill(salt);
  return entry;
}

// Leaf, root and lines computed apart from this code, in Python, from the text of the format.
const std::vector<ManifestEntry> kEntries{Entry("a-b", "", 0), Entry("a/c", "hello", 1),
                                          Entry("ab", std::string(1'000, 'x'), 2)};
constexpr std::string_view kLeaf =
    "010101010101010101010101010101010003612f6300000000000000052cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa742"
    "5e"
    "73043362938b9824";
constexpr std::string_view kRoot = "893ac8936435b6d236b52f8b3eb29c497b06c081db135170da71af238bff0156";
constexpr std::string_view kFile = R"(accord-manifest v1
00000000000000000000000000000000 0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 a-b
01010101010101010101010101010101 5 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 a/c
02020202020202020202020202020202 1000 44f8354494a5ba03ba1792a8d3e9c534c47a9181980fde7a3f44b06ef2ae7c7f ab
)";

TEST(ManifestTest, HasTheLeavesAndTheRootOfTheFormat) {
  std::string hex;
  for (const std::uint8_t byte : LeafOf(kEntries[1])) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += {kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  EXPECT_EQ(hex, kLeaf);
  Committer committer;
  std::string file(kManifestHead);
  for (const ManifestEntry& entry : kEntries) {
    ASSERT_TRUE(committer.Add(entry).ok());
    file += FormatEntry(entry);
  }
  EXPECT_EQ(committer.commitment().root.Hex(), kRoot);
  EXPECT_EQ(committer.commitment().files, 3U);
  EXPECT_EQ(committer.commitment().bytes, 1'005U);
  EXPECT_EQ(file, kFile);
}

TEST(ManifestTest, EverySaltSizeNameAndByteMovesTheRoot) {
  const auto root = [](const ManifestEntry& entry) {
    Committer committer;
    EXPECT_TRUE(committer.Add(entry).ok());
    return committer.commitment().root;
  };
  const ManifestEntry base = kEntries[1];
  std::vector<ManifestEntry> others(4, base);
  others[0].salt[15] ^= 1;
  ++others[1].size;
  others[2].path = "a/d";
  others[3].content.bytes[0] ^= 1;
  for (const ManifestEntry& other : others) EXPECT_NE(root(other), root(base));
}

TEST(ManifestTest, AnyNameComesBackFromItsLine) {
  for (const std::string path :
       {"plain", "with space", "100%", "new\nline", "tab\t", "\x7F", "\xE1\x88\xB0\xE1\x88\x8B\xE1\x88\x9D",
        "latin-\xE9", "\xFF\xFE", "a/b/c", " leading", "...", "%41"}) {
    const ManifestEntry entry = Entry(path, "x", 7);
    const std::string line = FormatEntry(entry);
    EXPECT_EQ(std::ranges::count(line, '\n'), 1) << path;
    const auto parsed = ParseEntry(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ(*parsed, entry);
  }
}

TEST(ManifestTest, RefusesOtherLines) {
  const std::string line = FormatEntry(kEntries[1]);
  const std::string good = line.substr(0, line.size() - 1);
  ASSERT_TRUE(ParseEntry(good));
  const std::string head = good.substr(0, good.size() - 3);
  for (const std::string path :
       {"", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "%61", "%g0", "%0", "%", "a%00b"})
    EXPECT_FALSE(ParseEntry(head + path)) << path;
  EXPECT_FALSE(ParseEntry(head + "a\xFF")) << "a byte that was to be escaped";
  EXPECT_FALSE(ParseEntry(" " + good));
  EXPECT_FALSE(ParseEntry("0" + good));
  for (const std::string size : {"05", "-5", "+5", "", "18446744073709551616"}) {
    std::string other = good;
    other.replace(other.find(" 5 "), 3, " " + size + " ");
    EXPECT_FALSE(ParseEntry(other)) << other;
  }
  std::string upper = good;
  upper.replace(upper.find("2cf"), 3, "2CF");
  EXPECT_FALSE(ParseEntry(upper));
}

struct ManifestFileTest : ::testing::Test {
  accord::testing::TempDir dir;
  Result<Commitment> Read(const std::string& text) const {
    EXPECT_TRUE(WriteFileAtomic(dir / "manifest", AsBytes(text), FileMode::kPrivate).ok());
    return ReadCommitment(dir / "manifest");
  }
};

TEST_F(ManifestFileTest, IsReadAsItWasWritten) {
  const auto read = Read(std::string(kFile));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->root.Hex(), kRoot);
}

TEST_F(ManifestFileTest, IsRefusedInAnyOtherForm) {
  const std::string file(kFile);
  const std::size_t second = file.find("0101"), third = file.find("0202");
  const std::string swapped =
      file.substr(0, second) + file.substr(third) + file.substr(second, third - second);
  const std::string doubled = file.substr(0, third) + file.substr(second, third - second);
  for (const std::string& text :
       {std::string(), std::string("accord-manifest v2\n"), file.substr(0, file.size() - 1), swapped, doubled,
        file + "\n", file + std::string(1'000'000, 'a')})
    EXPECT_EQ(Read(text).status().error(), "dataset.manifest") << text.substr(0, 200);
  EXPECT_EQ(ReadCommitment(dir / "none").status().error(), "dataset.manifest");
}

TEST(ManifestTest, RefusesSizesThatNoCertificateCanHold) {
  Committer committer;
  ManifestEntry entry = kEntries[0];
  entry.size = (1ULL << 53) - 1;
  EXPECT_TRUE(committer.Add(entry).ok());
  entry.path = "b";
  entry.size = 1;
  EXPECT_EQ(committer.Add(entry).error(), "dataset.manifest");
}

}  // namespace
}  // namespace accord::dataset
