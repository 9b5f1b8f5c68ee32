#include "cli/progress.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/job_text.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr std::size_t kStateWidth = 9;    // "uploading"
constexpr std::size_t kRecentRounds = 5;  // that a watch which comes late still tells
constexpr std::size_t kWhyRows = 3;       // at most, of a frame, for the sentence about who is awaited
constexpr std::size_t kFrameRows = 7;     // of a frame that are not nodes, and one for the cursor

std::string Padded(std::string text, std::size_t width) {
  const std::size_t used = Width(text);
  return used < width ? text.append(width - used, ' ') : text;
}

Tone NodeTone(const rpc::NodeProgressView& node) {
  if (node.state == "dropped") return Tone::kBad;
  if (node.state == "declined") return Tone::kWarn;
  return node.connected ? Tone::kPlain : Tone::kWarn;
}

bool IsTrained(const rpc::NodeProgressView& node) {
  return node.state == "trained" || node.state == "uploading" || node.state == "uploaded" ||
         node.state == "verified";
}

Line NodeLine(const rpc::NodeProgressView& node, std::size_t name_width, const Style& style) {
  // The last count of steps may be older than the word that all are done.
  const std::uint64_t steps = IsTrained(node) ? node.steps_total : node.steps_done;
  const bool sends = node.bytes_total > 0 && (node.state == "uploading" || node.state == "uploaded");
  const std::string mark = style.unicode ? (node.connected ? "●" : "○") : (node.connected ? "*" : "-");
  Line line;
  line.Add(mark, node.connected ? Tone::kGood : Tone::kWarn)
      .Add(" " + Padded(Printable(node.name, 64), name_width))
      .Gap(Padded(Printable(node.state, 16), kStateWidth), NodeTone(node));
  const Line bar = sends ? Bar(node.bytes_done, node.bytes_total, kBarWidth, style)
                         : Bar(steps, node.steps_total, kBarWidth, style);
  line.Add("  ").Append(bar);
  if (node.steps_total > 0)
    line.Gap(std::to_string(steps) + "/" + std::to_string(node.steps_total) + " steps");
  if (node.bytes_total > 0) line.Gap(FormatBytes(node.bytes_done) + " of " + FormatBytes(node.bytes_total));
  if (!node.connected) line.Gap("not connected", Tone::kWarn);
  return line;
}

Line RoundHead(const rpc::JobView& job) {
  const rpc::RoundView& round = *job.current;
  Line line;
  line.Add(RoundTitle(round.round, round.purpose, job.rounds_total), Tone::kStrong)
      .Gap(std::string(PhaseWords(round.phase)));
  if (round.attempt.value > 0) line.Gap("attempt " + std::to_string(round.attempt.value + 1), Tone::kWarn);
  if (round.since != TimePoint{}) line.Gap("for " + Span(job.time - round.since));
  if (const Millis left = TimeLeft(job); left > Millis(0))
    line.Gap("about " + Span(left) + " left", Tone::kFaint);
  if (round.deadline > job.time) line.Gap("deadline " + Until(round.deadline, job.time), Tone::kFaint);
  return line;
}

}  // namespace

std::vector<Line> NodeLines(const std::vector<rpc::NodeProgressView>& nodes, std::size_t rows,
                            const Style& style) {
  std::vector<rpc::NodeProgressView> shown = nodes;
  std::ranges::sort(shown, {}, &rpc::NodeProgressView::name);
  if (shown.size() > rows) {
    std::ranges::stable_sort(shown, {}, [](const rpc::NodeProgressView& node) {
      return node.connected && node.steps_done >= node.steps_total && node.bytes_done >= node.bytes_total;
    });
    shown.resize(rows > 0 ? rows - 1 : 0);
  }
  std::size_t width = 0;
  for (const rpc::NodeProgressView& node : shown) width = std::max(width, Width(Printable(node.name, 64)));
  std::vector<Line> lines;
  for (const rpc::NodeProgressView& node : shown) lines.push_back(NodeLine(node, width, style));
  if (shown.size() < nodes.size())
    lines.push_back(
        Line().Add("and " + std::to_string(nodes.size() - shown.size()) + " more nodes", Tone::kFaint));
  return lines;
}

namespace {

// `width` 0: no line is too long.
std::vector<Line> RoundLines(const rpc::JobView& job, std::size_t node_rows, std::size_t width,
                             const Style& style) {
  std::vector<Line> lines;
  if (!job.current) return lines;
  lines.push_back(RoundHead(job));
  std::vector<std::string> why = Wrap(Printable(job.current->why), width);
  if (why.size() > kWhyRows) why.resize(kWhyRows);
  for (std::string& text : why) lines.push_back(Line().Add(std::move(text), Tone::kFaint));
  for (Line& line : NodeLines(job.current->nodes, node_rows, style)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace

std::vector<Line> CurrentRound(const rpc::JobView& job, const Style& style) {
  return RoundLines(job, job.current ? job.current->nodes.size() : 0, 0, style);
}

std::vector<Line> Frame(const rpc::JobView& job, const Style& style) {
  std::vector<Line> lines{JobHeadline(job)};
  if (!job.reason.ok()) lines.push_back(Line().Add(Printable(job.reason.message()), Tone::kWarn));
  const auto width = static_cast<std::size_t>(std::max(style.width - 1, 1));
  const auto height = static_cast<std::size_t>(std::max(style.height, static_cast<int>(kFrameRows) + 1));
  for (Line& line : RoundLines(job, height - kFrameRows, width, style)) lines.push_back(std::move(line));
  return lines;
}

std::vector<Line> Changes::UpdateRounds(const rpc::JobView& job) {
  std::vector<Line> lines;
  if (!begun_ && job.history.size() > kRecentRounds) rounds_seen_ = job.history.size() - kRecentRounds;
  begun_ = true;
  for (; rounds_seen_ < job.history.size(); ++rounds_seen_) {
    const rpc::RoundResultView& round = job.history[rounds_seen_];
    lines.push_back(RoundLine(round, job.rounds_total));
    if (std::exchange(warned_, !round.warnings.empty())) continue;  // told when they began
    for (Line& line : WarningLines(round)) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<Line> Changes::Update(const rpc::JobView& job) {
  std::vector<Line> lines;
  const bool first = !begun_;
  if (first) lines.push_back(JobHeadline(job));
  for (Line& line : UpdateRounds(job)) lines.push_back(std::move(line));
  State(job, first, lines);
  if (!job.current) return lines;
  if (job.current->phase == round::Phase::kTrain && training_ != job.current->round) {
    training_ = job.current->round;
    lines.push_back(Line()
                        .Add(RoundTitle(training_, job.current->purpose, job.rounds_total), Tone::kStrong)
                        .Gap(job.current->purpose == round::Purpose::kEvaluate ? "evaluating" : "training")
                        .Add(" at " + std::to_string(job.current->nodes.size()) + " nodes"));
  }
  Nodes(*job.current, lines);
  return lines;
}

void Changes::State(const rpc::JobView& job, bool first, std::vector<Line>& lines) {
  const bool same = !first && state_ == job.state && reason_ == job.reason.error();
  const bool plain_start = first && job.reason.ok();  // the headline says it
  state_ = job.state;
  reason_ = job.reason.error();
  if (same || plain_start || IsOver(job.state)) return;  // an ending has words of its own
  Line line;
  line.Add(Printable(job.name, 64), Tone::kStrong)
      .Add(" is " + std::string(StateName(job.state)), StateTone(job.state));
  if (!job.reason.ok()) line.Add(": " + Printable(job.reason.message()));
  lines.push_back(std::move(line));
}

void Changes::Nodes(const rpc::RoundView& round, std::vector<Line>& lines) {
  std::map<std::string, bool> now;
  for (const rpc::NodeProgressView& node : round.nodes) {
    now[node.name] = node.connected;
    const auto before = connected_.find(node.name);
    if (before == connected_.end() ? node.connected : before->second == node.connected) continue;
    lines.push_back(Line()
                        .Add("node " + Printable(node.name, 64))
                        .Add(node.connected ? " is connected again" : " is not connected",
                             node.connected ? Tone::kGood : Tone::kWarn));
  }
  connected_ = std::move(now);
}

void LiveScreen::Draw(const std::vector<Line>& frame) {
  Erase();
  for (const Line& line : frame)
    out_ << line.Render(style_, static_cast<std::size_t>(std::max(style_.width - 1, 1))) << "\n";
  drawn_ = frame.size();
  out_.flush();
}

void LiveScreen::Print(const std::vector<Line>& lines) {
  Erase();
  for (const Line& line : lines) out_ << line.Render(style_) << "\n";
  out_.flush();  // who reads a pipe or a file follows too
}

void LiveScreen::Clear() {
  Erase();
  out_.flush();
}

void LiveScreen::Erase() {
  if (drawn_ > 0) out_ << "\x1b[" << drawn_ << "A\r\x1b[J";
  drawn_ = 0;
}

const Style& LiveScreen::Refresh() {
  style_ = Resized(style_);
  return style_;
}

}  // namespace accord::cli
