// The directory as it was certified, and each way in which it may not be (governance.md 4, test 21).
#include "dataset/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <random>
#include <set>

#include "tests/support/temp_dir.h"
#include "tests/unit/dataset/examples.h"

namespace accord::dataset {
namespace {

using Kind = Difference::Kind;

struct VerifyTest : ::testing::Test {
  accord::testing::TempDir dir;
  const std::filesystem::path root = dir / "set", manifest = dir / "manifest.txt";
  std::mt19937_64 random{7};
  Certificate certificate = ExampleCertificate();

  VerifyTest() {
    for (int i = 0; i < 50; ++i)
      Put("part-" + std::to_string(i % 5) + "/" + std::to_string(i) + ".txt", "text " + std::to_string(i));
    Certify();
  }
  void Put(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path, std::ios::binary) << content;
  }
  void Certify() {
    const auto written = WriteManifest(root, manifest,
                                       [this] {
                                         Salt salt;
                                         for (std::uint8_t& byte : salt)
                                           byte = static_cast<std::uint8_t>(random());
                                         return salt;
                                       },
                                       {});
    ASSERT_TRUE(written.ok()) << written.status().message();
    certificate.root = written->root;
    certificate.files = written->files;
    certificate.bytes = written->bytes;
  }
  Result<Verification> Verify(std::optional<std::uint64_t> sample = {}) {
    std::optional<Sample> some;
    if (sample) some = Sample{*sample, [this](std::uint64_t bound) { return random() % bound; }};
    return VerifyDataset(certificate, manifest, root, some, {});
  }
  void ExpectDifferences(const std::vector<Difference>& expected) {
    const auto found = Verify();
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_EQ(found->named, expected);
    EXPECT_EQ(found->differences, expected.size());
    EXPECT_EQ(Demand(*found).error(), expected.empty() ? "" : "dataset.changed");
  }
};

TEST_F(VerifyTest, WhatWasCertifiedIsVerified) {
  ExpectDifferences({});
  const auto found = Verify();
  EXPECT_EQ(found->files, 50U);
  EXPECT_EQ(found->read, 50U);
  EXPECT_EQ(found->bytes, certificate.bytes);
  const auto perms = std::filesystem::status(manifest).permissions();
  EXPECT_EQ(perms & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
}

TEST_F(VerifyTest, NamesEveryDifferenceByPath) {
  Put("part-0/5.txt", "text 6");  // one byte of content
  Put("part-1/11.txt", "longer than it was");
  std::filesystem::remove(root / "part-2/7.txt");
  Put("part-3/new.txt", "");
  Put("zzz", "");
  ExpectDifferences({{Kind::kContent, "part-0/5.txt"},
                     {Kind::kSize, "part-1/11.txt"},
                     {Kind::kMissing, "part-2/7.txt"},
                     {Kind::kAdded, "part-3/new.txt"},
                     {Kind::kAdded, "zzz"}});
}

TEST_F(VerifyTest, SeesFilesThatChangedPlaces) {
  std::filesystem::rename(root / "part-0", root / "part-9");
  const auto found = Verify();
  EXPECT_EQ(found->differences, 20U);
  EXPECT_EQ(found->named.front(), (Difference{Kind::kMissing, "part-0/0.txt"}));
}

TEST_F(VerifyTest, NamesNoMoreThanAPersonReads) {
  for (int i = 0; i < 200; ++i) Put("more/" + std::to_string(i), "");
  const auto found = Verify();
  EXPECT_EQ(found->differences, 200U);
  EXPECT_EQ(found->named.size(), kMaxNamedDifferences);
}

TEST_F(VerifyTest, ASampleReadsSoManyFilesAndAllNamesAndSizes) {
  auto found = Verify(10);
  EXPECT_EQ(found->read, 10U);
  EXPECT_EQ(found->differences, 0U);
  EXPECT_EQ(Verify(0)->read, 0U);
  EXPECT_EQ(Verify(1'000)->read, 50U);
  Put("part-0/5.txt", "a longer text");
  EXPECT_EQ(Verify(0)->named, (std::vector<Difference>{{Kind::kSize, "part-0/5.txt"}}));
  Put("part-0/5.txt", "text 6");
  int seen = 0;
  for (int i = 0; i < 200; ++i) seen += Verify(10)->differences != 0 ? 1 : 0;
  EXPECT_GT(seen, 10) << "expected 40: 10 of 50 files are read";
  EXPECT_LT(seen, 90);
}

TEST_F(VerifyTest, RefusesAnotherManifest) {
  ++certificate.bytes;
  EXPECT_EQ(Verify().status().error(), "dataset.manifest");
  --certificate.bytes;
  std::fstream file(manifest, std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(kManifestHead.size()));
  file.put(file.peek() == '0' ? '1' : '0');  // of a salt
  file.close();
  EXPECT_EQ(Verify().status().error(), "dataset.manifest");
}

TEST_F(VerifyTest, RefusesWhatNoDirectoryOfDataHas) {
  std::filesystem::create_symlink("0.txt", root / "part-0/link");
  EXPECT_EQ(Verify().status().error(), "walk.refused");
  EXPECT_EQ(WriteManifest(root, dir / "m", [] { return Salt{}; }, {}).status().error(), "walk.refused");
  EXPECT_FALSE(std::filesystem::exists(dir / "m"));
  std::filesystem::create_directory(dir / "empty");
  EXPECT_EQ(WriteManifest(dir / "empty", dir / "m", [] { return Salt{}; }, {}).status().error(),
            "dataset.empty");
}

TEST_F(VerifyTest, TheSameFilesHaveAnotherRootUnderOtherSalts) {
  const Digest before = certificate.root;
  Certify();
  EXPECT_NE(certificate.root, before);
}

TEST(DrawTest, DrawsDifferentNumbersEachAsOften) {
  std::mt19937_64 random{1};
  const Sample sample{3, [&](std::uint64_t bound) { return random() % bound; }};
  std::vector<int> counts(10, 0);
  for (int i = 0; i < 10'000; ++i) {
    const std::vector<std::uint64_t> drawn = Draw(sample, 10);
    ASSERT_EQ(std::set(drawn.begin(), drawn.end()).size(), 3U);
    ASSERT_TRUE(std::ranges::is_sorted(drawn));
    for (const std::uint64_t one : drawn) ++counts[one];
  }
  for (const int count : counts) EXPECT_NEAR(count, 3'000, 300);
  EXPECT_EQ(Draw(sample, 2), (std::vector<std::uint64_t>{0, 1}));
}

}  // namespace
}  // namespace accord::dataset
