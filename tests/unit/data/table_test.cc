#include "data/table.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/errors.h"

namespace accord::data {
namespace {

const TableRules kByName{.target = "y", .missing = "?"};
const TableRules kByNumber{.target = "3", .missing = "?"};

Result<Table> Parse(std::string_view text, const TableRules& rules) {
  MemoryInput input("t.csv", AsBytes(text));
  return ReadTable(input, rules);
}

TEST(TableTest, FindsColumnsByTheHeadersNames) {
  const Table table = Parse("a, y ,b\n1,0,2\n3,7,4\n", kByName).value();
  EXPECT_EQ(table.features, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table.cells, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(table.labels, (std::vector<std::int64_t>{0, 1}));
}

TEST(TableTest, FindsColumnsByNumberWithoutAHeader) {
  const Table table = Parse("1,2,0\n3,4,1\n", kByNumber).value();
  EXPECT_EQ(table.features, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(table.cells, (std::vector<double>{1, 2, 3, 4}));
}

TEST(TableTest, FindsColumnsByNumberBehindAHeader) {
  const Table table = Parse("a,b,y\n1,2,0\n", kByNumber).value();
  EXPECT_EQ(table.features, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table.labels, (std::vector<std::int64_t>{0}));
}

TEST(TableTest, TakesNumberedNamesOfAHeaderForNames) {
  const Table table =
      Parse("2020,y,2021\n1,0,2\n", {.target = "y", .features = {"2021"}, .missing = "?"}).value();
  EXPECT_EQ(table.features, (std::vector<std::string>{"2021"}));
  EXPECT_EQ(table.cells, (std::vector<double>{2}));
}

TEST(TableTest, KeepsTheOrderOfTheFeaturesAsked) {
  const TableRules rules{.target = "y", .features = {"b", "a"}, .missing = "?"};
  EXPECT_EQ(Parse("a,y,b\n1,0,2\n", rules)->cells, (std::vector<double>{2, 1}));
}

TEST(TableTest, ReadsNumbersAsPeopleWriteThem) {
  EXPECT_EQ(Parse(".5, -1e3 ,+2,0\n\"7\",0,8.,1\n", {.target = "4", .missing = "?"})->cells,
            (std::vector<double>{0.5, -1000, 2, 7, 0, 8}));
}

TEST(TableTest, MarksMissingCells) {
  const Table table = Parse("?,1,0\n , ?,1\n", kByNumber).value();
  EXPECT_TRUE(std::isnan(table.cells[0]));
  EXPECT_EQ(table.cells[1], 1);
  EXPECT_TRUE(std::isnan(table.cells[2]));
  EXPECT_TRUE(std::isnan(table.cells[3]));
}

TEST(TableTest, MakesClassesOfTheTarget) {
  TableRules rules = kByNumber;
  rules.positive_above = 1.5;
  EXPECT_EQ(Parse("1,1,1\n1,1,2\n", rules)->labels, (std::vector<std::int64_t>{0, 1}));
  rules.classes = 3;
  EXPECT_EQ(Parse("1,1,1\n1,1,2.0\n", rules)->labels, (std::vector<std::int64_t>{1, 2}));
}

struct BadTable {
  std::string name;
  std::string text;
  TableRules rules;
  const ErrorInfo& error;
  std::string says;
};
void PrintTo(const BadTable& bad, std::ostream* out) { *out << bad.name; }

class TableErrorTest : public ::testing::TestWithParam<BadTable> {};

TEST_P(TableErrorTest, IsRefusedByName) {
  const Status status = Parse(GetParam().text, GetParam().rules).status();
  EXPECT_EQ(status.error(), GetParam().error.id) << Describe(status);
  EXPECT_NE(status.message().find(GetParam().says), std::string::npos) << status.message();
}

TableRules Classes(std::uint64_t classes) { return {.target = "3", .missing = "?", .classes = classes}; }

INSTANTIATE_TEST_SUITE_P(
    All, TableErrorTest,
    ::testing::Values(
        BadTable{"Empty", "", kByName, errors::kDataEmpty, "no lines"},
        BadTable{"HeaderAlone", "a,y\n", kByName, errors::kDataEmpty, "no rows"},
        BadTable{"UnknownTarget", "a,b\n1,2\n", kByName, errors::kDataColumn, "\"y\""},
        BadTable{"NameWithoutHeader", "1,2\n", kByName, errors::kDataColumn, "no header line"},
        BadTable{"NumberTooLarge", "1,2\n", kByNumber, errors::kDataColumn, "\"3\""},
        BadTable{"NumberZero", "1,2\n", {.target = "0"}, errors::kDataColumn, "\"0\""},
        BadTable{
            "UnknownFeature", "a,y\n1,2\n", {.target = "y", .features = {"z"}}, errors::kDataColumn, "\"z\""},
        BadTable{"TargetAsFeature",
                 "a,y\n1,2\n",
                 {.target = "y", .features = {"y"}},
                 errors::kDataColumn,
                 "target"},
        BadTable{"TargetAlone", "y\n1\n", kByName, errors::kDataColumn, "beside the target"},
        BadTable{"ShortRow", "1,2,0\n1,0\n", kByNumber, errors::kDataRow, "line 2 has 2 fields"},
        BadTable{"LongRow", "1,2,0\n1,2,3,0\n", kByNumber, errors::kDataRow, "line 2 has 4 fields"},
        BadTable{"Word", "1,2,0\n1,two,0\n", kByNumber, errors::kDataNumber, "line 2, column 2"},
        BadTable{"WordInTheFirstLine", "1,two,0\n1,2,0\n", kByNumber, errors::kDataNumber,
                 "line 1, column 2"},
        BadTable{"NotANumber", "1,nan,0\n", kByNumber, errors::kDataNumber, "line 1, column 2"},
        BadTable{"Infinite", "1,inf,0\n", kByNumber, errors::kDataNumber, "line 1, column 2"},
        BadTable{"BeyondMeasure", "1,1e300,0\n", kByNumber, errors::kDataNumber, "line 1, column 2"},
        BadTable{"TargetMissing", "1,2,?\n", kByNumber, errors::kDataLabel, "line 1, column 3"},
        BadTable{"LabelTooLarge", "1,2,0\n1,2,4\n", Classes(4), errors::kDataLabel, "line 2, column 3"},
        BadTable{"LabelNegative", "1,2,-1\n", Classes(4), errors::kDataLabel, "line 1"},
        BadTable{"LabelBroken", "1,2,0.5\n", Classes(4), errors::kDataLabel, "line 1"}),
    [](const auto& test) { return test.param.name; });

TEST(TableTest, NeverQuotesACell) {
  EXPECT_EQ(Parse("1,2,0\n1,secret,0\n", kByNumber).status().message().find("secret"), std::string::npos);
}

std::vector<float> Features(const Examples& examples) {
  std::vector<float> all(examples.size() * examples.width());
  examples.Copy(0, all);
  return all;
}

TEST(TableTest, StandardisesByTheTrainingRowsAlone) {
  // Training rows have 1, 3 and ? in the first column: mean 2, deviation 1. The held-out row has 100.
  const Table table = Parse("1,5,0\n100,9,1\n3,5,0\n?,5,1\n", kByNumber).value();
  const std::vector<bool> held_out = {false, true, false, false};
  const ColumnFigures figures = FitColumns(table, held_out);
  EXPECT_EQ(figures.mean, (std::vector<double>{2, 5}));
  EXPECT_EQ(figures.deviation, (std::vector<double>{1, 0}));
  const Examples train = Standardise(table, figures, held_out, false);
  EXPECT_EQ(Features(train), (std::vector<float>{-1, 0, 1, 0, 0, 0}));
  const Examples holdout = Standardise(table, figures, held_out, true);
  EXPECT_EQ(Features(holdout), (std::vector<float>{98, 0}));
  EXPECT_EQ(holdout.labels()[0], 1);
}

TEST(TableTest, TreatsAColumnMissingInAllTrainingRowsAsZero) {
  const Table table = Parse("?,1,0\n4,2,1\n", kByNumber).value();
  const std::vector<bool> held_out = {false, true};
  EXPECT_EQ(Features(Standardise(table, FitColumns(table, held_out), held_out, true))[0], 0.0F);
}

TEST(TableTest, SeesNoSpreadInTheRoundingOfAConstantColumn) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "0.1," + std::to_string(i) + ",0\n";
  const Table table = Parse(text, kByNumber).value();
  EXPECT_EQ(FitColumns(table, std::vector<bool>(1000, false)).deviation[0], 0.0);
}

}  // namespace
}  // namespace accord::data
