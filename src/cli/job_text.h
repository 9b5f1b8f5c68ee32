// Jobs as text for people. Pure: the same view gives the same text (golden tests in tests/golden/cli).
#pragma once

#include <string>
#include <vector>

#include "cli/style.h"
#include "rpc/views.h"

namespace accord::cli {

// "digits  3f9c0a12b4de  running  secure: off (no masking)": opens everything that is said of a job.
[[nodiscard]] Line JobHeadline(const rpc::JobView& job);
// job list: newest first, as given.
[[nodiscard]] std::string JobTable(const std::vector<rpc::JobView>& jobs, const Style& style);
// job show.
[[nodiscard]] std::string JobDetails(const rpc::JobView& job, const Style& style);
// After each round: "round 3 of 6  loss 0.4312  accuracy 0.8512  survivors 3/3  4.2s  1.7 MiB". The figures
// are of the model that the round started from.
[[nodiscard]] Line RoundLine(const rpc::RoundResultView& round, std::uint64_t rounds_total);
// What was wrong with the round's updates and what to do, a line each; mostly none.
[[nodiscard]] std::vector<Line> WarningLines(const rpc::RoundResultView& round);
// "loss 0.4312  accuracy 0.8512".
[[nodiscard]] std::string MetricWords(const std::vector<rpc::MetricView>& metrics);
// How a job ended, in one to three lines; for a job that goes on: nothing.
[[nodiscard]] std::string JobEnding(const rpc::JobView& job, const Style& style);
// job validate.
[[nodiscard]] std::string ValidationText(const rpc::ValidationView& validation, const Style& style);
// job logs: one line.
[[nodiscard]] std::string LogText(const rpc::LogLineView& line, const Style& style);

// Time left by the pace of the committed rounds; zero when there is no pace yet or nothing left.
[[nodiscard]] Millis TimeLeft(const rpc::JobView& job);

}  // namespace accord::cli
