#include "data/csv.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace accord::data {
namespace {

using Records = std::vector<std::vector<std::string>>;

Result<Records> Parse(std::string_view text) {
  MemoryInput input("t.csv", AsBytes(text));
  CsvReader reader(input);
  Records records;
  std::vector<std::string> fields;
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const bool more, reader.Next(fields));
    if (!more) return records;
    records.push_back(fields);
  }
}

TEST(CsvReaderTest, ReadsPlainAndQuotedFields) {
  EXPECT_EQ(Parse("a,b\n\"c,\"\"d\"\"\",\"e\nf\"\n").value(), (Records{{"a", "b"}, {"c,\"d\"", "e\nf"}}));
}

TEST(CsvReaderTest, TakesBothLineEndsAndALastLineWithoutOne) {
  EXPECT_EQ(Parse("1,2\r\n3,4\n5,6").value(), (Records{{"1", "2"}, {"3", "4"}, {"5", "6"}}));
  EXPECT_EQ(Parse("\"1\",\"2\"\r\n").value(), (Records{{"1", "2"}}));
}

TEST(CsvReaderTest, KeepsEmptyFieldsAndSkipsBlankLines) {
  EXPECT_EQ(Parse(",,\n\n\r\n1,,\n\n").value(), (Records{{"", "", ""}, {"1", "", ""}}));
  EXPECT_EQ(Parse("").value(), Records{});
  EXPECT_EQ(Parse("\n\n").value(), Records{});
}

TEST(CsvReaderTest, SkipsAByteOrderMark) {
  EXPECT_EQ(Parse("\xEF\xBB\xBF"
                  "a,b\n")
                .value(),
            (Records{{"a", "b"}}));
  EXPECT_EQ(Parse("\xEF\xBB\xBF").value(), Records{});
}

TEST(CsvReaderTest, ReadsAcrossItsBuffer) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += std::to_string(i) + ",x\n";
  const Records records = Parse(text).value();
  ASSERT_EQ(records.size(), 30'000U);
  EXPECT_EQ(records[29'999][0], "29999");
}

TEST(CsvReaderTest, CountsLinesAlsoInsideQuotes) {
  const std::string text = "a\n\"b\nc\"\nd\n";
  MemoryInput input("t.csv", AsBytes(text));
  CsvReader reader(input);
  std::vector<std::string> fields;
  std::vector<std::uint64_t> lines;
  while (reader.Next(fields).value()) lines.push_back(reader.line());
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{1, 2, 4}));
}

TEST(CsvReaderTest, NamesTheLineOfBrokenQuotes) {
  for (const std::string_view text :
       {"1,2\n3,\"4\n5,6\n", "1,2\n3,4\"\n", "1,2\n\"3\"4,5\n", "1,2\n3\r4,5\n"}) {
    const Status status = Parse(text).status();
    EXPECT_EQ(status.error(), "data.row") << text;
    EXPECT_NE(status.message().find("t.csv line 2:"), std::string::npos) << status.message();
  }
}

TEST(CsvReaderTest, BoundsAFieldThatNobodyCloses) {
  const std::string text = "\"" + std::string(CsvReader::kMaxField + 1, 'x');
  EXPECT_EQ(Parse(text).status().error(), "data.row");
}

}  // namespace
}  // namespace accord::data
