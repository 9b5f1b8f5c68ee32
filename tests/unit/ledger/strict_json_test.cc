#include "ledger/strict_json.h"

#include <gtest/gtest.h>

namespace accord::ledger {
namespace {

// What is wrong with it, read as {"a": number, "b": {"c": text}, "d": [{"e": bool}]}; "" if nothing is.
std::string Fault(std::string_view text) {
  JsonReader reader(AsBytes(text), "test");
  (void)reader.Unsigned("a", 1'000);
  JsonReader inner = reader.Object("b");
  (void)inner.Text("c");
  for (JsonReader& item : reader.Objects("d")) (void)item.Bool("e");
  return reader.Finish().message();
}

TEST(StrictJsonTest, TakesWhatItNames) {
  const std::string_view text = R"({"a": 7, "b": {"c": "x"}, "d": [{"e": true}, {"e": false}]})";
  EXPECT_EQ(Fault(text), "");
  JsonReader reader(AsBytes(text), "test");
  EXPECT_EQ(reader.Unsigned("a"), 7U);
  EXPECT_EQ(reader.Object("b").Text("c"), "x");
  EXPECT_TRUE(reader.Objects("d")[0].Bool("e"));
}

TEST(StrictJsonTest, RefusesWhatTwoReadersMayUnderstandDifferently) {
  const std::pair<std::string_view, std::string_view> faults[] = {
      {R"({"a": 7, "a": 8, "b": {"c": "x"}, "d": []})", "has the field \"a\" twice"},
      {R"({"a": 7, "b": {"c": "x", "c": "x"}, "d": []})", "has the field \"c\" twice"},
      {R"({"a": 7, "b": {"c": "x"}, "d": [], "z": 1})", "z: no such field"},
      {R"({"a": 7, "b": {"c": "x", "f": 1}, "d": []})", "b.f: no such field"},
      {R"({"a": 7, "b": {"c": "x"}, "d": [{"e": true}, {"e": true, "f": 1}]})", "d[1].f: no such field"},
      {R"({"a": 7.0, "b": {"c": "x"}, "d": []})", "a: it is no whole number"},
      {R"({"a": 7e0, "b": {"c": "x"}, "d": []})", "a: it is no whole number"},
      {R"({"a": -7, "b": {"c": "x"}, "d": []})", "a: it is no whole number"},
      {R"({"a": "7", "b": {"c": "x"}, "d": []})", "a: it is no whole number"},
      {R"({"a": 1001, "b": {"c": "x"}, "d": []})", "a: it is above 1000"},
      {R"({"a": 07, "b": {"c": "x"}, "d": []})", "no JSON"},
      {R"({"a": 7, "b": {"c": 1}, "d": []})", "b.c: it is no text"},
      {R"({"a": 7, "b": {}, "d": []})", "b.c: it is missing"},
      {R"({"a": 7, "b": [], "d": []})", "b: it is no object"},
      {R"({"a": 7, "b": {"c": "x"}, "d": {}})", "d: it is no list"},
      {R"({"a": 7, "b": {"c": "x"}, "d": [1]})", "d: it has an item that is no object"},
      {R"({"a": 7, "b": {"c": "x"}, "d": [{"e": 1}]})", "d[0].e: it is neither"},
      {R"({"a": 7, "b": {"c": "x"}, "d": null})", "d: it is no list"},
      {"{\"a\": 7, \"b\": {\"c\": \"\xff\"}, \"d\": []}", "no JSON"},
      {R"({"a": 7, "b": {"c": "x"}, "d": []} x)", "no JSON"},
      {R"({"a": 7, // seven
          "b": {"c": "x"}, "d": []})",
       "no JSON"},
      {"[1]", "no object"},
      {"", "no JSON"}};
  for (const auto& [text, fault] : faults)
    EXPECT_NE(Fault(text).find(fault), std::string::npos) << text << "\n" << Fault(text);
}

TEST(StrictJsonTest, IntegersStayWhereEveryReaderIsExact) {
  for (const auto& [text, fine] :
       {std::pair{R"({"a": 9007199254740991})", true}, std::pair{R"({"a": 9007199254740992})", false},
        std::pair{R"({"a": 18446744073709551616})", false}}) {
    JsonReader reader(AsBytes(text), "test");
    (void)reader.Unsigned("a");
    EXPECT_EQ(reader.Finish().ok(), fine) << text;
  }
}

TEST(StrictJsonTest, BoundsSizeAndDepth) {
  const auto sized = [](std::size_t bytes) {
    const std::string text = R"({"a":")" + std::string(bytes - 8, 'x') + "\"}";
    JsonReader reader(AsBytes(text), "test");
    (void)reader.Text("a");
    return reader.Finish();
  };
  EXPECT_TRUE(sized(65'535).ok());
  EXPECT_EQ(sized(65'536).message(), "the test is refused: it has 65536 bytes, and may have 65535");
  const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
  EXPECT_NE(Fault(deep).find("nested too deep"), std::string::npos);
}

TEST(StrictJsonTest, HexAndBase64HaveOneForm) {
  const auto read = [](std::string_view text) {
    JsonReader reader(AsBytes(text), "test");
    (void)reader.Fixed<FixedBytes<struct PairTag, 2>>("h");
    (void)reader.Base64("b");
    return reader.Finish().ok();
  };
  EXPECT_TRUE(read(R"({"h": "0aff", "b": "Zg=="})"));
  EXPECT_FALSE(read(R"({"h": "0aFF", "b": "Zg=="})"));
  EXPECT_FALSE(read(R"({"h": "0af", "b": "Zg=="})"));
  EXPECT_FALSE(read(R"({"h": "0aff00", "b": "Zg=="})"));
  EXPECT_FALSE(read(R"({"h": "0aff", "b": "Zg"})"));
}

}  // namespace
}  // namespace accord::ledger
