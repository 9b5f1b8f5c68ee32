#include "cli/words.h"

#include <gtest/gtest.h>

#include "cli/style.h"
#include "cli/suggest.h"
#include "cli/table.h"
#include "tests/unit/cli/views.h"

namespace accord::cli {
namespace {

TEST(WordsTest, SpansHaveTwoUnitsAtMost) {
  EXPECT_EQ(Span(Millis(-5)), "0.0s");
  EXPECT_EQ(Span(Millis(94)), "94ms");
  EXPECT_EQ(Span(Millis(95)), "0.1s");
  EXPECT_EQ(Span(Millis(4'249)), "4.2s");
  EXPECT_EQ(Span(Millis(9'949)), "9.9s");
  EXPECT_EQ(Span(Millis(9'950)), "10s");
  EXPECT_EQ(Span(Millis(59'600)), "1m");
  EXPECT_EQ(Span(Millis(190'000)), "3m 10s");
  EXPECT_EQ(Span(Millis(7'500'000)), "2h 5m");
  EXPECT_EQ(Span(Millis(273'600'000)), "3d 4h");
}

TEST(WordsTest, TimesAreRelative) {
  EXPECT_EQ(Ago({}, kNow), "");
  EXPECT_EQ(Ago(kNow - Millis(999), kNow), "now");
  EXPECT_EQ(Ago(kNow + Millis(50), kNow), "now");
  EXPECT_EQ(Ago(kNow - Millis(3'900), kNow), "3s ago");
  EXPECT_EQ(Until(kNow + Millis(3'600'000), kNow), "in 1h");
  EXPECT_EQ(Until(kNow - Millis(61'000), kNow), "1m 1s ago");
}

TEST(WordsTest, CountsAreGroupedByThousands) {
  EXPECT_EQ(Count(0), "0");
  EXPECT_EQ(Count(999), "999");
  EXPECT_EQ(Count(1'000), "1,000");
  EXPECT_EQ(Count(1'234'567), "1,234,567");
}

TEST(WordsTest, IdentitiesLoseTheirTrustDomain) {
  EXPECT_EQ(ShortIdentity("spiffe://demo.accord/operator/alice"), "operator/alice");
  EXPECT_EQ(ShortIdentity("spiffe://demo.accord"), "spiffe://demo.accord");
  EXPECT_EQ(ShortIdentity("al\x1b[ice"), "al?[ice");
  EXPECT_EQ(ShortIdentity("al\xc2\x9b"
                          "1mic\xc3\xa9"),
            "al?1mic\xc3\xa9");
}

TEST(StyleTest, APipeGetsPlainText) {
  const Style style = DetectStyle(-1, {{"TERM", "xterm"}, {"LANG", "en_US.UTF-8"}});
  EXPECT_FALSE(style.color);
  EXPECT_FALSE(style.live);
  EXPECT_EQ(Paint(style, Tone::kBad, "no"), "no");
}

TEST(StyleTest, TheFirstLocaleVariableThatIsSetDecides) {
  EXPECT_TRUE(DetectStyle(-1, {{"LANG", "C.utf8"}}).unicode);
  EXPECT_FALSE(DetectStyle(-1, {{"LC_ALL", "C"}, {"LANG", "C.UTF-8"}}).unicode);
  EXPECT_FALSE(DetectStyle(-1, {}).unicode);
}

TEST(StyleTest, CutsLinesByCodePointsOutsideOfColours) {
  const Line line = Line().Add("━━━", Tone::kGood).Gap("née");
  EXPECT_EQ(line.Render(PlainStyle(), 6), "━━━  n");
  EXPECT_EQ(line.Render(PlainStyle(), 7), "━━━  né");
  EXPECT_EQ(line.Render(TerminalStyle(), 2), "\x1b[32m━━\x1b[0m");
}

TEST(StyleTest, WrapsBetweenWords) {
  EXPECT_EQ(Wrap("one two three", 0), (std::vector<std::string>{"one two three"}));
  EXPECT_EQ(Wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(Wrap("unbreakable a", 4), (std::vector<std::string>{"unbreakable", "a"}));
  EXPECT_TRUE(Wrap("", 4).empty());
  EXPECT_TRUE(Wrap("", 0).empty());
}

TEST(StyleTest, BarsFillWithTheShareDone) {
  EXPECT_EQ(Bar(1, 2, 4, PlainStyle()).Render(PlainStyle()), "##..");
  EXPECT_EQ(Bar(9, 2, 4, PlainStyle()).Render(PlainStyle()), "####");
  EXPECT_EQ(Bar(0, 0, 4, PlainStyle()).Render(PlainStyle()), "....");
}

TEST(TableTest, AlignsColumnsWithoutTrailingSpaces) {
  Table table({{"A"}, {"B", Align::kRight}, {"C"}});
  table.Row({"née", "1", "x"});
  table.Row({"b", "100", ""});
  EXPECT_EQ(table.Render(PlainStyle()), "A      B  C\nnée    1  x\nb    100\n");
}

TEST(TableTest, FoldsTheWidestCellsOnANarrowTerminal) {
  Table table({{"ID"}, {"WHAT"}, {"N", Align::kRight}, {"WHY"}});
  table.Row({"4be1c0", "ke proposed a job", "12", "out of date"});
  table.Row({"b9da48", "x", "3", "in force"});
  Style narrow;
  narrow.live = true;
  narrow.width = 30;
  EXPECT_EQ(table.Render(narrow),
            "ID      WHAT       N  WHY\n"
            "4be1c0  ke        12  out of\n"
            "        proposed      date\n"
            "        a job\n"
            "b9da48  x          3  in force\n");
  narrow.width = 1;
  EXPECT_EQ(table.Render(narrow).find("propos "), std::string::npos) << "words stay whole";
  narrow.width = 42;
  EXPECT_EQ(table.Render(narrow), table.Render(PlainStyle())) << "it fits";
  narrow.live = false;
  narrow.width = 10;
  EXPECT_EQ(table.Render(narrow), table.Render(PlainStyle())) << "no terminal: one line a row";
}

TEST(SuggestTest, FindsTheWordThatWasMeant) {
  const std::vector<std::string> words{"submit", "validate", "list", "show", "watch"};
  EXPECT_EQ(Closest("sumbit", words), "submit");
  EXPECT_EQ(Closest("val", words), "validate");
  EXPECT_EQ(Closest("lst", words), "list");
  EXPECT_EQ(Closest("destroy", words), "");
}

}  // namespace
}  // namespace accord::cli
