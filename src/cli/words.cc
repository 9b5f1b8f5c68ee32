#include "cli/words.h"

#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/text.h"
#include "config/job_file.h"

namespace accord::cli {
namespace {

std::string Two(std::int64_t high, const char* high_unit, std::int64_t low, const char* low_unit) {
  std::string text = std::to_string(high) + high_unit;
  if (low > 0) text += " " + std::to_string(low) + low_unit;
  return text;
}

std::string Seconds(std::int64_t s) {
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3'600) return Two(s / 60, "m", s % 60, "s");
  if (s < 86'400) return Two(s / 3'600, "h", s % 3'600 / 60, "m");
  return Two(s / 86'400, "d", s % 86'400 / 3'600, "h");
}

}  // namespace

std::string Span(Millis span) {
  const std::int64_t ms = span.count() < 0 ? 0 : span.count();
  if (ms > 0 && ms < 95) return std::to_string(ms) + "ms";
  if (ms >= 9'950) return Seconds((ms + 500) / 1000);
  char text[32];
  std::snprintf(text, sizeof text, "%.1fs", static_cast<double>(ms) / 1000.0);
  return text;
}

std::string Ago(TimePoint then, TimePoint now) {
  if (then == TimePoint{}) return "";
  const Millis span = now - then;
  return span < Millis(1'000) ? "now" : Seconds(span.count() / 1000) + " ago";
}

std::string Until(TimePoint then, TimePoint now) {
  if (then == TimePoint{}) return "";
  return then <= now ? Ago(then, now)
                     : std::string("in ").append(Seconds(((then - now).count() + 500) / 1000));
}

std::string LocalTime(TimePoint time, TimePoint now) {
  const auto local = [](TimePoint point) {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(point).time_since_epoch().count();
    std::tm out{};
    ::localtime_r(&seconds, &out);
    return out;
  };
  const std::tm then = local(time);
  const std::tm today = local(now);
  const bool same_day = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;
  char text[32];
  const std::size_t size =
      std::strftime(text, sizeof text, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
  return {text, size};
}

std::string Count(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string Figure(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

std::string Percent(double share) {
  const double percent = 100.0 * share;
  if (percent <= 0.0) return "0%";
  if (percent < 0.01) return "<0.01%";
  char text[64];
  std::snprintf(text, sizeof text, percent < 10.0 ? "%.2g%%" : "%.0f%%", percent);
  return text;
}

std::string_view StateName(job::Phase state) {
  switch (state) {
    case job::Phase::kProposed:
      return "proposed";
    case job::Phase::kApproved:
      return "approved";
    case job::Phase::kQueued:
      return "queued";
    case job::Phase::kRunning:
      return "running";
    case job::Phase::kPaused:
      return "paused";
    case job::Phase::kFinished:
      return "finished";
    case job::Phase::kFailed:
      return "failed";
    case job::Phase::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

Tone StateTone(job::Phase state) {
  switch (state) {
    case job::Phase::kRunning:
      return Tone::kStrong;
    case job::Phase::kFinished:
      return Tone::kGood;
    case job::Phase::kPaused:
      return Tone::kWarn;
    case job::Phase::kFailed:
      return Tone::kBad;
    case job::Phase::kCancelled:
      return Tone::kFaint;
    default:
      return Tone::kPlain;
  }
}

bool IsOver(job::Phase state) {
  return state == job::Phase::kFinished || state == job::Phase::kFailed || state == job::Phase::kCancelled;
}

std::string SecureWords(SecureMode mode) {
  return std::string(config::SecureName(mode)) + (mode == SecureMode::kOff ? " (no masking)" : "");
}

Tone SecureTone(SecureMode mode) { return mode == SecureMode::kOff ? Tone::kWarn : Tone::kGood; }

std::string_view PhaseName(round::Phase phase) {
  switch (phase) {
    case round::Phase::kGather:
      return "p0 gather";
    case round::Phase::kTrain:
      return "p1 train";
    case round::Phase::kAdvertise:
      return "p2 advertise";
    case round::Phase::kShare:
      return "p3 share";
    case round::Phase::kCollect:
      return "p4 collect";
    case round::Phase::kSurvivors:
      return "p5 survivors";
    case round::Phase::kUnmask:
      return "p6 unmask";
    case round::Phase::kCommit:
      return "p7 commit";
    case round::Phase::kClosed:
      return "p8 closed";
  }
  return "unknown";
}

std::string_view PhaseWords(round::Phase phase) {
  switch (phase) {
    case round::Phase::kGather:
      return "waiting for nodes";
    case round::Phase::kTrain:
      return "training";
    case round::Phase::kAdvertise:
      return "exchanging keys";
    case round::Phase::kShare:
      return "sharing the seeds of masks";
    case round::Phase::kCollect:
      return "collecting updates";
    case round::Phase::kSurvivors:
      return "agreeing on the survivors";
    case round::Phase::kUnmask:
      return "taking the sum";
    case round::Phase::kCommit:
      return "checking the new model at every node";
    case round::Phase::kClosed:
      return "closed";
  }
  return "unknown";
}

std::string RoundTitle(RoundId round, round::Purpose purpose, std::uint64_t total) {
  if (purpose == round::Purpose::kEvaluate) return "final evaluation";
  return "round " + std::to_string(round.value) + " of " + std::to_string(total);
}

std::string ShortIdentity(std::string_view spiffe_id) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!spiffe_id.starts_with(kScheme)) return Printable(spiffe_id, 120);
  const std::size_t slash = spiffe_id.find('/', kScheme.size());
  if (slash == std::string_view::npos) return Printable(spiffe_id, 120);
  return Printable(spiffe_id.substr(slash + 1), 120);
}

std::string PrintableLines(std::string_view text, std::string_view between) {
  constexpr std::size_t kMaxLine = 2'000;
  std::string out;
  for (bool first = true; !text.empty(); first = false) {
    const std::size_t end = text.find('\n');
    if (!first) out += between;
    out += Printable(text.substr(0, end), kMaxLine);
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return out;
}

}  // namespace accord::cli
