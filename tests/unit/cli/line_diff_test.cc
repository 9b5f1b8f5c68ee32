#include "cli/line_diff.h"

#include <gtest/gtest.h>

namespace accord::cli {
namespace {

std::string Diff(std::string_view was, std::string_view is, std::size_t max_cells = kMaxDiffCells) {
  std::string text;
  for (const LineChange& one : DiffLines(SectionLines(was), SectionLines(is), max_cells))
    text += (one.added ? "+" : "-") + one.line.section + "|" + one.line.text + "\n";
  return text;
}

TEST(LineDiffTest, KnowsTheSectionOfALine) {
  const auto lines = SectionLines(
      "a = 1\n\n[quorum]\njob = 2\n\n[[revoked]]\nkind = \"node\"\nid = \"x\"\nfrom_index = 3\n");
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0], (SectionLine{"", "a = 1"}));
  EXPECT_EQ(lines[1], (SectionLine{"[quorum]", "job = 2"}));
  EXPECT_EQ(lines[2], (SectionLine{"[[revoked]] \"x\"", "kind = \"node\""})) << "also before its id";
  EXPECT_EQ(lines[4], (SectionLine{"[[revoked]] \"x\"", "from_index = 3"}));
}

TEST(LineDiffTest, NamesWhatWasTakenOutAndPutIn) {
  EXPECT_EQ(Diff("", ""), "");
  EXPECT_EQ(Diff("a\nb\nc\n", "a\nb\nc\n"), "");
  EXPECT_EQ(Diff("a\nb\nc\n", "a\nx\nc"), "-|b\n+|x\n");
  EXPECT_EQ(Diff("", "a\n"), "+|a\n");
  EXPECT_EQ(Diff("a\n", ""), "-|a\n");
  EXPECT_EQ(Diff("a\nb\nc\nd\n", "x\nb\nd\ne\n"), "-|a\n+|x\n-|c\n+|e\n");
}

// Else a right that one member loses and another gets would be no change at all.
TEST(LineDiffTest, TheSameLineInAnotherSectionIsAnother) {
  const std::string was = "[[member]]\nid = \"ke\"\nroles = 1\n\n[[member]]\nid = \"rw\"\nroles = 2\n",
                    is = "[[member]]\nid = \"ke\"\nroles = 2\n\n[[member]]\nid = \"rw\"\nroles = 1\n";
  EXPECT_EQ(Diff(was, is),
            "-[[member]] \"ke\"|roles = 1\n+[[member]] \"ke\"|roles = 2\n"
            "-[[member]] \"rw\"|roles = 2\n+[[member]] \"rw\"|roles = 1\n");
}

TEST(LineDiffTest, WhatIsTooLongToCompareIsTakenOutAndPutInWhole) {
  const std::string was = "same\na\nb\nc\nend\n", is = "same\nx\nb\ny\nend\n";
  EXPECT_EQ(Diff(was, is, 9), "-|a\n+|x\n-|c\n+|y\n");
  EXPECT_EQ(Diff(was, is, 8), "-|a\n-|b\n-|c\n+|x\n+|b\n+|y\n");
}

}  // namespace
}  // namespace accord::cli
