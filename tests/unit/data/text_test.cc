#include "data/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/errors.h"
#include "data/tokenizer.h"
#include "tests/unit/data/files.h"

namespace accord::data {
namespace {

namespace fs = std::filesystem;

std::vector<std::int32_t> All(const TokenSource& source) {
  std::vector<std::int32_t> tokens(source.tokens());
  EXPECT_TRUE(source.Read(0, tokens).ok());
  return tokens;
}

// The documents of a part, decoded; each begins with <s>.
std::vector<std::string> Documents(const TokenSource* source) {
  std::vector<std::string> documents;
  if (source == nullptr) return documents;
  for (const std::int32_t token : All(*source)) {
    if (token == kByteBos) {
      documents.emplace_back();
    } else {
      documents.back() += static_cast<char>(token);
    }
  }
  return documents;
}

class TextTest : public FilesTest {
 protected:
  static constexpr std::uint64_t kContext = 4;

  DatasetConfig Config(const std::string& format, const fs::path& path) const {
    return {.id = "texts", .format = format, .path = path, .holdout = 0};
  }
  Result<TextDataset> Load(const DatasetConfig& config, std::uint64_t context = kContext) const {
    return LoadText(config, {.tokenizer = "byte", .context = context}, kByteVocabulary, Path("cache"));
  }
  // A file below the corpus "c".
  void Add(const std::string& name, std::string_view text) const {
    fs::create_directories((Path("c") / name).parent_path());
    Write("c/" + name, text);
  }
  std::string Error(const DatasetConfig& config, std::uint64_t context = kContext) const {
    return Load(config, context).status().error();
  }
};

TEST_F(TextTest, RefusesALinkToADirectoryByItsName) {
  Add("a.txt", "one text of some bytes");
  Write("elsewhere.txt", "another one, linked to");
  fs::create_symlink(Path("elsewhere.txt"), Path("c") / "b.txt");
  const auto loaded = Load(Config("text", Path("c")));
  ASSERT_TRUE(loaded.ok()) << Describe(loaded.status());
  EXPECT_EQ(Documents(loaded->train.get()).size(), 2U) << "a file that is linked to is one of the corpus";
  fs::create_directories(Path("more"));
  Write("more/c.txt", "what a lab believes to be in the corpus");
  fs::create_directory_symlink(Path("more"), Path("c") / ".more");
  EXPECT_TRUE(Load(Config("text", Path("c"))).ok()) << "left out by its name, as any file";
  fs::rename(Path("c") / ".more", Path("c") / "more");
  const Status refused = Load(Config("text", Path("c"))).status();
  EXPECT_EQ(refused.error(), errors::kDataMissing.id);
  EXPECT_THAT(refused.message(), ::testing::HasSubstr("c/more is a link to a directory"));
  fs::create_directory_symlink(Path("c"), Path("corpus"));
  fs::remove(Path("c") / "more");
  EXPECT_TRUE(Load(Config("text", Path("corpus"))).ok()) << "the corpus itself may be behind a link";
}

TEST_F(TextTest, ReadsADirectoryInTheOrderOfNamesAndSplitsAtFormFeeds) {
  Add("b/two.txt", "zwei\fdrei\f\f \n");
  Add("a.txt",
      "\xEF\xBB\xBF"
      "eins");
  Add("b/.hidden", "\xFF");
  Add("c", "vier");
  const auto set = Load(Config("text", Path("c")));
  ASSERT_TRUE(set.ok()) << set.status().message();
  EXPECT_THAT(Documents(set->train.get()), testing::ElementsAre("eins", "zwei", "drei", "vier"));
  EXPECT_EQ(set->train_counts.documents, 4);
  EXPECT_EQ(set->train_counts.bytes, 16);
  EXPECT_EQ(set->train_counts.tokens, 20);
  EXPECT_EQ(set->train->tokens(), 20);
  EXPECT_EQ(set->holdout, nullptr);
}

TEST_F(TextTest, PredictsEveryTokenButTheFirstExactlyOnceWhateverTheContext) {
  Add("a", "0123456789");
  const auto set = Load(Config("text", Path("c")));
  ASSERT_TRUE(set.ok());
  const std::vector<std::int32_t> tokens = All(*set->train);
  for (std::uint64_t context = 1; context < tokens.size(); ++context) {
    std::vector<std::int32_t> predicted;
    for (std::uint64_t i = 0; i < set->train->windows(context); ++i) {
      std::vector<std::int32_t> window(context + 1);
      const auto skip = set->train->Window(i, context, window);
      ASSERT_TRUE(skip.ok());
      predicted.insert(predicted.end(), window.begin() + 1 + static_cast<std::ptrdiff_t>(*skip),
                       window.end());
    }
    EXPECT_TRUE(std::ranges::equal(predicted, std::span(tokens).subspan(1))) << context;
  }
  EXPECT_EQ(set->train->windows(tokens.size()), 0);
}

TEST_F(TextTest, HoldsOutByFile) {
  Add("train", "one\ftwo\fthree");
  Write("eval.txt", "two\ffour");
  DatasetConfig config = Config("text", Path("c"));
  config.eval_path = Path("eval.txt");
  config.holdout = 0.5;
  const auto set = Load(config);
  ASSERT_TRUE(set.ok());
  EXPECT_THAT(Documents(set->train.get()), testing::ElementsAre("one", "three"));
  EXPECT_THAT(Documents(set->holdout.get()), testing::ElementsAre("two", "four"));
  EXPECT_EQ(set->duplicates, 1);
  EXPECT_EQ(set->holdout_counts.bytes, 7);
}

TEST_F(TextTest, HoldsOutBySource) {
  Add("help/a", "one two");
  Add("book/b", "three");
  Add("book.txt", "four four");
  DatasetConfig config = Config("text", Path("c"));
  config.holdout_sources = {"book"};
  const auto set = Load(config);
  ASSERT_TRUE(set.ok());
  EXPECT_THAT(Documents(set->holdout.get()), testing::ElementsAre("three"));
  EXPECT_THAT(Documents(set->train.get()), testing::ElementsAre("four four", "one two"));
  config.holdout_sources = {"nobody"};
  EXPECT_EQ(Error(config), errors::kDataEmpty.id);
}

TEST_F(TextTest, HoldsOutTheSameDocumentsWhenOthersCome) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "document " + std::to_string(i) + "\f";
  Add("a", text);
  DatasetConfig config = Config("text", Path("c"));
  config.holdout = 0.2;
  const auto before = Load(config);
  Add("0", "new one\fnew two");
  const auto after = Load(config);
  ASSERT_TRUE(before.ok() && after.ok());
  const auto held = Documents(before->holdout.get());
  EXPECT_NEAR(static_cast<double>(held.size()), 40, 20);
  EXPECT_THAT(Documents(after->holdout.get()), testing::IsSupersetOf(held));
  EXPECT_EQ(after->train_counts.documents + after->holdout_counts.documents, 202);
  config.holdout_seed = 1;
  const auto reseeded = Load(config);
  ASSERT_TRUE(reseeded.ok());
  EXPECT_NE(Documents(reseeded->holdout.get()), Documents(after->holdout.get()));
}

TEST_F(TextTest, GivesEachPartADocumentWhenThereAreTwo) {
  Add("a", "first one\fsecond");
  DatasetConfig config = Config("text", Path("c"));
  for (const double share : {0.0001, 0.9999}) {
    config.holdout = share;
    const auto set = Load(config);
    ASSERT_TRUE(set.ok()) << set.status().message();
    EXPECT_EQ(set->train_counts.documents, 1);
    EXPECT_EQ(set->holdout_counts.documents, 1);
  }
  Add("a", "only one");
  EXPECT_EQ(Error(config), errors::kDataEmpty.id);
}

TEST_F(TextTest, LeavesOutDuplicatesUnlessTold) {
  Add("a", "same\fother\fsame");
  Add("b", "same");
  DatasetConfig config = Config("text", Path("c"));
  const auto set = Load(config);
  ASSERT_TRUE(set.ok());
  EXPECT_THAT(Documents(set->train.get()), testing::ElementsAre("same", "other"));
  EXPECT_EQ(set->duplicates, 2);
  config.deduplicate = false;
  const auto all = Load(config);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->train_counts.documents, 4);
  EXPECT_EQ(all->duplicates, 0);
}

TEST_F(TextTest, ReadsJsonLinesWithTheirSources) {
  Add("a.jsonl",
      "{\"id\": [1, {\"text\": \"inner\"}], \"text\": \"gr\\u00fc\\u00df\", \"source\": \"book\"}\n\n"
      "{\"source\": null, \"text\": \"plain text\", \"text2\": \"x\"}");
  DatasetConfig config = Config("jsonl", Path("c"));
  config.holdout_sources = {"book"};
  const auto set = Load(config);
  ASSERT_TRUE(set.ok()) << set.status().message();
  EXPECT_THAT(Documents(set->holdout.get()), testing::ElementsAre("gr\xC3\xBC\xC3\x9F"));
  EXPECT_THAT(Documents(set->train.get()), testing::ElementsAre("plain text"));
}

TEST_F(TextTest, StreamsADocumentInBoundedPieces) {
  std::string text;
  while (text.size() < (3U << 20)) text += "\xE6\x97\xA5\xE6\x9C\xAC " + std::to_string(text.size());
  WriteGzip("long.txt.gz", AsBytes(text + "\f" + text + "x\fshort"));
  DatasetConfig config = Config("text", Path("long.txt.gz"));
  config.holdout = 0.5;
  const auto set = Load(config);
  ASSERT_TRUE(set.ok()) << set.status().message();
  std::vector<std::string> documents = Documents(set->train.get());
  for (const std::string& held : Documents(set->holdout.get())) documents.push_back(held);
  EXPECT_THAT(documents, testing::UnorderedElementsAre(text, text + "x", "short"));
}

TEST_F(TextTest, NamesBadInputWithoutItsWords) {
  const auto config = [&](const std::string& format, std::string_view bytes) {
    return Config(format, Write("bad", bytes));
  };
  const auto expect = [&](const DatasetConfig& bad, std::string_view error, std::string_view place) {
    const Status status = Load(bad).status();
    EXPECT_EQ(status.error(), error);
    EXPECT_THAT(status.message(), testing::HasSubstr(place));
    EXPECT_THAT(status.message(), testing::Not(testing::HasSubstr("secret")));
    EXPECT_FALSE(fs::exists(Path("cache/texts/train.tmp")));
  };
  expect(config("text", "secret \xC3("), errors::kDataUtf8.id, "byte 7 ");
  expect(config("text", "secret \xE6\x97"), errors::kDataUtf8.id, "byte 7 ");
  expect(config("text", " \f \n"), errors::kDataEmpty.id, "texts");
  expect(config("text", "abc"), errors::kDataContext.id, "4 tokens");
  expect(config("jsonl", "{\"text\": \"secret\"}\n{\"text\": \"\xFFsecret\"}"), errors::kDataUtf8.id,
         "line 2");
  expect(config("jsonl", "\n[\"secret\"]"), errors::kDataJson.id, "line 2");
  expect(config("jsonl", "{\"text\": \"secret\""), errors::kDataJson.id, "line 1");
  expect(config("jsonl", "\"secret\""), errors::kDataJson.id, "line 1");
  expect(config("jsonl", "{\"text\": 5, \"a\": \"secret\"}"), errors::kDataJson.id, "\"text\"");
  expect(config("jsonl", "{\"text\": \"secret\", \"text\": 5}"), errors::kDataJson.id, "\"text\"");
  expect(config("jsonl", "{\"text\": \"secret\\ud800\"}"), errors::kDataJson.id, "line 1");
  expect(config("html", "secret"), errors::kDataFormat.id, "html");
  expect(Config("text", Path("nowhere")), errors::kDataMissing.id, "nowhere");
}

TEST_F(TextTest, RefusesATokenizerOfAnotherVocabulary) {
  Add("a", "some text");
  const auto load = [&](const std::string& tokenizer, std::uint64_t vocab_size) {
    const TextSpec text{.tokenizer = tokenizer, .context = 4};
    return LoadText(Config("text", Path("c")), text, vocab_size, Path("cache")).status().error();
  };
  EXPECT_EQ(load("byte", 32'000), errors::kDataTokenizer.id);
  EXPECT_EQ(load("bytes", 259), errors::kDataTokenizer.id);
}

TEST_F(TextTest, UsesItsCacheUntilSomethingChanges) {
  Add("a", "some text");
  const DatasetConfig config = Config("text", Path("c"));
  ASSERT_TRUE(Load(config).ok());
  const auto cached = [&] {
    for (const auto& entry : fs::recursive_directory_iterator(Path("cache"))) {
      if (entry.path().filename() == "train") return entry.path();
    }
    return fs::path();
  };
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  const auto age = [&] { fs::last_write_time(cached(), old); };
  const auto rebuilt = [&] {
    EXPECT_TRUE(Load(config).ok());
    return fs::last_write_time(cached()) != old;
  };
  age();
  EXPECT_FALSE(rebuilt());
  Add("a", "some more");                  // of the same size
  fs::last_write_time(Path("c/a"), old);  // another time: a clock's tick may be as long as all that was done
  EXPECT_TRUE(rebuilt());
  EXPECT_THAT(Documents(Load(config)->train.get()), testing::ElementsAre("some more"));

  std::fstream(cached(), std::ios::in | std::ios::out | std::ios::binary).seekp(3).put('\x7F');
  age();
  EXPECT_TRUE(rebuilt());
  fs::resize_file(cached(), 4);
  age();
  EXPECT_TRUE(rebuilt());
  fs::resize_file(cached().parent_path() / "meta", 20);
  age();
  EXPECT_TRUE(rebuilt());
  EXPECT_THAT(Documents(Load(config)->train.get()), testing::ElementsAre("some more"));
}

TEST_F(TextTest, LeavesOpenFilesToThoseWhoReadThemWhenTheCorpusChanges) {
  Add("a", "some text");
  const auto before = Load(Config("text", Path("c")));
  ASSERT_TRUE(before.ok());
  Add("a", "another text");
  ASSERT_TRUE(Load(Config("text", Path("c"))).ok());
  EXPECT_THAT(Documents(before->train.get()), testing::ElementsAre("some text"));
}

TEST_F(TextTest, LoadsFromSeveralThreadsAtOnce) {
  Add("a", "some text");
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto set = Load(Config("text", Path("c")));
      good += set.ok() && Documents(set->train.get()) == std::vector<std::string>{"some text"};
    });
  }
  threads.clear();
  EXPECT_EQ(good, 4);
}

}  // namespace
}  // namespace accord::data
