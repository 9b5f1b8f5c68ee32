#include "cli/job_text.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/words.h"
#include "config/job_file.h"

namespace accord::cli {
namespace {

std::string RoundsDone(const rpc::JobView& job) {
  return std::to_string(job.rounds_done) + "/" + std::to_string(job.rounds_total);
}

// The newest figure of that name: of the final evaluation, else of the last committed round.
std::string Newest(const rpc::JobView& job, std::string_view name) {
  const auto find = [&](const std::vector<rpc::MetricView>& metrics) -> std::string {
    const auto found = std::ranges::find(metrics, name, &rpc::MetricView::name);
    return found == metrics.end() ? "" : Figure(found->value);
  };
  if (!job.final_metrics.empty()) return find(job.final_metrics);
  for (auto round = job.history.rbegin(); round != job.history.rend(); ++round) {
    if (round->committed) return find(round->metrics);
  }
  return "";
}

// Of a round's updates rather than of the model; a share of one.
bool IsOfTheUpdates(const rpc::MetricView& metric) {
  return metric.name == "clipped" || metric.name == "peak" || metric.name == "steps";
}

// "0.889", "12.3", "1,204".
std::string ThreeDigits(double value) {
  if (value >= 1'000.0) return Count(static_cast<std::uint64_t>(value));
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// Empty where the coordinator does not say.
std::string UploadWords(const update::Upload& upload) {
  if (upload.bytes == 0) return "";
  const auto bytes = static_cast<double>(upload.bytes);
  std::string words = FormatBytes(upload.bytes) + " a node and round";
  if (upload.parameters > 0)
    words += ", " + ThreeDigits(bytes / static_cast<double>(upload.parameters)) + " bytes a parameter";
  if (upload.tokens > 0)
    words += ", " + ThreeDigits(bytes / static_cast<double>(upload.tokens)) + " bytes a token";
  return words;
}

std::string At(TimePoint time, TimePoint now) {
  return time == TimePoint{} ? "" : Ago(time, now) + "  " + FormatTime(time);
}

std::string Indented(const std::vector<Line>& lines, const Style& style) {
  std::string out;
  for (const Line& line : lines) out += "  " + line.Render(style) + "\n";
  return out;
}

}  // namespace

Line JobHeadline(const rpc::JobView& job) {
  Line line;
  line.Add(Printable(job.name, 64), Tone::kStrong)
      .Gap(ShortId(job.id))
      .Gap(std::string(StateName(job.state)), StateTone(job.state))
      .Gap("secure: " + SecureWords(job.secure), SecureTone(job.secure));
  return line;
}

std::string JobTable(const std::vector<rpc::JobView>& jobs, const Style& style) {
  if (jobs.empty()) return "No jobs yet. Submit one with: accord job submit FILE\n";
  Table table({{"ID"},
               {"NAME"},
               {"STATE"},
               {"ROUNDS", Align::kRight},
               {"LOSS", Align::kRight},
               {"ACCURACY", Align::kRight},
               {"SECURE"},
               {"SUBMITTED"},
               {"BY"}});
  for (const rpc::JobView& job : jobs) {
    table.Row({{ShortId(job.id)},
               {Printable(job.name, 64), Tone::kStrong},
               {std::string(StateName(job.state)), StateTone(job.state)},
               {RoundsDone(job)},
               {Newest(job, "loss")},
               {Newest(job, "accuracy")},
               {SecureWords(job.secure), SecureTone(job.secure)},
               {Ago(job.submitted, job.time)},
               {ShortIdentity(job.submitter)}});
  }
  return table.Render(style);
}

std::string JobDetails(const rpc::JobView& job, const Style& style) {
  std::string out = JobHeadline(job).Render(style) + "\n";
  Facts facts;
  facts.Add("id", job.id.Hex());
  facts.Add("priority",
            job.priority == Priority::kNormal ? "" : std::string(config::PriorityName(job.priority)));
  if (job.state == job::Phase::kQueued && job.ahead > 0) {
    facts.Add("waits",
              std::to_string(job.ahead) + (job.ahead == 1 ? " job goes" : " jobs go") + " before it");
  }
  facts.Add("rounds", RoundsDone(job) + " committed");
  facts.Add("parameters", Count(job.parameters));
  facts.Add("upload", UploadWords(job.upload));
  facts.Add("model", job.model_hash.IsZero() ? "" : job.model_hash.Hex());
  facts.Add("submitter", ShortIdentity(job.submitter));
  facts.Add("submitted", At(job.submitted, job.time));
  facts.Add("started", At(job.started, job.time));
  facts.Add("ended", At(job.finished, job.time));
  facts.Add("took", IsOver(job.state) && job.started != TimePoint{} && job.finished != TimePoint{}
                        ? Span(job.finished - job.started)
                        : "");
  if (!job.reason.ok()) {
    facts.Add("because", {Printable(job.reason.message()), StateTone(job.state)});
    facts.Add("to do", Printable(job.reason.hint()));
  }
  facts.Add("result", {MetricWords(job.final_metrics), Tone::kGood});
  out += facts.Render(style);
  if (job.current) out += "\n" + Indented(CurrentRound(job, style), style);
  if (!job.history.empty()) out += "\n";
  for (const rpc::RoundResultView& round : job.history)
    out += "  " + RoundLine(round, job.rounds_total).Render(style) + "\n";
  const auto trained = std::ranges::find(job.history.rbegin(), job.history.rend(), round::Purpose::kTrain,
                                         &rpc::RoundResultView::purpose);
  if (trained != job.history.rend()) out += Indented(WarningLines(*trained), style);
  return out;
}

std::string MetricWords(const std::vector<rpc::MetricView>& metrics) {
  std::string out;
  for (const rpc::MetricView& metric : metrics) {
    if (IsOfTheUpdates(metric)) continue;
    out += (out.empty() ? "" : "  ") + Printable(metric.name, 32) + " " + Figure(metric.value);
  }
  return out;
}

std::vector<Line> WarningLines(const rpc::RoundResultView& round) {
  std::vector<Line> lines;
  for (const std::string& warning : round.warnings)
    lines.push_back(Line().Add("  warning: " + Printable(warning), Tone::kWarn));
  return lines;
}

Line RoundLine(const rpc::RoundResultView& round, std::uint64_t rounds_total) {
  Line line;
  line.Add(RoundTitle(round.round, round.purpose, rounds_total), Tone::kStrong);
  if (round.committed) {
    line.Gap(MetricWords(round.metrics), Tone::kGood);
    for (const rpc::MetricView& metric : round.metrics) {
      if (IsOfTheUpdates(metric))
        line.Gap(metric.name + " " + Percent(metric.value),
                 round.warnings.empty() ? Tone::kPlain : Tone::kWarn);
    }
  } else {
    line.Gap("not committed: " + Printable(round.reason.message(), 200), Tone::kWarn);
  }
  line.Gap("survivors " + std::to_string(round.survivors) + "/" + std::to_string(round.cohort),
           round.survivors < round.cohort ? Tone::kWarn : Tone::kPlain);
  if (round.attempts > 1) line.Gap(std::to_string(round.attempts) + " attempts", Tone::kWarn);
  line.Gap(Span(round.duration)).Gap(FormatBytes(round.bytes));
  return line;
}

std::string JobEnding(const rpc::JobView& job, const Style& style) {
  if (!IsOver(job.state)) return "";
  const Millis took = job.finished - (job.started == TimePoint{} ? job.submitted : job.started);
  Line line;
  line.Add(Printable(job.name, 64), Tone::kStrong)
      .Add(" " + std::string(StateName(job.state)), StateTone(job.state))
      .Add(" after " + Span(took))
      .Gap(MetricWords(job.final_metrics), Tone::kGood)
      .Gap("secure: " + SecureWords(job.secure), SecureTone(job.secure));
  std::string out = line.Render(style) + "\n";
  if (job.state == job::Phase::kFinished && !job.model_hash.IsZero()) {
    out += "  get the model: accord model download " + ShortId(job.id) + " --out " +
           (IsName(job.name) ? job.name : "model") + ".safetensors\n";
  }
  return out;
}

std::string ValidationText(const rpc::ValidationView& validation, const Style& style) {
  std::string out = Paint(style, Tone::kStrong, Printable(validation.name, 64)) +
                    Paint(style, Tone::kGood, " is valid") + "\n";
  Facts facts;
  facts.Add("parameters", Count(validation.parameters));
  facts.Add("upload", UploadWords(validation.upload));
  for (const std::string& note : validation.notes) facts.Add("note", Printable(note));
  return out + facts.Render(style);
}

std::string LogText(const rpc::LogLineView& line, const Style& style) {
  Line out;
  out.Add(FormatTime(line.time), Tone::kFaint);
  if (line.round.value > 0) out.Gap("round " + std::to_string(line.round.value));
  out.Gap(Printable(line.node, 64), Tone::kStrong)
      .Gap(Printable(line.event, 64), Tone::kFaint)
      .Gap(Printable(line.text, 2'000));
  return out.Render(style) + "\n";
}

Millis TimeLeft(const rpc::JobView& job) {
  if (job.state != job::Phase::kRunning || job.rounds_done >= job.rounds_total) return Millis(0);
  Millis all{0};
  Millis pace{0};
  std::int64_t committed = 0;
  for (const rpc::RoundResultView& round : job.history) {
    all += round.duration;
    if (!round.committed || round.purpose != round::Purpose::kTrain) continue;
    pace += round.duration;
    ++committed;
  }
  if (committed == 0) return Millis(0);
  pace /= committed;
  const Millis open = std::clamp(job.time - job.started - all, Millis(0), pace);
  return pace * static_cast<std::int64_t>(job.rounds_total - job.rounds_done) - open;
}

}  // namespace accord::cli
