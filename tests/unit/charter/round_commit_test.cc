// What is logged of a round, and receipts that it omits (governance.md 4, test 22).
#include "charter/round_commit.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"

namespace accord::charter {
namespace {

std::vector<std::string> Receipts(std::size_t count) {
  std::vector<std::string> receipts;
  for (std::size_t i = 0; i < count; ++i) receipts.push_back("receipt " + std::to_string(i));
  return receipts;
}

RoundCommit CommitOf(const std::vector<std::string>& receipts) {
  RoundCommit commit{.job = crypto::Sha256::Of("job"),
                     .round = 3,
                     .model_in = crypto::Sha256::Of("in"),
                     .model_out = crypto::Sha256::Of("out"),
                     .dropped = {"spiffe://rw.fed.example/node/kigali"},
                     .receipts_root = ReceiptsRoot(receipts),
                     .time = 1'800'000'000};
  for (std::size_t i = 0; i < receipts.size(); ++i)
    commit.cohort.push_back("spiffe://ke.fed.example/node/n" + std::to_string(100 + i));
  return commit;
}

TEST(RoundCommitTest, ComesBackWhole) {
  RoundCommit commit = CommitOf(Receipts(3));
  EXPECT_EQ(*ParseRoundCommit(Encode(commit)), commit);
  commit.group_seed = commit.job;
  commit.dropped.clear();
  EXPECT_EQ(*ParseRoundCommit(Encode(commit)), commit);
}

TEST(RoundCommitTest, RefusesWhatContradictsItself) {
  const auto error = [](const std::function<void(nlohmann::ordered_json&)>& change) {
    auto json = nlohmann::ordered_json::parse(AsText(Encode(CommitOf(Receipts(3)))));
    change(json);
    return ParseRoundCommit(AsBytes(json.dump())).status().error();
  };
  EXPECT_EQ(error([](nlohmann::ordered_json&) {}), "");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["cohort"] = nlohmann::json::array(); }),
            "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { std::swap(json["cohort"][0], json["cohort"][1]); }),
            "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["cohort"][1] = json["cohort"][0]; }),
            "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["dropped"][0] = json["cohort"][0]; }),
            "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["dropped"][0] = "kigali"; }), "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["round"] = 0; }), "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["loss"] = 0; }), "ledger.malformed");
}

TEST(ReceiptsTest, HaveTheRootOfTheFormat) {  // computed apart from this code, in Python
  EXPECT_EQ(ReceiptsRoot(Receipts(7)).Hex(),
            "72e1efe4ed54a78fcdd9b677f79b07c0beef093e88164be09e3fdfb0882b6055");
}

TEST(ReceiptsTest, EachIsProvedAndNoOther) {
  for (std::size_t count = 1; count <= 40; ++count) {
    const std::vector<std::string> receipts = Receipts(count);
    const RoundCommit commit = CommitOf(receipts);
    for (std::size_t i = 0; i < count; ++i) {
      const ledger::Proof proof = ProveReceipt(receipts, i);
      EXPECT_TRUE(CheckIncluded(commit, commit.cohort[i], receipts[i], proof).ok()) << i << " of " << count;
      EXPECT_EQ(CheckIncluded(commit, commit.cohort[i], "another", proof).error(), "receipt.omitted");
      EXPECT_EQ(CheckIncluded(commit, commit.cohort[(i + 1) % count], receipts[i], proof).error(),
                count == 1 ? "" : "receipt.omitted")
          << "in another's place";
    }
  }
}

TEST(ReceiptsTest, OneThatWasLeftOutIsNoticed) {
  const std::vector<std::string> receipts = Receipts(5);
  RoundCommit commit = CommitOf(receipts);
  const ledger::Proof proof = ProveReceipt(receipts, 2);
  RoundCommit without = commit;
  without.cohort.erase(without.cohort.begin() + 2);
  EXPECT_EQ(CheckIncluded(without, commit.cohort[2], receipts[2], proof).error(), "receipt.omitted");
  commit.receipts_root.bytes[0] ^= 1;
  EXPECT_EQ(CheckIncluded(commit, commit.cohort[2], receipts[2], proof).error(), "receipt.omitted");
}

}  // namespace
}  // namespace accord::charter
