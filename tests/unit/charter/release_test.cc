#include "charter/release.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crypto/sha256.h"

namespace accord::charter {
namespace {

ModelRelease ExampleRelease() {
  return {.job = crypto::Sha256::Of("job"),
          .model = crypto::Sha256::Of("model"),
          .signature = crypto::Sha256::Of("signature"),
          .provenance = crypto::Sha256::Of("provenance"),
          .time = 1'800'000'000};
}

TEST(ModelReleaseTest, ComesBackWhole) {
  EXPECT_EQ(*ParseModelRelease(Encode(ExampleRelease())), ExampleRelease());
}

TEST(ModelReleaseTest, RefusesWhatIsNone) {
  const auto whole = nlohmann::ordered_json::parse(AsText(Encode(ExampleRelease())));
  for (const char* field : {"job_id", "model_sha256", "signature_sha256", "provenance_sha256", "time"}) {
    auto json = whole;
    json.erase(field);
    EXPECT_EQ(ParseModelRelease(AsBytes(json.dump())).status().error(), "ledger.malformed") << field;
    json[field] = "x";
    EXPECT_EQ(ParseModelRelease(AsBytes(json.dump())).status().error(), "ledger.malformed") << field;
  }
  auto more = whole;
  more["price"] = 1;
  EXPECT_EQ(ParseModelRelease(AsBytes(more.dump())).status().error(), "ledger.malformed");
}

}  // namespace
}  // namespace accord::charter
