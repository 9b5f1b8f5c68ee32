#include "dataset/certificate.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/dataset/examples.h"

namespace accord::dataset {
namespace {

Status ErrorOf(const std::function<void(nlohmann::ordered_json&)>& change) {
  auto json = nlohmann::ordered_json::parse(AsText(Encode(ExampleCertificate())));
  change(json);
  return ParseCertificate(AsBytes(json.dump())).status();
}

TEST(CertificateTest, ComesBackWhole) {
  Certificate one = ExampleCertificate();
  auto parsed = ParseCertificate(Encode(one));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(*parsed, one);
  one.schema = one.croissant;
  one.supersedes = one.root;
  EXPECT_EQ(*ParseCertificate(Encode(one)), one);
}

TEST(CertificateTest, HasTheFieldsOfTheFormatInTheirOrder) {
  const auto json = nlohmann::ordered_json::parse(AsText(Encode(ExampleCertificate())));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"member", "dataset_id", "version", "croissant_sha256",
                                            "merkle_root", "leaf_count", "total_bytes", "record_count",
                                            "schema_sha256", "modalities", "jurisdiction", "legal_basis",
                                            "allowed_purposes", "personal_data", "epsilon_budget_milli",
                                            "supersedes", "not_before", "not_after"}));
}

TEST(CertificateTest, RefusesWhatContradictsItself) {
  const auto expect_refused = [](const std::string& field, const nlohmann::json& value) {
    const Status status = ErrorOf([&](nlohmann::ordered_json& json) { json[field] = value; });
    EXPECT_EQ(status.error(), "ledger.malformed") << field << " = " << value;
    EXPECT_NE(status.message().find(field), std::string::npos) << status.message();
  };
  EXPECT_TRUE(ErrorOf([](nlohmann::ordered_json&) {}).ok());
  expect_refused("member", "a nation");
  expect_refused("dataset_id", "");
  expect_refused("version", "");
  expect_refused("version", "1\x1b[2J");
  expect_refused("croissant_sha256", std::string(64, 'A'));
  expect_refused("merkle_root", "");
  expect_refused("leaf_count", 0);
  expect_refused("leaf_count", -1);
  expect_refused("total_bytes", 1.5);
  expect_refused("record_count", "120");
  expect_refused("modalities", nlohmann::json::array());
  expect_refused("modalities", {"text", "text"});
  expect_refused("allowed_purposes", {"all of them"});
  expect_refused("legal_basis", "");
  expect_refused("personal_data", 1);
  expect_refused("not_after", kNow - 1'000);
  expect_refused("colour", "red");
  const auto all = nlohmann::json::parse(AsText(Encode(ExampleCertificate())));
  for (const auto& [key, value] : all.items())
    EXPECT_FALSE(ErrorOf([&key = key](nlohmann::ordered_json& json) { json.erase(key); }).ok()) << key;
}

TEST(CertificateTest, CountsUnderItsMembersKeyWithinItsTime) {
  const Certificate one = ExampleCertificate();
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate(), other = crypto::Ed25519Key::Generate();
  const std::vector keys{ledger::LogKey("fed.example/ke", key.PublicKey())};
  ledger::Envelope envelope{std::string(kCertificateType), Encode(one), {}};
  Sign(envelope, other, ledger::KeyIdOf(keys[0]));
  EXPECT_EQ(CheckCertificate(envelope, one, keys, kNow).error(), "dataset.signature");
  Sign(envelope, key, "");
  EXPECT_TRUE(CheckCertificate(envelope, one, keys, kNow).ok());
  EXPECT_EQ(CheckCertificate(envelope, one, keys, one.not_before - 1).error(), "dataset.expired");
  EXPECT_TRUE(CheckCertificate(envelope, one, keys, one.not_before).ok());
  EXPECT_EQ(CheckCertificate(envelope, one, keys, one.not_after).error(), "dataset.expired");
  ledger::Envelope vote = envelope;
  vote.payload_type = "application/vnd.accord.vote.v1+json";
  vote.signatures.clear();
  Sign(vote, key, "");
  EXPECT_EQ(CheckCertificate(vote, one, keys, kNow).error(), "dataset.signature");
}

}  // namespace
}  // namespace accord::dataset
