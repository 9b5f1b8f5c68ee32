#include "secagg/unmask.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/errors.h"
#include "secagg/field61.h"
#include "secagg/sum.h"

namespace accord::secagg {
namespace {

constexpr std::size_t kUploads = 7;

std::vector<std::uint64_t> SomeWords(std::size_t size, std::uint64_t seed) {
  std::vector<std::uint64_t> words(size);
  for (std::size_t i = 0; i < size; ++i) words[i] = (i + 1) * (seed * 2 + 1) * 0x9E37'79B9'7F4A'7C15;
  return words;
}

// Uploads whose sum is `plain`, once their masks are gone.
struct Masked {
  explicit Masked(std::size_t size) : plain(size) {
    for (std::uint8_t k = 0; k < 9; ++k) keys.push_back(Bytes(32, k));
    for (std::size_t k = 0; k < keys.size(); ++k) {
      undo.push_back({keys[k], k % 3 == 0 ? MaskSign::kAdd : MaskSign::kSubtract});
    }
    for (std::size_t u = 0; u < kUploads; ++u) {
      uploads.push_back(SomeWords(size, u));
      for (std::size_t w = 0; w < size; ++w) plain[w] += uploads[u][w];
    }
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const std::vector<SignedKey> masked = {{keys[k], Opposite(undo[k].sign)}};
      MaskSet(masked).Apply(0, uploads[k % kUploads]);
    }
  }
  [[nodiscard]] AddUpload Add() const {
    return [this](std::size_t upload, std::uint64_t first, std::span<std::uint64_t> words) {
      for (std::size_t w = 0; w < words.size(); ++w) words[w] += uploads[upload][first + w];
      return Status();
    };
  }

  std::vector<Bytes> keys;
  std::vector<SignedKey> undo;
  std::vector<std::vector<std::uint64_t>> uploads;
  std::vector<std::uint64_t> plain;
};

TEST(UnmaskSumTest, ThreadsAndTilesDoNotChangeTheSum) {
  for (const std::size_t size : {1, 5, 1023, 1024, 5000}) {
    const Masked masked(size);
    for (const unsigned threads : {1U, 2U, 3U, 8U}) {
      for (const std::size_t tile : {1, 7, 1024, 4096, 1 << 20}) {
        if (size / tile > 1024) continue;
        std::vector<std::uint64_t> words(size);
        ASSERT_TRUE(UnmaskSum({.uploads = kUploads,
                               .add = masked.Add(),
                               .masks = masked.undo,
                               .threads = threads,
                               .tile_words = tile},
                              words)
                        .ok());
        EXPECT_EQ(words, masked.plain) << size << " words, " << threads << " threads, tiles of " << tile;
      }
    }
  }
}

TEST(UnmaskSumTest, TakesWhatTheAccumulatorHoldsAlready) {
  const Masked masked(3000);
  std::vector<std::uint64_t> words(3000);
  for (const auto& upload : masked.uploads) {
    for (std::size_t w = 0; w < words.size(); ++w) words[w] += upload[w];
  }
  ASSERT_TRUE(UnmaskSum({.masks = masked.undo, .threads = 2, .tile_words = 512}, words).ok());
  EXPECT_EQ(words, masked.plain);
}

TEST(UnmaskSumTest, OneMaskTooFewLeavesAnotherSum) {
  const Masked masked(3000);
  std::vector<std::uint64_t> words(3000);
  const std::span<const SignedKey> too_few = std::span(masked.undo).first(masked.undo.size() - 1);
  ASSERT_TRUE(UnmaskSum({.uploads = kUploads, .add = masked.Add(), .masks = too_few}, words).ok());
  std::size_t equal = 0;
  for (std::size_t w = 0; w < words.size(); ++w) equal += words[w] == masked.plain[w] ? 1 : 0;
  EXPECT_EQ(equal, 0U);
}

TEST(UnmaskSumTest, AnUploadIsReadByOneThreadAtATimeAndEachWordOnce) {
  constexpr std::size_t kWords = 4000;
  std::vector<std::atomic<int>> readers(kUploads);
  std::vector<std::vector<int>> seen(kUploads, std::vector<int>(kWords));
  std::atomic<bool> met = false;
  const AddUpload add = [&](std::size_t upload, std::uint64_t first, std::span<std::uint64_t> words) {
    if (readers[upload].fetch_add(1) != 0) met = true;
    for (std::size_t w = 0; w < words.size(); ++w) ++seen[upload][first + w];
    readers[upload].fetch_sub(1);
    return Status();
  };
  std::vector<std::uint64_t> words(kWords);
  ASSERT_TRUE(UnmaskSum({.uploads = kUploads, .add = add, .threads = 4, .tile_words = 16}, words).ok());
  EXPECT_FALSE(met);
  for (const auto& upload : seen) EXPECT_EQ(upload, std::vector<int>(kWords, 1));
}

TEST(UnmaskSumTest, GivesTheFailureOfAReadAndStops) {
  const Masked masked(100'000);
  for (const unsigned threads : {1U, 3U}) {
    std::atomic<int> calls = 0;
    const AddUpload add = [&](std::size_t, std::uint64_t first, std::span<std::uint64_t>) {
      ++calls;
      return first >= 64 ? Fail(errors::kSecaggRange, "the disk is gone") : Status();
    };
    std::vector<std::uint64_t> words(100'000);
    const Status status = UnmaskSum(
        {.uploads = kUploads, .add = add, .masks = masked.undo, .threads = threads, .tile_words = 64}, words);
    EXPECT_EQ(status.error(), "secagg.range");
    EXPECT_LE(calls, static_cast<int>((threads + 1) * kUploads));
  }
}

TEST(UnmaskTagsTest, SumsTagsInTheFieldAndTakesTheirMasksAway) {
  const Bytes key_a(32, 1);
  const Bytes key_b(32, 2);
  const TagPair plain_a = {5, kFieldPrime - 1};
  const TagPair plain_b = {kFieldPrime - 3, 7};
  const std::vector<SignedKey> masks_a = {{key_a, MaskSign::kAdd}};
  const std::vector<SignedKey> masks_b = {{key_b, MaskSign::kSubtract}};
  const TagPair a = MaskTags(plain_a, masks_a);
  const TagPair b = MaskTags(plain_b, masks_b);
  U3 u3;
  u3.nodes = {{.tags = {a[0], a[1]}}, {.tags = {b[0], b[1]}}};
  const std::vector<SignedKey> undo = {{key_a, MaskSign::kSubtract}, {key_b, MaskSign::kAdd}};
  EXPECT_EQ(UnmaskTags(u3, undo), (std::vector<std::uint64_t>{2, 6}));
}

TEST(UnmaskTagsTest, WithoutTheMacThereIsNoTau) {
  U3 u3;
  u3.nodes = {{}, {}};
  EXPECT_TRUE(UnmaskTags(u3, {}).empty());
}

}  // namespace
}  // namespace accord::secagg
