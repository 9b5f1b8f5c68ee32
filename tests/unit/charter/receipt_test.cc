#include "charter/receipt.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace accord::charter {
namespace {

constexpr const char* kNode = "spiffe://ke.fed.example/node/nairobi-1";

Digest HashOf(std::string_view text) { return crypto::Sha256::Of(text); }

Receipt ExampleReceipt() {
  return {.job = HashOf("job"),
          .round = 7,
          .member = "ke",
          .node = kNode,
          .dataset = HashOf("certificate"),
          .model_in = HashOf("model"),
          .update = HashOf("update"),
          .local_steps = 40,
          .wall_s = 12,
          .epsilon_spent_milli = 10,
          .time = 1'800'000'000};
}

TEST(ReceiptTest, ComesBackWhole) {
  Receipt receipt = ExampleReceipt();
  EXPECT_EQ(*ParseReceipt(Encode(receipt)), receipt);
  receipt.dataset.reset();
  receipt.policy = HashOf("policy");
  EXPECT_EQ(*ParseReceipt(Encode(receipt)), receipt);
  receipt.bytes = 4'096;
  EXPECT_EQ(*ParseReceipt(Encode(receipt)), receipt);
  receipt.energy_j = 0;  // told, unlike none
  EXPECT_EQ(*ParseReceipt(Encode(receipt)), receipt);
}

TEST(ReceiptTest, HasTheFieldsOfTheFormat) {
  const auto json = nlohmann::ordered_json::parse(AsText(Encode(ExampleReceipt())));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"job_id", "round", "member", "node", "dataset_cert",
                                            "model_in_sha256", "update_commitment", "local_steps", "wall_s",
                                            "epsilon_spent_milli", "policy_sha256", "time"}));
}

TEST(ReceiptTest, RefusesWhatIsNone) {
  const auto error = [](const std::function<void(nlohmann::ordered_json&)>& change) {
    auto json = nlohmann::ordered_json::parse(AsText(Encode(ExampleReceipt())));
    change(json);
    return ParseReceipt(AsBytes(json.dump())).status().error();
  };
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["round"] = 0; }), "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["node"] = "nairobi-1"; }), "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["member"] = ""; }), "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["loss"] = 1; }), "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["bytes"] = "1"; }), "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json["energy_j"] = -1; }), "ledger.malformed");
  EXPECT_EQ(error([](nlohmann::ordered_json& json) { json.erase("time"); }), "ledger.malformed");
}

// Computed apart from this code: printf 'upd/v1' and bytes 00..1f, u64be 7, bytes 20..3f, "masked" |
// sha256sum.
TEST(UpdateCommitmentTest, IsTheHashOfTheFormat) {
  Digest job;
  UpdateCommitment::Salt salt;
  for (std::uint8_t i = 0; i < 32; ++i) {
    job.bytes[i] = i;
    salt[i] = static_cast<std::uint8_t>(32 + i);
  }
  UpdateCommitment whole(job, 7, salt), pieces(job, 7, salt), other(job, 8, salt);
  whole.Update(AsBytes("masked"));
  pieces.Update(AsBytes("mas"));
  pieces.Update(AsBytes("ked"));
  other.Update(AsBytes("masked"));
  const Digest commitment = whole.Finish();
  EXPECT_EQ(commitment.Hex(), "1b0ebe74a3b7dacd6c7f8a4c324fd7eb4541c7fcfd6af0ca8ff8baa1fb22307a");
  EXPECT_EQ(pieces.Finish(), commitment);
  EXPECT_NE(other.Finish(), commitment);
}

TEST(CheckReceiptTest, IsOfItsNodeAndItsRound) {
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate();
  const Receipt receipt = ExampleReceipt();
  const ReceiptFor wanted{receipt.job, receipt.round, receipt.model_in};
  ledger::Envelope envelope{std::string(kReceiptType), Encode(receipt), {}};
  Sign(envelope, key, "");
  const auto error = [&](const ReceiptFor& round, const std::string& node = kNode) {
    return CheckReceipt(envelope, receipt, round, node, key.PublicKey()).error();
  };
  EXPECT_EQ(error(wanted), "");
  EXPECT_EQ(error({HashOf("other"), wanted.round, wanted.model_in}), "receipt.refused");
  EXPECT_EQ(error({wanted.job, 8, wanted.model_in}), "receipt.refused");
  EXPECT_EQ(error({wanted.job, wanted.round, HashOf("other")}), "receipt.refused");
  EXPECT_EQ(error(wanted, "spiffe://ke.fed.example/node/nairobi-2"), "receipt.refused");
  const auto other = crypto::Ed25519Key::Generate().PublicKey();
  EXPECT_EQ(CheckReceipt(envelope, receipt, wanted, kNode, other).error(), "receipt.refused");
  envelope.payload_type = "application/vnd.accord.vote.v1+json";
  EXPECT_EQ(error(wanted), "receipt.refused") << "a receipt is no vote, nor a vote a receipt";
}

}  // namespace
}  // namespace accord::charter
