// Holds the tokenizer to the library of the SentencePiece project: models of every kind that is known here
// are trained on the spot, and both cut the same texts.
#include "data/sentencepiece.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/errors.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "data/prune_unigram.h"
#include "data/text.h"
#include "data/unigram_lattice.h"
#include "tests/unit/data/files.h"

namespace accord::data {
namespace {

const std::vector<std::string> kWords = {"die",
                                         "Sprache",
                                         "Spiel",
                                         "\xC3\xBC"
                                         "ber",
                                         "gr\xC3\xB6\xC3\x9F"
                                         "er",
                                         "1234",
                                         "2026",
                                         "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
                                         "\xD1\x8F\xD0\xB7\xD1\x8B\xD0\xBA",
                                         "lingua",
                                         "linguas",
                                         "l\xC3\xADngua",
                                         "the",
                                         "tokens",
                                         "token",
                                         "a",
                                         "b",
                                         "Verzeichnisdienst"};
// What normalisation and segmentation have to be careful with.
const std::vector<std::string> kOdd = {"\n",
                                       "\t",
                                       "  ",
                                       "   ",
                                       "\xEF\xAC\x81",
                                       "\xEF\xBC\xA1\xEF\xBC\xA2",
                                       "e\xCC\x81",
                                       "\xE2\x96\x81",
                                       "\xE3\x80\x80",
                                       "\xF0\x9F\x98\x80",
                                       "\xE2\x84\xA2",
                                       "\xC2\xA0",
                                       "<s>",
                                       "<0x0A>",
                                       "<sep>",
                                       "[USER]",
                                       "\xC4\xA6\xC4\xA6",
                                       "!"};

std::string RandomText(std::mt19937_64& random, std::size_t parts, bool odd) {
  std::string text;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::vector<std::string>& from = odd && random() % 4 == 0 ? kOdd : kWords;
    text += from[random() % from.size()];
    if (random() % 5 != 0) text += ' ';
  }
  return text;
}

class Lines final : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  bool done() const override { return at_ == lines_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return lines_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

std::string Train(const std::string& options) {
  std::mt19937_64 random(7);
  std::vector<std::string> lines;
  for (int i = 0; i < 400; ++i) lines.push_back(RandomText(random, 12, i % 4 == 0));
  std::erase_if(lines, [](const std::string& line) { return line.find('\n') != std::string::npos; });
  Lines iterator(std::move(lines));
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(
      "--minloglevel=2 --num_threads=1 --hard_vocab_limit=false " + options, &iterator, &model);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return model;
}

class SentencePieceTest : public testing::TestWithParam<const char*> {
 protected:
  SentencePieceTest() : model_(Train(GetParam())) {
    EXPECT_TRUE(library_.LoadFromSerializedProto(model_).ok());
    auto made = MakeSentencePieceTokenizer(AsBytes(model_));
    EXPECT_TRUE(made.ok()) << made.status().message();
    tokenizer_ = std::move(made).value();
  }

  std::vector<std::int32_t> Encode(std::string_view text) const {
    std::vector<std::int32_t> tokens;
    EXPECT_TRUE(tokenizer_->Encode(text, {}, tokens).ok());
    return tokens;
  }
  std::string Decode(const std::vector<std::int32_t>& tokens) const {
    StreamDecoder decoder(*tokenizer_);
    std::string text;
    for (const std::int32_t token : tokens) text += decoder.Push(token);
    return text + decoder.Finish();
  }

  std::string model_;
  sentencepiece::SentencePieceProcessor library_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_P(SentencePieceTest, GivesTheLibrarysTokensAndTextBack) {
  EXPECT_EQ(tokenizer_->vocab_size(), library_.GetPieceSize());
  EXPECT_EQ(tokenizer_->bos(), library_.bos_id());
  EXPECT_TRUE(tokenizer_->Ends(library_.eos_id()));
  std::mt19937_64 random(11);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = RandomText(random, random() % 20, true);
    const std::vector<std::int32_t> tokens = Encode(text);
    ASSERT_EQ(tokens, library_.EncodeAsIds(text)) << testing::PrintToString(text);
    ASSERT_EQ(Decode(tokens), library_.DecodeIds(tokens)) << testing::PrintToString(text);
  }
}

TEST_P(SentencePieceTest, CutsALongTextWithoutATrace) {
  std::mt19937_64 random(13);
  std::string text;
  while (text.size() < 5 * Tokenizer::kMaxPiece / 2) text += RandomText(random, 500, false);
  std::vector<std::int32_t> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view piece = std::string_view(text).substr(at, Tokenizer::kMaxPiece);
    const auto taken =
        tokenizer_->Encode(piece, {.first = at == 0, .last = at + piece.size() == text.size()}, tokens);
    ASSERT_TRUE(taken.ok() && *taken > 0);
    at += *taken;
  }
  const std::vector<std::int32_t> whole = library_.EncodeAsIds(text);
  // Along a long text the library's unigram sums of floats become coarse, and so do its choices.
  if (std::string_view(GetParam()).find("unigram") == std::string_view::npos) {
    EXPECT_EQ(tokens, whole);
  }
  EXPECT_EQ(Decode(tokens), library_.DecodeIds(whole));
}

TEST_P(SentencePieceTest, TakesAnyTokenBack) {
  for (std::int32_t token = -1; token <= tokenizer_->vocab_size(); ++token) {
    const std::string text = Decode({token});
    EXPECT_LE(text.size(), 200);
  }
  EXPECT_EQ(Decode({tokenizer_->bos()}), "");
}

TEST_P(SentencePieceTest, RefusesADamagedModelByName) {
  std::mt19937_64 random(17);
  for (int i = 0; i < 300; ++i) {
    std::string bad = model_;
    if (i % 2 == 0)
      bad.resize(random() % bad.size());
    else
      bad[random() % bad.size()] = static_cast<char>(random());
    const auto made = MakeSentencePieceTokenizer(AsBytes(bad));
    if (made.ok()) {
      std::vector<std::int32_t> tokens;
      EXPECT_TRUE((*made)->Encode("die Sprache \xE6\x97\xA5 <s>", {}, tokens).ok());
    } else {
      EXPECT_EQ(made.status().error(), errors::kDataTokenizer.id);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, SentencePieceTest,
    testing::Values(
        "--model_type=bpe --vocab_size=420 --byte_fallback=true --split_digits=true "
        "--character_coverage=0.9995 --normalization_rule_name=identity --add_dummy_prefix=false "
        "--remove_extra_whitespaces=false",
        "--model_type=bpe --vocab_size=420 --byte_fallback=true --normalization_rule_name=identity "
        "--remove_extra_whitespaces=false --user_defined_symbols=<sep>,[USER]",
        "--model_type=bpe --vocab_size=200", "--model_type=unigram --vocab_size=200",
        "--model_type=unigram --vocab_size=430 --byte_fallback=true --user_defined_symbols=<sep>,[USER] "
        "--normalization_rule_name=nfkc_cf"));

// A vocabulary of ours is one to the library, and both cut alike by it.
TEST(PrunedSentencePieceTest, IsReadByTheLibraryAndCutsAlike) {
  for (const char* options : {"--model_type=unigram --vocab_size=300",
                              "--model_type=unigram --vocab_size=500 --byte_fallback=true --pad_id=3 "
                              "--user_defined_symbols=<sep>,[USER] --normalization_rule_name=nfkc_cf"}) {
    const std::string file = Train(options);
    const SentencePieceModel seed = ParseSentencePieceModel(AsBytes(file)).value();
    std::mt19937_64 random(19);
    std::vector<float> frequencies(seed.pieces.size());
    for (std::size_t id = 0; id < frequencies.size(); ++id)
      frequencies[id] = std::exp(seed.pieces[id].score) * static_cast<float>(random() % 9 + 1);
    const std::uint64_t count = seed.pieces.size() - 40;
    const Bytes pruned = WithPieces(AsBytes(file), PruneUnigram(seed, frequencies, count).value()).value();
    sentencepiece::SentencePieceProcessor library, of_seed;
    ASSERT_TRUE(library.LoadFromSerializedProto(std::string(AsText(pruned))).ok());
    ASSERT_TRUE(of_seed.LoadFromSerializedProto(file).ok());
    EXPECT_EQ(library.GetPieceSize(), static_cast<int>(count));
    EXPECT_EQ(library.bos_id(), of_seed.bos_id());
    EXPECT_EQ(library.eos_id(), of_seed.eos_id());
    EXPECT_EQ(library.unk_id(), of_seed.unk_id());
    EXPECT_EQ(library.pad_id(), of_seed.pad_id());
    const auto tokenizer = MakeSentencePieceTokenizer(pruned).value();
    for (int i = 0; i < 1000; ++i) {
      const std::string text = RandomText(random, random() % 20, true);
      std::vector<std::int32_t> tokens;
      ASSERT_TRUE(tokenizer->Encode(text, {}, tokens).ok());
      ASSERT_EQ(tokens, library.EncodeAsIds(text)) << testing::PrintToString(text);
    }
  }
}

// With its own frequencies a seed is cut as before, and what the library counts in its best way is near to
// the mean.
TEST(PrunedSentencePieceTest, TheLatticesBestWayIsTheLibrarys) {
  const std::string file = Train("--model_type=unigram --vocab_size=300");
  sentencepiece::SentencePieceProcessor library;
  ASSERT_TRUE(library.LoadFromSerializedProto(file).ok());
  const SentencePieceModel model = ParseSentencePieceModel(AsBytes(file)).value();
  UnigramLattice lattice(model);
  std::vector<float> frequencies(model.pieces.size());
  for (std::size_t id = 0; id < frequencies.size(); ++id) {
    const bool normal = model.pieces[id].type == model::PieceType::kNormal;
    frequencies[id] =
        normal ? std::exp(10.0F * model.pieces[id].score) : 0.0F;  // so that the best is nearly all
  }
  lattice.SetFrequencies(frequencies);
  for (const char* text : {"Sprache", "tokens", "lingua"}) {
    std::vector<double> expected(model.pieces.size());
    lattice.Count("\xE2\x96\x81" + std::string(text), 1.0, expected);
    std::vector<double> best(model.pieces.size());
    for (const int id : library.EncodeAsIds(text)) best[static_cast<std::size_t>(id)] += 1.0;
    for (std::size_t id = 0; id < best.size(); ++id)
      EXPECT_NEAR(expected[id], best[id], 0.1) << text << " " << id;
  }
}

class SentencePieceTextTest : public FilesTest {};

TEST_F(SentencePieceTextTest, ReadsACorpusWithTheModelOfThePlanAndNoOther) {
  const std::string bytes = Train("--model_type=bpe --vocab_size=200 --normalization_rule_name=identity");
  sentencepiece::SentencePieceProcessor library;
  ASSERT_TRUE(library.LoadFromSerializedProto(bytes).ok());
  DatasetConfig config{
      .id = "texts", .format = "text", .path = Write("a.txt", "die Sprache\fthe tokens"), .holdout = 0};
  config.tokenizer = Write("p.model", bytes);
  const auto vocab_size = static_cast<std::uint64_t>(library.GetPieceSize());
  const std::string name = "sha256:" + crypto::Sha256::Of(bytes).Hex();
  const auto load = [&](const std::string& tokenizer, std::uint64_t size) {
    return LoadText(config, {.tokenizer = tokenizer, .context = 2}, size, Path("cache"));
  };
  const auto set = load(name, vocab_size);
  ASSERT_TRUE(set.ok()) << set.status().message();
  std::vector<std::int32_t> tokens(set->train->tokens()), expected;
  ASSERT_TRUE(set->train->Read(0, tokens).ok());
  for (const char* text : {"die Sprache", "the tokens"}) {
    expected.push_back(library.bos_id());
    for (const int id : library.EncodeAsIds(text)) expected.push_back(id);
  }
  EXPECT_EQ(tokens, expected);
  EXPECT_EQ(set->train_counts.bytes, 21);

  EXPECT_EQ(load(name, vocab_size + 1).status().error(), errors::kDataTokenizer.id);
  EXPECT_EQ(load("sha256:" + Digest{}.Hex(), vocab_size).status().error(), errors::kDataTokenizer.id);
  EXPECT_EQ(load("sha256:12", vocab_size).status().error(), errors::kDataTokenizer.id);
  config.tokenizer = Path("nowhere");
  EXPECT_EQ(load(name, vocab_size).status().error(), errors::kDataTokenizer.id);
}

}  // namespace
}  // namespace accord::data
