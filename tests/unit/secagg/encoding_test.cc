#include "secagg/encoding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

Encoding Valid() {
  return {.n = 3,
          .bits = 16,
          .field_bits = 18,
          .coordinates = 20,
          .clip = 1.0,
          .w_max = 1000,
          .headers = {{"count", 1}, {"omega", kOmegaOne}, {"loss_sum", 1ULL << 32}}};
}

// The error of a valid encoding after one change.
std::string ErrorOf(const std::function<void(Encoding&)>& change, SecureMode mode = SecureMode::kMalicious) {
  Encoding encoding = Valid();
  change(encoding);
  return encoding.Validate(mode).error();
}

TEST(EncodingTest, TakesTheFrozenParameters) {
  const auto vectors = fsa1::Load("encoding.json");
  ASSERT_EQ(vectors["params"].size(), 4U);
  for (const auto& params : vectors["params"]) {
    const auto& fields = params["fields"];
    if (fields["dp"] != "") continue;
    Encoding encoding{.n = fields["n"],
                      .bits = fields["b"],
                      .field_bits = fields["f"],
                      .coordinates = fields["d"],
                      .clip = fsa1::Double(fields["C"]),
                      .w_max = fields["W_max"],
                      .headers = {}};
    for (const auto& header : fields["headers"]) encoding.headers.push_back({header["name"], header["max"]});
    EXPECT_TRUE(encoding.Validate(SecureMode::kMalicious).ok());
    EXPECT_EQ(encoding.Words(), params["nwords"]);
  }
}

TEST(EncodingTest, FieldsHoldTheSumOfTheCohortAndFillTheWord) {
  for (const auto& c : fsa1::Load("packing.json")) {
    EXPECT_EQ(FieldBits(c["b"], c["n"]), c["f"]);
    const Encoding encoding{.bits = c["b"], .field_bits = c["f"], .coordinates = c["d"]};
    EXPECT_EQ(encoding.FieldsPerWord(), c["fields_per_word"]);
    EXPECT_EQ(encoding.Limit(), c["M"]);
  }
  EXPECT_EQ(FieldBits(16, 1), 16U);
  EXPECT_EQ(FieldBits(16, 2), 17U);
  EXPECT_EQ(FieldBits(16, 4), 18U);
  EXPECT_EQ(FieldBits(16, 5), 19U);
  EXPECT_EQ(FieldBits(32, 65'535), 48U);
}

TEST(EncodingTest, IsMadeFromAJobsUpdateTable) {
  const UpdateSpec update{.bits = 16, .clip = 1.0, .max_examples = 1000};
  const Result<Encoding> made =
      Encoding::For(update, SecureMode::kMalicious, 3, 20, {{"loss_sum", 1ULL << 32}});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(*made, Valid());
  EXPECT_EQ(Encoding::For(update, SecureMode::kMalicious, 2, 20, {}).status().error(),
            "secagg.cohort_too_small");
  EXPECT_TRUE(Encoding::For(update, SecureMode::kOff, 1, 20, {}).ok());
}

TEST(EncodingTest, SmallCohortsOnlyWithoutSecrecy) {
  for (const std::uint32_t n : {1U, 2U}) {
    const auto change = [n](Encoding& e) { e.n = n, e.field_bits = FieldBits(e.bits, n); };
    EXPECT_EQ(ErrorOf(change), "secagg.cohort_too_small");
    EXPECT_EQ(ErrorOf(change, SecureMode::kSemiHonest), "secagg.cohort_too_small");
    EXPECT_EQ(ErrorOf(change, SecureMode::kOff), "");
  }
  EXPECT_EQ(ErrorOf([](Encoding& e) { e.n = 0; }, SecureMode::kOff), "secagg.cohort_too_small");
  EXPECT_EQ(ErrorOf([](Encoding& e) { e.n = 65'536; }, SecureMode::kOff), "secagg.cohort_too_small");
}

TEST(EncodingTest, RefusesEveryBrokenRule) {
  using Limits = std::numeric_limits<double>;
  const std::vector<std::function<void(Encoding&)>> changes{
      [](Encoding& e) { e.bits = 1; },
      [](Encoding& e) { e.bits = 33; },
      [](Encoding& e) { e.field_bits = 17; },
      [](Encoding& e) { e.field_bits = 19; },
      [](Encoding& e) { e.coordinates = 0; },
      [](Encoding& e) { e.clip = 0.0; },
      [](Encoding& e) { e.clip = -1.0; },
      [](Encoding& e) { e.clip = Limits::quiet_NaN(); },
      [](Encoding& e) { e.clip = Limits::infinity(); },
      [](Encoding& e) { e.clip = 1e-300; },
      [](Encoding& e) { e.clip = 1e300; },
      [](Encoding& e) { e.w_max = 0; },
      [](Encoding& e) { e.w_max = 1ULL << 32; },
      [](Encoding& e) { e.margin = 32'767; },
      [](Encoding& e) { e.margin = 60; },  // with noise: W_max = 1 and two headers
      [](Encoding& e) { e.headers.clear(); },
      [](Encoding& e) { e.headers.resize(1); },
      [](Encoding& e) { std::swap(e.headers[0], e.headers[1]); },
      [](Encoding& e) { e.headers[0].max = 2; },
      [](Encoding& e) { e.headers[1].max = 5; },
      [](Encoding& e) { e.headers[2].max = 0; },
      [](Encoding& e) { e.headers[2].max = 1ULL << 40; },
      [](Encoding& e) { e.headers[2].name = "omega"; },
      [](Encoding& e) { e.headers[2].name = std::string(65, 'x'); },
      [](Encoding& e) {
        for (int i = 0; i < 253; ++i) e.headers.push_back({"h" + std::to_string(i), 1});
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(ErrorOf(changes[i]), "secagg.bad_params") << "change " << i;
  }
  EXPECT_EQ(ErrorOf([](Encoding&) {}), "");
}

TEST(EncodingTest, AWidthThatCannotHoldTheCohortIsRefusedWithTheArithmetic) {
  Encoding encoding = Valid();
  encoding.bits = 32;
  encoding.n = 65'535;
  encoding.field_bits = 48;
  EXPECT_TRUE(encoding.Validate(SecureMode::kOff).ok());
  encoding.field_bits = 47;
  EXPECT_EQ(encoding.Validate(SecureMode::kOff).message(),
            "32 bits + ceil(log2 65535 nodes) = 48 bits a sum, not 47");
}

}  // namespace
}  // namespace accord::secagg
