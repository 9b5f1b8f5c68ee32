#include "secagg/params.h"

#include <gtest/gtest.h>

#include <functional>

#include "secagg/context.h"
#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

SecureMode ModeOf(const nlohmann::json& vector) { return static_cast<SecureMode>(vector["mode"].get<int>()); }

Params Three(SecureMode mode = SecureMode::kMalicious) {
  return *Params::For(
      {.bits = 16, .clip = 1.0, .max_examples = 1000},
      {.mode = mode, .n = 3, .corrupt = 0, .coordinates = 20, .extras = {{"loss_sum", 1ULL << 32}}});
}

std::string ErrorAfter(const std::function<void(Params&)>& change) {
  Params params = Three();
  change(params);
  const std::string error = Params::Parse(params.Encode(), SecureMode::kMalicious).status().error();
  EXPECT_EQ(params.Validate(SecureMode::kMalicious).error(), error);
  return error;
}

TEST(ParamsTest, MatchesTheFrozenBytesFieldsAndHashes) {
  for (const auto& vector : fsa1::Load("encoding.json")["params"]) {
    const auto& fields = vector["fields"];
    const Bytes bytes = fsa1::Hex(vector["bytes"]);
    const Result<Params> params = Params::Parse(bytes, ModeOf(vector));
    ASSERT_TRUE(params.ok()) << params.status().message();
    EXPECT_EQ(params->Encode(), bytes);
    EXPECT_EQ(ParamsHash(bytes).Hex(), vector["hash"]);
    EXPECT_EQ(params->encoding.Words(), vector["nwords"]);
    EXPECT_EQ(params->verify, fields["verify"] == 1);
    EXPECT_EQ(params->n(), fields["n"]);
    EXPECT_EQ(params->corrupt, fields["T"]);
    EXPECT_EQ(params->thresholds, (Thresholds{fields["t"], fields["u_min"]}));
    EXPECT_EQ(params->graph.value_or(NeighbourGraph{}), (NeighbourGraph{fields["k"], fields["t_k"]}));
    EXPECT_EQ(params->encoding.bits, fields["b"]);
    EXPECT_EQ(params->encoding.clip, fsa1::Double(fields["C"]));
    EXPECT_EQ(params->encoding.w_max, fields["W_max"]);
    EXPECT_EQ(params->chunk_words, fields["chunk_words"]);
    EXPECT_EQ(params->encoding.headers.size(), fields["headers"].size());
    EXPECT_EQ(params->noise.has_value(), fields["dp"] != "");
    if (params->noise) {
      EXPECT_EQ(params->encoding.margin, params->noise->margin);
    }
  }
}

TEST(ParamsTest, AJobMakesTheFrozenParameters) {
  Params params = Three();
  params.chunk_words = 4;
  EXPECT_EQ(fsa1::ToHex(params.Encode()), fsa1::Load("encoding.json")["params"][0]["bytes"]);
}

TEST(ParamsTest, AJobMayAskForMoreSurvivors) {
  Params::Choice choice{.n = 10, .corrupt = 2, .coordinates = 20, .extras = {}, .graph = {}};
  const UpdateSpec update{.bits = 16, .clip = 1.0, .max_examples = 1000};
  EXPECT_EQ(Params::For(update, choice)->thresholds, (Thresholds{7, 7}));
  choice.least_survivors = 9;
  EXPECT_EQ(Params::For(update, choice)->thresholds, (Thresholds{7, 9}));
  choice.least_survivors = 11;
  EXPECT_EQ(Params::For(update, choice).status().error(), "secagg.bad_params");
  choice.corrupt = 9;
  EXPECT_EQ(Params::For(update, choice).status().error(), "secagg.cohort_too_small");
}

TEST(ParamsTest, LargeCohortsGetTheSmallestSafeGraph) {
  Params::Choice choice{.n = 500, .corrupt = 50, .coordinates = 20};
  const UpdateSpec update{.bits = 16, .clip = 1.0, .max_examples = 1000};
  const Result<Params> params = Params::For(update, choice);
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(params->graph, (NeighbourGraph{.degree = 82, .threshold = 57}));  // the table of 2.6
  EXPECT_EQ(params->ShareThreshold(), 57U);
  choice.n = 200;
  EXPECT_FALSE(Params::For(update, choice)->graph);
  choice = {.n = 500, .corrupt = 400, .coordinates = 20, .dropped = 400};
  EXPECT_EQ(Params::For(update, choice).status().error(), "secagg.bad_params");
}

// Condition (i) of 2.6 around an entry of its table: n = 500, a tenth corrupt.
TEST(ParamsTest, AGraphInWhichCorruptNeighboursReachTheThresholdIsRefused) {
  const Params::Choice choice{.n = 500, .corrupt = 50, .coordinates = 20};
  Params params = *Params::For({.bits = 16, .clip = 1.0, .max_examples = 1000}, choice);
  EXPECT_TRUE(params.Validate(SecureMode::kMalicious).ok());
  params.graph->threshold = 56;
  EXPECT_EQ(params.Validate(SecureMode::kMalicious).error(), "secagg.bad_params");
  params.graph = {.degree = 44, .threshold = 24};  // enough in semi-honest mode alone
  EXPECT_EQ(params.Validate(SecureMode::kMalicious).error(), "secagg.bad_params");
}

TEST(ParamsTest, ThresholdsAreThoseOfTheSpecification) {
  struct Row {
    std::uint32_t n, corrupt, t, u_min, lost_early, lost;
  };
  for (const auto& [n, corrupt, t, u_min, lost_early, lost] : {Row{3, 0, 2, 3, 0, 1},
                                                               {3, 1, 3, 3, 0, 0},
                                                               {5, 0, 3, 3, 2, 2},
                                                               {5, 1, 4, 4, 1, 1},
                                                               {10, 2, 7, 7, 3, 3},
                                                               {50, 10, 31, 31, 19, 19},
                                                               {50, 16, 34, 34, 16, 16},
                                                               {200, 40, 121, 121, 79, 79},
                                                               {200, 66, 134, 134, 66, 66}}) {
    const Thresholds rule = Thresholds::Of(n, corrupt, SecureMode::kMalicious);
    EXPECT_EQ(rule, (Thresholds{t, u_min})) << n << "," << corrupt;
    EXPECT_EQ(n - rule.u_min, lost_early);
    EXPECT_EQ(n - rule.t, lost);
  }
  EXPECT_EQ(Thresholds::Of(50, 10, SecureMode::kSemiHonest), (Thresholds{26, 26}));
  EXPECT_EQ(Thresholds::Of(10, 7, SecureMode::kSemiHonest), (Thresholds{8, 9}));
}

TEST(ParamsTest, DefaultsToAFifthFromFiveNodesOn) {
  EXPECT_EQ(DefaultCorrupt(3), 0U);
  EXPECT_EQ(DefaultCorrupt(4), 0U);
  EXPECT_EQ(DefaultCorrupt(5), 1U);
  EXPECT_EQ(DefaultCorrupt(200), 40U);
}

TEST(ParamsTest, SaysWhatAChoiceTolerates) {
  EXPECT_EQ(DescribeTolerance(3, 1, SecureMode::kMalicious),
            "3 nodes, 1 of them assumed corrupt: no node may be lost");
  EXPECT_EQ(DescribeTolerance(10, 2, SecureMode::kMalicious),
            "10 nodes, 2 of them assumed corrupt: 3 nodes may be lost");
  EXPECT_EQ(DescribeTolerance(3, 0, SecureMode::kMalicious),
            "3 nodes, none assumed corrupt: no node may be lost before the survivor set is named, 1 in all");
}

TEST(ParamsTest, RefusesEachBrokenRule) {
  const auto bad = [](const std::function<void(Params&)>& change) {
    EXPECT_EQ(ErrorAfter(change), "secagg.bad_params");
  };
  EXPECT_EQ(ErrorAfter([](Params&) {}), "");
  EXPECT_EQ(ErrorAfter([](Params& p) { p.encoding.n = 2; }), "secagg.cohort_too_small");
  EXPECT_EQ(ErrorAfter([](Params& p) { p.encoding.n = 65'536; }), "secagg.cohort_too_small");
  EXPECT_EQ(ErrorAfter([](Params& p) { p.corrupt = 2; }), "secagg.cohort_too_small");
  bad([](Params& p) { p.corrupt = 1; });
  bad([](Params& p) { p.thresholds.t = 1; });
  bad([](Params& p) { p.thresholds.t = 3; });
  bad([](Params& p) { p.thresholds.u_min = 2; });
  bad([](Params& p) { p.thresholds.u_min = 4; });
  bad([](Params& p) { p.graph = {.degree = 1, .threshold = 1}; });
  bad([](Params& p) { p.graph = {.degree = 0, .threshold = 1}; });
  bad([](Params& p) { p.graph = {.degree = 4, .threshold = 3}; });
  bad([](Params& p) { p.graph = {.degree = 2, .threshold = 0}; });
  bad([](Params& p) { p.graph = {.degree = 2, .threshold = 3}; });
  bad([](Params& p) { p.graph = {.degree = 2, .threshold = 1}; });
  bad([](Params& p) { p.encoding.bits = 1; });
  bad([](Params& p) { p.encoding.bits = 33; });
  bad([](Params& p) { p.encoding.field_bits = 17; });
  bad([](Params& p) { p.encoding.coordinates = 0; });
  bad([](Params& p) { p.encoding.clip = 0.0; });
  bad([](Params& p) { p.encoding.clip = -1.0; });
  bad([](Params& p) { p.encoding.w_max = 0; });
  bad([](Params& p) { p.encoding.w_max = 1ULL << 32; });
  bad([](Params& p) { p.chunk_words = 0; });
  bad([](Params& p) { p.chunk_words = kMaxChunkWords + 1; });
  bad([](Params& p) { p.encoding.headers.resize(1); });
  bad([](Params& p) { p.encoding.headers[0].max = 2; });
  bad([](Params& p) { std::swap(p.encoding.headers[0], p.encoding.headers[1]); });
  bad([](Params& p) { p.encoding.headers[2].max = 0; });
  bad([](Params& p) { p.encoding.headers[2].max = 1ULL << 40; });
  bad([](Params& p) { p.encoding.headers[2].name = "count"; });
  bad([](Params& p) { p.encoding.headers[2].name = std::string(65, 'a'); });
}

TEST(ParamsTest, NoiseNeedsWeightOneNoExtrasAndAMarginBelowTheLimit) {
  const auto with_noise = [](Params& p) {
    p.encoding.headers.resize(2);
    p.encoding.w_max = 1;
    p.encoding.margin = 60;
    p.noise = {.clip_norm = 1.0, .mu = 123.0, .margin = 60};
  };
  EXPECT_EQ(ErrorAfter(with_noise), "");
  EXPECT_EQ(ErrorAfter([&](Params& p) {
              with_noise(p);
              p.encoding.w_max = 2;
            }),
            "secagg.bad_params");
  EXPECT_EQ(ErrorAfter([&](Params& p) {
              with_noise(p);
              p.encoding.headers.push_back({"loss", 1});
            }),
            "secagg.bad_params");
  EXPECT_EQ(ErrorAfter([&](Params& p) {
              with_noise(p);
              p.encoding.margin = p.noise->margin = 32'767;
            }),
            "secagg.bad_params");
}

TEST(ParamsTest, RefusesCutAndLongBytes) {
  Bytes bytes = Three().Encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Params::Parse(ByteView(bytes).first(size), SecureMode::kMalicious).status().error(),
              "secagg.bad_encoding")
        << size;
  }
  bytes.push_back(0);
  EXPECT_EQ(Params::Parse(bytes, SecureMode::kMalicious).status().error(), "secagg.bad_encoding");
}

TEST(ParamsTest, TheFirstFaultNamesTheRefusal) {
  const auto error = [](Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes[at] = value;
    bytes.pop_back();  // short at the end, which is the last fault
    return Params::Parse(bytes, SecureMode::kMalicious).status().error();
  };
  const Bytes bytes = Three().Encode();
  EXPECT_EQ(error(bytes, 0, 2), "secagg.bad_params");        // format
  EXPECT_EQ(error(bytes, 1, 2), "secagg.bad_params");        // verify
  EXPECT_EQ(error(bytes, 2, 2), "secagg.bad_params");        // graph
  EXPECT_EQ(error(bytes, 6, 2), "secagg.cohort_too_small");  // n
  EXPECT_EQ(error(bytes, 14, 3), "secagg.bad_params");       // t
  EXPECT_EQ(error(bytes, 22, 2), "secagg.bad_params");       // k without a graph
  EXPECT_EQ(error(bytes, 27, 17), "secagg.bad_params");      // b
  EXPECT_EQ(error(bytes, 0, 1), "secagg.bad_encoding");
}

TEST(ParamsTest, SharesOpenByTheGraphsThresholdWhereThereIsAGraph) {
  const auto vectors = fsa1::Load("encoding.json")["params"];
  EXPECT_EQ(Params::Parse(fsa1::Hex(vectors[1]["bytes"]), SecureMode::kMalicious)->ShareThreshold(), 121U);
  EXPECT_EQ(Params::Parse(fsa1::Hex(vectors[3]["bytes"]), SecureMode::kMalicious)->ShareThreshold(), 67U);
  EXPECT_EQ(Params::Parse(fsa1::Hex(vectors[1]["bytes"]), SecureMode::kMalicious)->Tags(), 2U);
  EXPECT_EQ(Params::Parse(fsa1::Hex(vectors[2]["bytes"]), SecureMode::kSemiHonest)->Tags(), 0U);
}

}  // namespace
}  // namespace accord::secagg
