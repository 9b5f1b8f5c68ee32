#include "charter/score_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "crypto/spiffe.h"
#include "ledger/strict_json.h"

namespace accord::charter {

Bytes Encode(const ScoreReport& report) {
  nlohmann::ordered_json json{{"job_id", report.job.Hex()},
                              {"judge", report.judge},
                              {"rounds", report.rounds},
                              {"scores", nlohmann::ordered_json::array()},
                              {"time", report.time}};
  for (const NodeScore& score : report.scores)
    json["scores"].push_back({{"node", score.node}, {"harmed", score.harmed}, {"tenths", score.tenths}});
  const std::string text = json.dump();
  return {text.begin(), text.end()};
}

Result<ScoreReport> ParseScoreReport(ByteView payload) {
  ledger::JsonReader in(payload, "report of contributions");
  ScoreReport report{.job = in.Digest("job_id"),
                     .judge = in.Text("judge"),
                     .rounds = in.Unsigned("rounds"),
                     .scores = {},
                     .time = in.Unsigned("time")};
  for (ledger::JsonReader& one : in.Objects("scores")) {
    report.scores.push_back({one.Text("node"), one.Bool("harmed"), one.U32("tenths")});
    const NodeScore& score = report.scores.back();
    const auto node = crypto::SpiffeId::Parse(score.node);
    if (!node.ok() || node->Format() != score.node) one.Refuse("node", "it is no SPIFFE id");
    if (score.tenths > kMaxTenths) one.Refuse("tenths", "more than ten");
    if (score.tenths == 0 && score.harmed) one.Refuse("harmed", "by nothing");
  }
  const auto unsorted = [](const NodeScore& a, const NodeScore& b) { return a.node >= b.node; };
  if (report.scores.empty() || std::ranges::adjacent_find(report.scores, unsorted) != report.scores.end())
    in.Refuse("scores", "it is no list of nodes, ascending and each once");
  if (!IsName(report.judge)) in.Refuse("judge", "it is no id of a member");
  if (report.rounds == 0) in.Refuse("rounds", "none was judged");
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return report;
}

std::vector<NodeScore> InBands(const std::map<std::string, double>& scores) {
  double most = 0.0;
  for (const auto& [node, score] : scores) most = std::max(most, std::abs(score));
  std::vector<NodeScore> bands;
  for (const auto& [node, score] : scores) {
    const double share = most > 0.0 ? std::abs(score) / most : 0.0;
    const auto tenths = static_cast<std::uint32_t>(std::lround(share * kMaxTenths));
    bands.push_back({node, score < 0.0 && tenths > 0, tenths});
  }
  return bands;
}

}  // namespace accord::charter
