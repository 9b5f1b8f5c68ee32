// Published runs, computed anew with the planner's formulas: ours, theirs and the error, in docs/planner.md
// between two marks. No constant here is chosen to fit; what a publication leaves open is said there.
// ACCORD_UPDATE_DOCS=1 writes the tables anew.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "plan/explain.h"
#include "plan/plan.h"

namespace accord::plan {
namespace {

const char* const kPage = ACCORD_SOURCE_DIR "/docs/planner.md";

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Digits(double value) {
  char text[40];
  std::snprintf(text, sizeof text, value >= 1000.0 ? "%.0f" : value >= 100.0 ? "%.1f" : "%.3g", value);
  return text;
}

double Error(double ours, double theirs) { return ours / theirs - 1.0; }
std::string ErrorText(double error) {
  char text[40];
  std::snprintf(text, sizeof text, "%+.1f %%", 100.0 * error);
  return text;
}

struct Row {
  std::string what;
  double ours, theirs;
};

std::string RowsText(const std::vector<Row>& rows) {
  std::string out = "| figure | ours | published | error |\n|---|---|---|---|\n";
  for (const Row& row : rows) {
    out += "| " + row.what + " | " + Digits(row.ours) + " | " + Digits(row.theirs) + " | " +
           ErrorText(Error(row.ours, row.theirs)) + " |\n";
  }
  return out;
}

// The text between <!-- name --> and <!-- end name --> of the page is `text`.
void ExpectOnPage(const std::string& name, const std::string& text) {
  std::string page = Read(kPage);
  const std::string begin = "<!-- " + name + " -->\n";
  const std::size_t from = page.find(begin);
  const std::size_t to = page.find("<!-- end " + name + " -->");
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos) << "marks of " << name;
  const std::size_t first = from + begin.size();
  if (std::getenv("ACCORD_UPDATE_DOCS") != nullptr) {
    std::ofstream(kPage, std::ios::binary) << page.substr(0, first) + text + page.substr(to);
    return;
  }
  EXPECT_EQ(page.substr(first, to - first), text) << "run this test with ACCORD_UPDATE_DOCS=1";
}

// An exchange of so many bits a parameter that counts once, as the publications count it.
Traffic Plain(double parameters, double bits) { return {.up_bytes = parameters * bits / 8.0}; }

// ---- Streaming DiLoCo (Douillard et al. 2025, 2501.18512)

constexpr double kSteps = 100.0;  // H of all its methods
constexpr double kLayersOfFragment = 3.0;

struct Size {
  const char* name;
  double parameters;
  std::uint64_t layers;
  double step_s;
};
constexpr std::array<Size, 3> kSizes{
    {{"1B", 1e9, 24, 0.1}, {"10B", 10e9, 48, 0.8}, {"100B", 100e9, 108, 4.9}}};
constexpr std::array<double, 5> kShares{0.5, 0.8, 0.9, 0.95, 0.99};

struct Way {
  const char* name;
  bool diloco, streaming;
  double overlap, bits;
};
constexpr std::array<Way, 5> kWays{{{"data parallel", false, false, 0, 16},
                                    {"DiLoCo", true, false, 0, 16},
                                    {"Streaming DiLoCo", true, true, 0, 16},
                                    {"Streaming, overlapped", true, true, 1, 16},
                                    {"Streaming, overlapped, 4 bits", true, true, 1, 4}}};

// Table 4: Gbit/s that reach a compute utilisation, by size and way.
constexpr double kTable4[3][5][5] = {{{86.8, 152.6, 184.2, 222.3, 569.0},
                                      {1.4, 6.2, 13.3, 23.3, 86.8},
                                      {1.4, 5.2, 9.1, 16.0, 28.1},
                                      {1.4, 4.3, 6.2, 9.1, 11.0},
                                      {0.4, 0.9, 1.7, 2.0, 3.0}},
                                     {{104.8, 222.3, 222.3, 268.3, 471.5},
                                      {1.7, 7.5, 16.0, 33.9, 104.8},
                                      {1.7, 5.2, 9.1, 13.3, 19.3},
                                      {1.7, 3.6, 5.2, 6.2, 7.5},
                                      {0.4, 0.9, 1.4, 1.4, 1.7}},
                                     {{184.2, 323.8, 390.7, 390.7, 471.5},
                                      {3.0, 11.0, 23.3, 49.4, 184.2},
                                      {2.4, 6.2, 9.1, 11.0, 19.3},
                                      {1.7, 3.6, 4.3, 5.2, 5.2},
                                      {0.5, 0.9, 1.1, 1.1, 1.4}}};

// All published rates lie on one geometric grid: 86.8, 104.8, 126.5, 152.6, 184.2, 222.3, 268.3, ...
constexpr double kGrid = 104.8 / 86.8;

Schedule ScheduleOf(const Size& size, const Way& way) {
  Schedule schedule{.overlap = way.overlap, .backward = true, .layers = size.layers};
  if (!way.diloco) return schedule;
  if (way.streaming)
    schedule.fragments = static_cast<std::uint32_t>(static_cast<double>(size.layers) / kLayersOfFragment);
  schedule.interval = kSteps / schedule.fragments;
  return schedule;
}

Traffic TrafficOf(const Size& size, const Way& way) {
  return Plain(size.parameters / ScheduleOf(size, way).fragments, way.bits);
}

TEST(PublishedTest, StreamingDilocoRatesForAUtilisation) {
  std::string text = "| model | method | 50 % | 80 % | 90 % | 95 % | 99 % |\n|---|---|---|---|---|---|---|\n";
  double sum = 0.0, largest = 0.0;
  int near = 0;
  for (std::size_t size = 0; size < kSizes.size(); ++size) {
    for (std::size_t way = 0; way < kWays.size(); ++way) {
      text += "| " + std::string(kSizes[size].name) + " | " + kWays[way].name;
      for (std::size_t share = 0; share < kShares.size(); ++share) {
        const double theirs = kTable4[size][way][share];
        const double ours = RateFor(kShares[share], ScheduleOf(kSizes[size], kWays[way]), kSizes[size].step_s,
                                    TrafficOf(kSizes[size], kWays[way]), 0.0) /
                            1e9;
        const double error = Error(ours, theirs);
        sum += std::abs(error);
        largest = std::max(largest, std::abs(error));
        near += std::abs(std::log(1.0 + error)) <= std::log(kGrid) ? 1 : 0;
        text += " | " + Digits(ours) + " / " + Digits(theirs) + " (" + ErrorText(error) + ")";
      }
      text += " |\n";
    }
  }
  const double mean = sum / 75.0;
  text += "\nMean of the 75 errors without their signs: " + Digits(100 * mean) +
          " %; the largest: " + Digits(100 * largest) + " %; " + std::to_string(near) +
          " of 75 within one step of the publication's grid.\n";
  std::printf("%s", text.c_str());
  EXPECT_LT(mean, 0.12);
  EXPECT_LT(largest, 0.45);
  EXPECT_GE(near, 70);
  ExpectOnPage("streaming rates", text);
}

TEST(PublishedTest, StreamingDilocoOvertraining) {
  constexpr double kBatch = 1 << 20;  // from 25B tokens in 0.67 h of 0.1 s steps: 1.04M
  struct Run {
    const char* name;
    double tokens, parallel_hours, streaming_hours, parallel_terabits, streaming_terabits;
  };
  const Size& size = kSizes[0];
  std::vector<Row> rows;
  for (const Run& run : {Run{"25B", 25e9, 109, 0.88, 441, 1.10}, Run{"100B", 100e9, 438, 3.5, 1767, 4.42},
                         Run{"250B", 250e9, 1097, 8.75, 4418, 11.05}}) {
    const double steps = run.tokens / kBatch;
    const auto hours = [&](const Way& way) {
      const double exchange_s = ExchangeSeconds(TrafficOf(size, way), {.up = 1e9, .down = 1e9});
      return steps * size.step_s / Utilisation(ScheduleOf(size, way), size.step_s, exchange_s) / 3'600.0;
    };
    const auto terabits = [&](const Way& way) {
      return 8.0 * TrafficOf(size, way).up_bytes * steps / ScheduleOf(size, way).interval / 1e12;
    };
    const std::string name = std::string("1B, ") + run.name + " tokens: ";
    rows.push_back({name + "data parallel, h at 1 Gbit/s", hours(kWays[0]), run.parallel_hours});
    rows.push_back({name + "Streaming, h at 1 Gbit/s", hours(kWays[4]), run.streaming_hours});
    rows.push_back({name + "data parallel, Tbit (\"TB\")", terabits(kWays[0]), run.parallel_terabits});
    rows.push_back({name + "Streaming, Tbit (\"TB\")", terabits(kWays[4]), run.streaming_terabits});
    if (run.tokens == 25e9) {
      rows.push_back({"fewer bits than data parallel", terabits(kWays[0]) / terabits(kWays[4]), 400});
      rows.push_back({"less at a time than DiLoCo",
                      TrafficOf(size, kWays[1]).up_bytes / TrafficOf(size, kWays[3]).up_bytes, 8});
    }
  }
  for (const Row& row : rows) EXPECT_LT(std::abs(Error(row.ours, row.theirs)), 0.15) << row.what;
  ExpectOnPage("streaming runs", RowsText(rows));
}

// ---- INTELLECT-1 (Jaghouar et al. 2024, 2412.01152)

Inputs Intellect(double mfu) {
  Inputs s;
  s.parameters = 10e9;
  s.tokens = 1e12;
  s.nodes = 14;
  s.devices = 8;
  s.device_flops = 989.4e12;  // H100 SXM, bf16, dense: NVIDIA's data sheet
  s.mfu = mfu;
  s.batch_tokens = 128.0 * 8'192.0;
  s.sequence = 8'192;
  s.layers = 42;
  s.hidden = 4'096;
  return s;
}

TEST(PublishedTest, Intellect1) {
  const double computing = 0.362 / 0.83;  // the published MFU is of all time, exchanges included
  const Work work = WorkOf(Intellect(computing));
  const double days = work.days / 0.83;
  const double bits_saved = Plain(10e9, 32).up_bytes / (Plain(10e9, 8).up_bytes / 100.0);
  const std::vector<Row> rows{
      {"less traffic than f32 each step (H 100, 8 bits), times", bits_saved, 400},
      {"MFU of the USA, from that of the globe: 36.2 % * 96 / 83", 100 * computing * 0.96, 41.4},
      {"days for 1T tokens, 14 nodes throughout", days, 42},
  };
  EXPECT_DOUBLE_EQ(bits_saved, 400.0);
  EXPECT_LT(std::abs(Error(rows[1].ours, rows[1].theirs)), 0.02);
  EXPECT_LT(days, 42.0) << "the run had fewer nodes than 14 for most of its time";
  // What the planner would need to be told: a ring sends 2 (n - 1) / n of the model from each node.
  std::string text = RowsText(rows);
  const Schedule schedule{.interval = 100.0};
  for (const auto& [where, share] : {std::pair{"USA", 0.96}, std::pair{"globe", 0.83}}) {
    const double rate = RateFor(share, schedule, work.step_s, Plain(10e9 * 2.0 * 13 / 14, 8), 0.0);
    text += "| Mbit/s a node sent at, by that utilisation (" + std::string(where) + ") | " +
            Digits(rate / 1e6) + " | not published | |\n";
  }
  text += "| nodes at work on average, by 42 days | " + Digits(14.0 * days / 42.0) + " | at most 14 | |\n";
  ExpectOnPage("intellect", text);
}

TEST(PublishedTest, SeventyBillionParameters) {
  const Link gigabit{.up = 1e9, .down = 1e9};
  std::vector<Row> rows{{"weights in bf16, GB", Plain(70e9, 16).up_bytes / 1e9, 140}};
  for (const auto& [name, bits, theirs] :
       {std::tuple{"f32", 32.0, 2240.0}, std::tuple{"8 bits", 8.0, 560.0}, std::tuple{"4 bits", 4.0, 280.0}})
    rows.push_back({std::string("one delta in ") + name + " at 1 Gbit/s, s",
                    ExchangeSeconds(Plain(70e9, bits), gigabit), theirs});
  for (const Row& row : rows) EXPECT_NEAR(row.ours, row.theirs, 1e-9) << row.what;
  ExpectOnPage("seventy", RowsText(rows));
}

// ---- what --explain prints is what the page says

TEST(PlannerPageTest, StatesEveryFormula) {
  const std::string page = Read(kPage);
  Inputs s;
  s.parameters = 70e9;
  s.nodes = 12;
  s.uplink = 1e9;
  s.device_flops = 400e12;
  s.price = Price{.amount = 2.0};
  s.watts = 700;
  for (const bool backward : {false, true}) {
    s.overlap_backward = backward;
    const Result<Plan> plan = MakePlan(s);
    ASSERT_TRUE(plan.ok());
    const std::vector<Section> sections = Explain(*plan);
    ASSERT_EQ(sections.size(), 5U);
    for (const Section& section : sections) {
      for (const Explained& line : section.lines) {
        EXPECT_NE(page.find("`" + std::string(line.formula) + "`"), std::string::npos) << line.formula;
        EXPECT_EQ(line.numbers.find("{}"), std::string::npos) << line.numbers;
      }
    }
  }
}

}  // namespace
}  // namespace accord::plan
