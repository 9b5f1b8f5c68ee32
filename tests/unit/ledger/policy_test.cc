#include "ledger/policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

using testing::KeyFrom;
using namespace std::string_literals;

const std::string kOrigin = "fed.example/log";

std::string LogLine(std::uint8_t seed = 0) { return LogKey(kOrigin, KeyFrom(seed).PublicKey()).Format(); }
// Witness number i has the seed 10 + i and the key name w<i>.
std::string NameOf(int i) { return "w" + std::to_string(i); }
VerifierKey Witness(int i) {
  return WitnessKey(NameOf(i), KeyFrom(static_cast<std::uint8_t>(10 + i)).PublicKey());
}
std::string WitnessLine(int i) { return "witness " + NameOf(i) + ' ' + Witness(i).Format() + '\n'; }
std::string Witnesses(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += WitnessLine(i);
  return text;
}
std::string Log() { return "log " + LogLine() + '\n'; }

// A checkpoint by the log, cosigned by these witnesses.
Note Cosigned(const std::vector<int>& witnesses) {
  const std::string text =
      Checkpoint{.origin = kOrigin, .size = 0, .root = EmptyRoot(), .extensions = {}}.Format();
  Note note{.text = text, .signatures = {SignAsLog(kOrigin, KeyFrom(0), text)}};
  for (const int i : witnesses) {
    note.signatures.push_back(
        SignAsWitness(NameOf(i), KeyFrom(static_cast<std::uint8_t>(10 + i)), 1'000, text));
  }
  return note;
}

std::string ErrorOf(const std::string& text) { return Policy::Parse(text).status().error(); }
// "" when the checkpoint with these cosignatures passes.
std::string Check(const std::string& policy, const std::vector<int>& witnesses) {
  return Policy::Parse(policy).value().Check(Cosigned(witnesses)).status().error();
}

TEST(PolicyTest, WithoutAQuorumTheLogAloneDecides) {
  const std::string policy = Log() + "quorum none\n";
  EXPECT_EQ(Check(policy, {}), "");
  EXPECT_EQ(Check(policy, {1}), "");
  EXPECT_EQ(Policy::Parse(policy)->logs().size(), 1U);
  EXPECT_TRUE(Policy::Parse(policy)->witnesses().empty());
}

TEST(PolicyTest, CountsTheWitnessesOfAGroup) {
  const std::string group = Log() + Witnesses(3) + "group g 2 w1 w2 w3\nquorum g\n";
  EXPECT_EQ(Check(group, {}), "log.quorum");
  EXPECT_EQ(Check(group, {1}), "log.quorum");
  EXPECT_EQ(Check(group, {1, 1, 1}), "log.quorum");  // one witness counts once
  EXPECT_EQ(Check(group, {1, 4, 5}), "log.quorum");  // others do not count
  EXPECT_EQ(Check(group, {1, 3}), "");
  EXPECT_EQ(Check(group, {3, 2, 1}), "");
  EXPECT_EQ(Check(Log() + Witnesses(2) + "group g all w1 w2\nquorum g\n", {1}), "log.quorum");
  EXPECT_EQ(Check(Log() + Witnesses(2) + "group g all w1 w2\nquorum g\n", {1, 2}), "");
  EXPECT_EQ(Check(Log() + Witnesses(2) + "group g any w1 w2\nquorum g\n", {2}), "");
  EXPECT_EQ(Check(Log() + Witnesses(2) + "quorum w2\n", {1}), "log.quorum");
  EXPECT_EQ(Check(Log() + Witnesses(2) + "quorum w2\n", {2}), "");
}

TEST(PolicyTest, FollowsGroupsOfGroupsAsInTheExampleOfTheFormat) {
  const std::string policy = Log() + WitnessLine(1) + WitnessLine(2) + WitnessLine(3) +
                             "group X 2 w1 w2 w3\n" + WitnessLine(4) + WitnessLine(5) + WitnessLine(6) +
                             "group Y any w4 w5 w6\n\ngroup X-and-Y all X Y\nquorum X-and-Y\n";
  EXPECT_EQ(Check(policy, {1, 2, 3}), "log.quorum");
  EXPECT_EQ(Check(policy, {1, 4, 5, 6}), "log.quorum");
  EXPECT_EQ(Check(policy, {1, 3, 6}), "");
}

TEST(PolicyTest, TakesCommentsSpacesUrlsAndAnyOctetsInNames) {
  const std::string policy = "# a comment\n\n \t\n  #another\n\tlog \t" + LogLine() +
                             "  https://fed.example/log \nwitness \xE2\x84\xAA\xFF " + Witness(1).Format() +
                             " https://w1.example\nwitness K " + Witness(2).Format() +
                             "\ngroup #g 1 \xE2\x84\xAA\xFF\nquorum #g\n# the end\n";
  EXPECT_EQ(Check(policy, {1}), "");
  EXPECT_EQ(Check(policy, {2}), "log.quorum");
}

TEST(PolicyTest, RefusesWhatTheFormatForbids) {
  const std::string log = Log(), three = Witnesses(3);
  for (const std::string& text :
       {""s, log, log + "quorum none", "quorum none\nquorum none\n"s, log + log + "quorum none\n",
        log + "quorum\n", log + "quorum none x\n", log + "quorum g\n", "quorum w1\n" + three,
        log + three + "group g 0 w1\nquorum g\n", log + three + "group g 2 w1\nquorum g\n",
        log + three + "group g 01 w1\nquorum g\n", log + three + "group g -1 w1\nquorum g\n",
        log + three + "group g some w1\nquorum g\n", log + three + "group g 1\nquorum none\n",
        log + three + "group g all\nquorum none\n", log + three + "group g 1 w1 w1\nquorum g\n",
        log + three + "group g 1 w9\nquorum none\n", log + three + "group g any none\nquorum g\n",
        log + three + "group g 1 g\nquorum g\n", log + three + "group none 1 w1\nquorum none\n",
        log + three + "group w3 1 w1\nquorum none\n", log + three + "group g 1 w1\ngroup h 1 w1\nquorum g\n",
        log + three + "group g 1 w1\ngroup g 1 w2\nquorum g\n",
        log + "witness none " + Witness(1).Format() + "\nquorum none\n",
        log + WitnessLine(1) + WitnessLine(1) + "quorum none\n",
        log + WitnessLine(1) + "witness w2 " + Witness(1).Format() + "\nquorum none\n",
        log + "witness w1\nquorum none\n", "log\nquorum none\n"s, "log " + LogLine() + " a b\nquorum none\n",
        log + "witness w1 " + Witness(1).Format() + " a b\nquorum none\n", log + "unknown x\nquorum none\n",
        "log " + Witness(1).Format() + "\nquorum none\n", "witness w1 " + LogLine() + "\nquorum none\n",
        // The log's own key as a witness.
        log + "witness w1 " + WitnessKey("w1", KeyFrom(0).PublicKey()).Format() + "\nquorum none\n",
        "quorum none\r\n"s, "quorum none\n\0\n"s, "quorum\x7fnone\n"s,
        std::string(Policy::kMaxBytes, '#') + "\nquorum none\n"}) {
    EXPECT_EQ(ErrorOf(text), "log.policy") << text.substr(0, 2'000);
  }
  EXPECT_EQ(ErrorOf("log x\nquorum none\n"), "vkey.malformed");
}

TEST(PolicyTest, SaysWhichLineIsWrong) {
  EXPECT_NE(Policy::Parse(Log() + "\nquorum g\n").status().message().find("line 3"), std::string::npos);
}

TEST(PolicyTest, HoldsAsManyPartiesAsTheFormatAsksForAndRefusesWithoutEnd) {
  std::string text = Log(), group = "group g 30";
  for (int i = 1; i <= 32; ++i) {
    text += WitnessLine(i);
    group += ' ' + NameOf(i);
  }
  text += group + '\n';
  for (int i = 1; i < 32; ++i) {
    text += "group g" + std::to_string(i) + " 1 g" + (i == 1 ? "" : std::to_string(i - 1)) + '\n';
  }
  std::vector<int> thirty;
  for (int i = 3; i <= 32; ++i) thirty.push_back(i);
  EXPECT_EQ(Check(text + "quorum g31\n", thirty), "");
  thirty.pop_back();
  EXPECT_EQ(Check(text + "quorum g31\n", thirty), "log.quorum");
  for (int i = 32; i < 1'000; ++i)
    text += "group g" + std::to_string(i) + " 1 g" + std::to_string(i - 1) + '\n';
  EXPECT_EQ(ErrorOf(text + "quorum none\n"), "log.policy");
}

TEST(PolicyTest, WantsTheLogsOwnSignatureOnItsOwnOrigin) {
  const Policy policy = Policy::Parse(Log() + Witnesses(1) + "quorum w1\n").value();
  Note note = Cosigned({1});
  note.signatures.erase(note.signatures.begin());
  EXPECT_EQ(policy.Check(note).status().error(), "note.unsigned");
  EXPECT_EQ(policy.Check(Note{.text = "x\n", .signatures = {SignAsLog(kOrigin, KeyFrom(0), "x\n")}})
                .status()
                .error(),
            "checkpoint.malformed");
  const std::string other =
      Checkpoint{.origin = "other", .size = 0, .root = EmptyRoot(), .extensions = {}}.Format();
  EXPECT_EQ(policy.Check(Note{.text = other, .signatures = {SignAsLog(kOrigin, KeyFrom(0), other)}})
                .status()
                .error(),
            "checkpoint.origin");
  Note altered = Cosigned({1});
  altered.signatures[1].signature[20] ^= 1;
  EXPECT_EQ(policy.Check(altered).status().error(), "note.signature");
}

TEST(PolicyTest, OneOfTwoLogsIsEnough) {
  const std::string second = LogKey("second.example", KeyFrom(1).PublicKey()).Format();
  EXPECT_EQ(Check("log " + second + '\n' + Log() + "quorum none\n", {}), "");
  EXPECT_EQ(Check("log " + second + "\nquorum none\n", {}), "note.unsigned");
  EXPECT_EQ(Check("quorum none\n", {}), "note.unsigned");
}

TEST(PolicyTest, IsWrittenForAFederation) {
  const VerifierKey log = LogKey(kOrigin, KeyFrom(0).PublicKey());
  const std::vector<NamedWitness> witnesses{{"ke", Witness(1)}, {"rw", Witness(2)}, {"tz", Witness(3)}};
  const std::string text = FormatPolicy(log, witnesses, 2);
  EXPECT_EQ(Check(text, {1}), "log.quorum");
  EXPECT_EQ(Check(text, {1, 3}), "");
  EXPECT_EQ(FormatPolicy(log, {}, 0), Log() + "quorum none\n");
}

}  // namespace
}  // namespace accord::ledger
