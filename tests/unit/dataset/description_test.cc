#include "dataset/description.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/dataset/examples.h"

namespace accord::dataset {
namespace {

Status ErrorOf(const std::string& text) { return ParseDescription(text, "about.toml").status(); }

TEST(DescriptionTest, ReadsAFile) {
  const Description d = ExampleDescription();
  EXPECT_EQ(d.name, "News in Swahili");
  EXPECT_EQ(d.creators, (std::vector<std::string>{"A broadcaster", "Its readers"}));
  EXPECT_EQ(d.published->year, 2026);
  EXPECT_EQ(d.use_cases, "Language models.");
  EXPECT_EQ(d.epsilon_budget_milli, 3'000U);
  EXPECT_FALSE(d.not_before);
  EXPECT_FALSE(d.live);
}

TEST(DescriptionTest, NamesAllThatIsMissingAtOnce) {
  const std::string message = ErrorOf("name = \"x\"\n").message();
  for (const Question& question : Questions()) {
    if (!question.otherwise.empty() || question.key == "name") continue;
    EXPECT_NE(message.find(question.key), std::string::npos) << question.key << " in " << message;
  }
}

TEST(DescriptionTest, RefusesWrongValues) {
  const std::string good(kExampleAbout);
  EXPECT_TRUE(ErrorOf(good).ok());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return ErrorOf(text).error();
  };
  EXPECT_EQ(with("\"sw\"", "\"Swahili language\""), "dataset.about");
  EXPECT_EQ(with("[\"language-models\"]", "[]"), "dataset.about");
  EXPECT_EQ(with("[\"language-models\"]", "[\"any purpose\"]"), "dataset.about");
  EXPECT_EQ(with("records = 120", "records = 0"), "dataset.about");
  EXPECT_EQ(with("not_after = 2027-12-31", "not_after = 2027-12-31\nnot_before = 2027-12-31"),
            "dataset.about");
  EXPECT_EQ(with("\"https://example.org/news\"", "\"somewhere\""), "dataset.about");
  EXPECT_EQ(with("keywords", "colour"), "dataset.about");
  EXPECT_EQ(with("\"Mostly towns.\"", "\"\""), "dataset.about");
}

TEST(DescriptionTest, AnswersMakeTheFile) {
  std::string text;
  std::string_view section;
  for (const Question& question : Questions()) {
    if (question.section != section) text += "[" + std::string(question.section) + "]\n";
    section = question.section;
    std::string answer;
    if (question.otherwise.empty()) {
      answer = question.kind == Question::Kind::kDay      ? " 2030-01-31 "
               : question.kind == Question::Kind::kNumber ? "12"
               : question.key == "url"                    ? "https://example.org"
               : question.kind == Question::Kind::kList   ? "one, two ,"
                                                          : "He said \"so\\\x01\"";
    }
    const auto line = LineOf(question, answer);
    ASSERT_TRUE(line) << question.key;
    text += *line;
  }
  const auto parsed = ParseDescription(text, "answers");
  ASSERT_TRUE(parsed.ok()) << parsed.status().message() << text;
  EXPECT_EQ(parsed->name, "He said \"so\\?\"");
  EXPECT_EQ(parsed->purposes, (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(parsed->keywords.empty());
  EXPECT_TRUE(parsed->personal_data) << "who says nothing says yes";
  EXPECT_EQ(parsed->not_after->year, 2030);
}

TEST(DescriptionTest, AnAnswerIsOfItsKind) {
  const auto line = [](Question::Kind kind, std::string_view answer) {
    return LineOf(*std::ranges::find(Questions(), kind, &Question::kind), answer);
  };
  EXPECT_FALSE(line(Question::Kind::kText, "  "));
  EXPECT_EQ(line(Question::Kind::kList, "a,b"), "creators = [\"a\", \"b\"]\n");
  EXPECT_FALSE(line(Question::Kind::kYesNo, "maybe"));
  EXPECT_EQ(line(Question::Kind::kYesNo, "no"), "live = false\n");
  for (const char* text : {"12x", "-1", "007", "1e3"})
    EXPECT_FALSE(line(Question::Kind::kNumber, text)) << text;
  for (const char* text : {"tomorrow", "2026-13-01", "2026-02-30", "2026-1-1", "\"2026-0\""})
    EXPECT_FALSE(line(Question::Kind::kDay, text)) << text;
  EXPECT_EQ(line(Question::Kind::kDay, "2026-02-28"), "published = 2026-02-28\n");
}

// Else it would come out after all the questions, and all answers would be lost.
TEST(DescriptionTest, AnAnswerThatNoDescriptionMayHaveIsNone) {
  const auto line = [](std::string_view key, std::string_view answer) {
    const auto* const question = &*std::ranges::find(Questions(), key, &Question::key);
    return LineOf(*question, answer).has_value();
  };
  EXPECT_FALSE(line("url", "nowhere"));
  EXPECT_TRUE(line("url", "https://example.org"));
  EXPECT_FALSE(line("records", "0"));
  EXPECT_TRUE(line("records", "1"));
  EXPECT_FALSE(line("languages", "the Swahili language"));
  EXPECT_TRUE(line("languages", "-"));
  for (const char* key : {"creators", "formats", "modalities", "purposes"})
    EXPECT_FALSE(line(key, "-")) << key;
}

}  // namespace
}  // namespace accord::dataset
