// accord plan, as typed: what it prints, and what it says to figures that cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/plan_text.h"
#include "tests/unit/cli/fake_network.h"
#include "tests/unit/cli/golden.h"
#include "tests/unit/cli/views.h"

namespace accord::cli {
namespace {

using ::testing::HasSubstr;

using Words = std::vector<std::string>;

Words Plan(const Words& more = {}) {
  Words words{"plan", "--params", "70e9", "--nodes", "12", "--uplink", "1Gbit", "--gpu-tflops", "400"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(PlanCommandTest, PrintsAPlanForPeople) {
  Program p;
  const auto ended = p.Run(Plan({"--price", "2EUR/h", "--watts", "700W"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  ExpectGolden("plan.txt", ended.out);
  EXPECT_EQ(p.coordinator.connects, 0) << "no coordinator is asked, none need be joined";
}

TEST(PlanCommandTest, ExplainsItselfAndPaintsOnTerminals) {
  Program p;
  ExpectGolden("plan_explain.txt", p.Run(Plan({"--gpus-per-node", "32", "--price", "2/h", "--explain"})).out);
  plan::Inputs inputs;
  inputs.parameters = 1e9;
  inputs.nodes = 3;
  inputs.uplink = 1e8;
  inputs.device_flops = 1e14;
  inputs.secure = false;
  inputs.coordinator_link = 1e9;
  const Result<plan::Plan> plan = plan::MakePlan(inputs);
  ASSERT_TRUE(plan.ok());
  ExpectGolden("plan_color.txt", PlanText(*plan, TerminalStyle()));
}

// Six digits of each number: libm's last ones differ between processors.
nlohmann::ordered_json Rounded(nlohmann::ordered_json value) {
  for (auto& inner : value)
    if (inner.is_structured()) inner = Rounded(inner);
  for (auto& inner : value) {
    if (!inner.is_number_float()) continue;
    char text[40];
    std::snprintf(text, sizeof text, "%.6g", inner.get<double>());
    inner = std::strtod(text, nullptr);
  }
  return value;
}

TEST(PlanCommandTest, AnswersScripts) {
  Program p;
  const auto ended = p.Run(Plan({"--json", "--explain", "--price", "2/h"}));
  ExpectGolden("plan.json", Rounded(nlohmann::ordered_json::parse(ended.out)).dump(1) + "\n");
  const auto far = nlohmann::json::parse(p.Run(Plan({"--json", "--latency", "7d"})).out);
  EXPECT_TRUE(far["data"]["options"][0]["bit_s_for_95_percent"].is_null()) << "no rate makes up for that";
}

TEST(PlanCommandTest, EveryOptionSetsWhatItNames) {
  Program p;
  const auto ended = p.Run({"plan",     "--params",       "7B",      "--nodes",
                            "5",        "--uplink",       "100Mbit", "--gpu-tflops",
                            "312",      "--tokens",       "1T",      "--gpus-per-node",
                            "4",        "--gpu-memory",   "40GiB",   "--mfu",
                            "0.5",      "--downlink",     "200Mbps", "--coordinator",
                            "2Gbit/s",  "--latency",      "80ms",    "--h",
                            "60",       "--fragments",    "6",       "--overlap",
                            "2",        "--alpha",        "0.25",    "--overlap-backward",
                            "on",       "--batch-tokens", "1M",      "--seq",
                            "4096",     "--layers",       "32",      "--hidden",
                            "4096",     "--vocab",        "50k",     "--precision",
                            "f32",      "--secure",       "off",     "--price",
                            "1.5EUR/h", "--watts",        "0.4kW",   "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto inputs = nlohmann::json::parse(ended.out)["data"]["inputs"];
  const auto expected = nlohmann::json::parse(R"({"params":7e9,"tokens":1e12,"nodes":5,"gpus_per_node":4,
    "gpu_flops":312e12,"gpu_memory_bytes":42949672960.0,"mfu":0.5,"uplink_bit_s":1e8,"downlink_bit_s":2e8,
    "coordinator_bit_s":2e9,"latency_s":0.08,"h":60,"fragments":6,"overlap":2,"alpha":0.25,
    "overlap_backward":true,"batch_tokens":1e6,"seq":4096,"layers":32,"hidden":4096,"vocab":50000,
    "precision":"f32","secure":false,"watts":400.0,"price":{"amount":1.5,"currency":"EUR"}})");
  EXPECT_EQ(inputs, expected);
  EXPECT_EQ(inputs.size(), PlanOptions().size()) << "an option that this test does not know";
}

TEST(PlanCommandTest, SaysWhatIsWrongAndWhatToDo) {
  Program p;
  std::string text;
  for (const Words& more :
       {Words{"--uplink", "1GB"}, Words{"--nodes", "0"}, Words{"--nodes", "2"}, Words{"--nodes", "2.5"},
        Words{"--params", "many"}, Words{"--fragments", "7"}, Words{"--overlap", "10"}, Words{"--mfu", "40"},
        Words{"--latency", "5"}, Words{"--price", "3"}, Words{"--watts", "700"}, Words{"--layers", "80"},
        Words{"--secure", "maybe"}, Words{"--gpu-memory", "80"}, Words{"--seq", "0"}}) {
    Words words = Plan();
    const auto there = std::ranges::find(words, more[0]);
    if (there != words.end())
      *(there + 1) = more[1];
    else
      words.insert(words.end(), more.begin(), more.end());
    const auto ended = p.Run(words);
    EXPECT_EQ(ended.code, 4) << more[0];
    EXPECT_EQ(ended.out, "");
    text += more[0] + " " + more[1] + "\n" + ended.err;
  }
  ExpectGolden("plan_errors.txt", text);
  EXPECT_THAT(p.Run({"plan"}).err, HasSubstr("--params is required"));
}

}  // namespace
}  // namespace accord::cli
