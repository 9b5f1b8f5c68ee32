// What a judge publishes of ledger B (governance.md f), once a job: a score for each node, in coarse bands,
// signed by its member as an entry of the log. How far scores tell of data is a price that the charter
// accepts; bands and the single report keep it small. Nothing is paid by them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "charter/charter.h"

namespace accord::charter {

inline constexpr std::string_view kScoreReportType = "application/vnd.accord.contribution-report.v1+json";
inline constexpr std::uint32_t kMaxTenths = 10;

// A score as a share of the largest magnitude of all, in tenths.
struct NodeScore {
  std::string node;  // its SPIFFE id
  bool harmed = false;
  std::uint32_t tenths = 0;

  friend bool operator==(const NodeScore&, const NodeScore&) = default;
};

struct ScoreReport {
  Digest job;
  std::string judge;              // the member whose hold-out decided
  std::uint64_t rounds = 0;       // that it judged
  std::vector<NodeScore> scores;  // ascending by node
  UnixSeconds time = 0;

  friend bool operator==(const ScoreReport&, const ScoreReport&) = default;
};

[[nodiscard]] Bytes Encode(const ScoreReport& report);
// `ledger.malformed` for what is no report, or contradicts itself.
[[nodiscard]] Result<ScoreReport> ParseScoreReport(ByteView payload);

// Of scores by node, at least one.
[[nodiscard]] std::vector<NodeScore> InBands(const std::map<std::string, double>& scores);

}  // namespace accord::charter
