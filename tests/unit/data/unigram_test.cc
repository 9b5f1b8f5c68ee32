// The lattice against all ways to cut short texts, and what is built on it: counts over a corpus, and
// pruning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "data/byte_windows.h"
#include "data/prune_unigram.h"
#include "data/segment.h"
#include "data/unigram_counter.h"
#include "data/unigram_lattice.h"
#include "tests/support/unigram_seed.h"
#include "tests/unit/data/files.h"

namespace accord::data {
namespace {

using accord::testing::PartsOf;
using accord::testing::SeedOptions;
using accord::testing::UnigramSeed;

constexpr const char* kText =
    "die kuh lief um den teich und sah die ente die ente lief um die kuh \xC3\xBC"
    "ber die br\xC3\xBC"
    "cke";

SentencePieceModel ModelOf(const Bytes& file) {
  auto model = ParseSentencePieceModel(file);
  EXPECT_TRUE(model.ok()) << model.status().message();
  return *std::move(model);
}

std::vector<float> RandomFrequencies(std::size_t count, std::mt19937_64& random) {
  std::vector<float> frequencies(count);
  for (float& f : frequencies) f = static_cast<float>(random() % 1000 + 1) / 7000.0F;
  return frequencies;
}

struct Way {
  double log = 0.0;
  std::vector<std::int32_t> ids;
};

// Every way to cut `text`, by recursion over single pieces.
std::vector<Way> AllWays(const SentencePieceModel& model, const UnigramLattice& lattice,
                         const std::string& text) {
  if (text.empty()) return {{}};
  std::vector<Way> ways;
  const std::size_t character = Utf8Size(text);
  bool known = false;
  const auto add = [&](std::size_t size, std::int32_t id, double log) {
    for (Way rest : AllWays(model, lattice, text.substr(size))) {
      rest.ids.insert(rest.ids.begin(), id);
      ways.push_back({log + rest.log, rest.ids});
    }
  };
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const model::Piece& piece = model.pieces[id];
    if (piece.type != model::PieceType::kNormal || !text.starts_with(piece.text)) continue;
    known = known || piece.text.size() == character;
    add(piece.text.size(), static_cast<std::int32_t>(id),
        lattice.LogProbability(static_cast<std::int32_t>(id)));
  }
  if (!known)
    add(character, model.unknown,
        lattice.LogProbability(model.unknown) - static_cast<double>(character) * std::log(256.0));
  return ways;
}

TEST(UnigramLatticeTest, CountsAsAllWaysTogetherDo) {
  const SentencePieceModel model =
      ModelOf(UnigramSeed({"a", "b", "ab", "ba", "aba", "\xC3\xA9", "a\xC3\xA9", "bb"}));
  const std::vector<std::string> letters = {"a", "b", "\xC3\xA9", "x"};  // x is unknown
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) {
    UnigramLattice lattice(model);
    lattice.SetFrequencies(RandomFrequencies(model.pieces.size(), random));
    std::string text;
    for (std::size_t n = random() % 8 + 1; n > 0; --n) text += letters[random() % letters.size()];
    double all = 0.0;
    const std::vector<Way> ways = AllWays(model, lattice, text);
    for (const Way& way : ways) all += std::exp(way.log);
    std::vector<double> wanted(model.pieces.size()), got(model.pieces.size());
    for (const Way& way : ways) {
      for (const std::int32_t id : way.ids)
        wanted[static_cast<std::size_t>(id)] += 2.5 * std::exp(way.log) / all;
    }
    ASSERT_NEAR(lattice.Count(text, 2.5, got), std::log(all), 1e-9) << text;
    for (std::size_t id = 0; id < got.size(); ++id)
      ASSERT_NEAR(got[id], wanted[id], 1e-9) << text << " " << id;

    const Way* best = nullptr;
    for (const Way& way : ways) {
      const bool other = way.ids.size() > 1 && std::ranges::count(way.ids, model.unknown) == 0;
      if (other && (best == nullptr || way.log > best->log)) best = &way;
    }
    const auto other = lattice.BestOther(text);
    ASSERT_EQ(other.has_value(), best != nullptr) << text;
    if (other) {
      double log = 0.0;
      for (const std::int32_t id : *other) log += lattice.LogProbability(id);
      ASSERT_NEAR(log, best->log, 1e-9) << text;
    }
  }
}

TEST(UnigramLatticeTest, ScaleChangesNothingAndNoFrequencyIsBelowTheLeast) {
  const SentencePieceModel model = ModelOf(UnigramSeed({"a", "b", "ab"}));
  UnigramLattice lattice(model);
  EXPECT_NEAR(lattice.LogProbability(3), -std::log(4.0), 1e-9);  // <unk> and three
  lattice.SetFrequencies(std::vector<float>{0, 9, 9, 2, 1, 1});  // <s> and </s> do not count
  EXPECT_NEAR(lattice.LogProbability(3), std::log(0.5), 1e-7);
  lattice.SetFrequencies(std::vector<float>{0, 0, 0, 0.002F, 0.001F, 0.001F});
  EXPECT_NEAR(lattice.LogProbability(3), std::log(0.5), 1e-7);
  lattice.SetFrequencies(std::vector<float>{0, 0, 0, 1, -0.5F, 0});
  EXPECT_EQ(lattice.LogProbability(4), std::log(kLeastProbability));
  EXPECT_EQ(lattice.LogProbability(0), std::log(kLeastProbability));
  EXPECT_NEAR(lattice.LogProbability(3), 0.0, 1e-9);
  lattice.SetFrequencies(std::vector<float>(6, 0.0F));
  EXPECT_EQ(lattice.LogProbability(3), lattice.LogProbability(5));
}

TEST(UnigramLatticeTest, StaysExactOverALongTextWithoutSpaces) {
  const SentencePieceModel model = ModelOf(UnigramSeed({"a", "b", "c", "ab", "bc", "abc", "ca"}));
  UnigramLattice lattice(model);
  std::mt19937_64 random(5);
  lattice.SetFrequencies(RandomFrequencies(model.pieces.size(), random));
  std::string text;
  while (text.size() < 200'000) text += static_cast<char>('a' + random() % 3);
  std::vector<double> expected(model.pieces.size());
  const double log = lattice.Count(text, 1.0, expected);
  ASSERT_TRUE(std::isfinite(log));
  EXPECT_LT(log, -100'000.0) << "far below the least double";
  double characters = 0.0;
  for (std::size_t id = 3; id < expected.size(); ++id)
    characters += expected[id] * static_cast<double>(model.pieces[id].text.size());
  EXPECT_NEAR(characters / static_cast<double>(text.size()), 1.0, 1e-6);
  // The ways that cut it in the middle are some of all, and nearly all.
  const std::size_t half = text.size() / 2;
  std::vector<double> none(model.pieces.size());
  const double parts =
      lattice.Count(text.substr(0, half), 1.0, none) + lattice.Count(text.substr(half), 1.0, none);
  EXPECT_LE(parts, log + 1e-3);
  EXPECT_NEAR(parts, log, 5.0);
}

TEST(UnigramCounterTest, EmRaisesTheLikelihoodAndWordsAreCutOnTheirOwn) {
  const Bytes file = UnigramSeed(PartsOf(kText, 4));
  UnigramCounter counter(ModelOf(file), {});
  std::vector<float> frequencies(ModelOf(file).pieces.size(), 1.0F);
  double before = -1e9;
  for (int i = 0; i < 8; ++i) {
    counter.Begin(frequencies);
    counter.Add(kText, {});
    const UnigramCounter::Counts& counts = counter.Total();
    EXPECT_GE(counts.log_likelihood, before);
    before = counts.log_likelihood;
    // The whole text in one lattice comes to the same: no piece goes over a space.
    const SentencePieceModel model = ModelOf(file);
    UnigramLattice whole(model);
    whole.SetFrequencies(frequencies);
    std::string normal = "\xE2\x96\x81";
    for (const char c : std::string(kText)) normal += c == ' ' ? "\xE2\x96\x81" : std::string(1, c);
    std::vector<double> expected(model.pieces.size());
    EXPECT_NEAR(whole.Count(normal, 1.0, expected), counts.log_likelihood, 1e-6);
    for (std::size_t id = 0; id < expected.size(); ++id) ASSERT_NEAR(expected[id], counts.expected[id], 1e-9);
    for (std::size_t id = 0; id < expected.size(); ++id) frequencies[id] = static_cast<float>(expected[id]);
  }
}

TEST(UnigramCounterTest, PiecesThatGoOverSpacesAreCounted) {
  const SentencePieceModel model = ModelOf(UnigramSeed({"a", "\xE2\x96\x81",
                                                        "\xE2\x96\x81"
                                                        "a",
                                                        "a\xE2\x96\x81"
                                                        "a"}));
  EXPECT_FALSE(PiecesStayWithinWords(model));
  UnigramCounter counter(ModelOf(UnigramSeed({"a", "\xE2\x96\x81",
                                              "\xE2\x96\x81"
                                              "a",
                                              "a\xE2\x96\x81"
                                              "a"})),
                         {});
  counter.Begin(std::vector<float>(model.pieces.size(), 1.0F));
  counter.Add("a a", {});
  EXPECT_GT(counter.Total().expected.back(), 0.0);
}

TEST(UnigramCounterTest, WhatIsNoPieceIsCountedAsUnknown) {
  UnigramCounter counter(ModelOf(UnigramSeed({"a", "\xE2\x96\x81"})), {});
  counter.Begin(std::vector<float>(5, 1.0F));
  counter.Add("a\nz", {});
  EXPECT_NEAR(counter.Total().expected[0], 2.0, 1e-9);  // the end of the line and z
  EXPECT_NEAR(counter.Total().pieces, 4.0, 1e-9);
  EXPECT_NEAR(counter.Total().log_likelihood, 4 * std::log(1.0 / 3) - 2 * std::log(256.0), 1e-9);
}

class OpenUnigramCounterTest : public FilesTest {};

TEST_F(OpenUnigramCounterTest, RefusesOtherVocabulariesByName) {
  const Bytes file = UnigramSeed({"a", "b"});
  const auto error = [&](const std::string& name, const std::filesystem::path& path, std::uint64_t size) {
    return OpenUnigramCounter(name, path, size).status().error();
  };
  const std::string name = "sha256:" + crypto::Sha256::Of(file).Hex();
  const std::filesystem::path path = Write("seed.model", file);
  EXPECT_TRUE(OpenUnigramCounter(name, path, 5).ok());
  EXPECT_EQ(error(name, path, 6), errors::kDataTokenizer.id);
  EXPECT_EQ(error(name, {}, 5), errors::kDataTokenizer.id);
  EXPECT_EQ(error("byte", path, 5), errors::kDataTokenizer.id);
  EXPECT_EQ(error("sha256:" + Digest{}.Hex(), path, 5), errors::kDataTokenizer.id);
  WireWriter trainer, out;
  out.Copy(file).Text(2, std::move(trainer.Number(3, 2)).Take());  // of byte pairs: the later field counts
  const Bytes pairs = std::move(out).Take();
  EXPECT_EQ(error("sha256:" + crypto::Sha256::Of(pairs).Hex(), Write("pairs.model", pairs), 5),
            errors::kDataTokenizer.id);
}

class ByteWindowsTest : public FilesTest {
 protected:
  TextDataset Load(const std::string& text) const {
    auto set = LoadText({.id = "t", .format = "text", .path = Write("t.txt", text), .holdout = 0},
                        {.tokenizer = "byte", .context = 0}, kByteVocabulary, Path("cache"));
    EXPECT_TRUE(set.ok()) << set.status().message();
    return *std::move(set);
  }
};

TEST_F(ByteWindowsTest, EveryByteIsInOneWindowAndDocumentsBeginAndEndOnce) {
  std::mt19937_64 random(9);
  const std::vector<std::string> letters = {"a",  "bc", "\xC3\xA9", "\xE6\x97\xA5", "\xF0\x9F\x98\x80",
                                            "\n", " ",  " "};
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> documents;
    std::string text;
    for (int d = 0; d < 6; ++d) {
      std::string document = "x" + std::to_string(d);
      for (std::size_t n = random() % 60; n > 0; --n) document += letters[random() % letters.size()];
      document += "x";
      text += (d > 0 ? "\f" : "") + document;
      documents.push_back(document);
    }
    const TextDataset set = Load(text);
    for (const std::uint64_t context : {1, 2, 3, 4, 7, 16, 64, 1000}) {
      const ByteWindows windows(*set.train, context);
      std::vector<std::string> found;
      bool open = false;
      for (std::uint64_t i = 0; i < windows.size(); ++i) {
        ASSERT_TRUE(windows
                        .ForEachText(i,
                                     [&](std::string_view part, Place place) {
                                       ASSERT_EQ(place.first, !open) << context;
                                       if (place.first) found.emplace_back();
                                       found.back() += part;
                                       ASSERT_EQ(Utf8Prefix(part), part.size()) << context;
                                       open = !place.last;
                                     })
                        .ok());
      }
      EXPECT_FALSE(open);
      ASSERT_EQ(found, documents) << context;
    }
  }
}

TEST_F(ByteWindowsTest, WordsAreWhole) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += (i > 0 ? " word" : "word") + std::to_string(i * 7919);
  const TextDataset set = Load(text);
  for (std::uint64_t context = 13; context < 90; ++context) {  // no word is longer
    const ByteWindows windows(*set.train, context);
    std::size_t words = 0;
    for (std::uint64_t i = 0; i < windows.size(); ++i) {
      const auto look = [&](std::string_view part, Place place) {
        ASSERT_TRUE(place.first || part.starts_with(" w")) << context;
        words += static_cast<std::size_t>(std::ranges::count(part, 'w'));
      };
      ASSERT_TRUE(windows.ForEachText(i, look).ok());
    }
    ASSERT_EQ(words, 500U);
  }
}

TEST(PruneUnigramTest, KeepsWhatALikelihoodNeeds) {
  const Bytes file = UnigramSeed({"a", "b", "c", "ab", "bc", "abc", "ca"}, {.byte_fallback = true});
  const SentencePieceModel seed = ModelOf(file);
  std::vector<float> frequencies(seed.pieces.size(), 0.0F);
  const auto id = [&](std::string_view text) {
    return static_cast<std::size_t>(std::ranges::find(seed.pieces, text, &model::Piece::text) -
                                    seed.pieces.begin());
  };
  for (const auto& [text, f] : std::vector<std::pair<const char*, float>>{
           {"a", .2F}, {"b", .2F}, {"c", .2F}, {"ab", .2F}, {"bc", .01F}, {"abc", .15F}, {"ca", .04F}})
    frequencies[id(text)] = f;
  const auto texts = [&](std::uint64_t count) {
    const std::vector<model::Piece> pruned = PruneUnigram(seed, frequencies, count).value();
    std::vector<std::string> kept;
    for (const model::Piece& piece : pruned) {
      if (piece.type == model::PieceType::kNormal) kept.push_back(piece.text);
    }
    return kept;
  };
  EXPECT_THAT(texts(0), ::testing::UnorderedElementsAre("a", "b", "c", "ab", "bc", "abc", "ca"));
  // "bc", less frequent than "b" then "c", loses the least; then "ca", which is as frequent as "c" then "a".
  EXPECT_THAT(texts(259 + 6), ::testing::UnorderedElementsAre("a", "b", "c", "ab", "abc", "ca"));
  EXPECT_THAT(texts(259 + 5), ::testing::UnorderedElementsAre("a", "b", "c", "ab", "abc"));
  EXPECT_THAT(texts(259 + 3), ::testing::UnorderedElementsAre("a", "b", "c"));
  for (const std::uint64_t bad : {1UL, 259UL + 2, 259UL + 8, UINT64_MAX})
    EXPECT_EQ(PruneUnigram(seed, frequencies, bad).status().error(), errors::kDataTokenizer.id) << bad;
  EXPECT_EQ(PruneUnigram(seed, std::vector<float>(3), 0).status().error(), errors::kDataTokenizer.id);

  const std::vector<model::Piece> pieces = PruneUnigram(seed, frequencies, 259 + 5).value();
  double sum = 0.0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i < 259) {
      EXPECT_EQ(pieces[i].text, seed.pieces[i].text);
    } else {
      sum += std::exp(pieces[i].score);
      EXPECT_LE(pieces[i].score, i == 259 ? 0.0F : pieces[i - 1].score);
    }
  }
  EXPECT_NEAR(sum, 1.0, 1e-6);
}

TEST(PruneUnigramTest, TheFileHasThePiecesAndTheRestOfTheSeed) {
  const Bytes file = UnigramSeed(PartsOf(kText, 3), {.byte_fallback = true, .add_dummy_prefix = false});
  const SentencePieceModel seed = ModelOf(file);
  std::mt19937_64 random(4);
  const auto pieces =
      PruneUnigram(seed, RandomFrequencies(seed.pieces.size(), random), seed.pieces.size() - 20);
  ASSERT_TRUE(pieces.ok());
  const Bytes written = WithPieces(file, *pieces).value();
  const SentencePieceModel back = ModelOf(written);
  ASSERT_EQ(back.pieces.size(), seed.pieces.size() - 20);
  for (std::size_t i = 0; i < back.pieces.size(); ++i) {
    EXPECT_EQ(back.pieces[i].text, (*pieces)[i].text);
    EXPECT_EQ(back.pieces[i].score, (*pieces)[i].score);
    EXPECT_EQ(back.pieces[i].type, (*pieces)[i].type);
  }
  EXPECT_TRUE(back.byte_fallback);
  EXPECT_FALSE(back.add_dummy_prefix);
  EXPECT_EQ(back.bos, seed.bos);
  EXPECT_EQ(back.unknown, seed.unknown);
  // A vocabulary that was made is a seed as good as any.
  EXPECT_EQ(WithPieces(written, *pieces).value(), written);
  EXPECT_EQ(WithPieces(AsBytes("no model"), *pieces).status().error(), errors::kDataTokenizer.id);
}

}  // namespace
}  // namespace accord::data
