// What people may see of a job: views, watchers, log lines. No figure of a single node is here but steps and
// bytes.
#include <algorithm>
#include <string>

#include "base/errors.h"
#include "base/log.h"
#include "coordinator/job_runner.h"
#include "update/headers.h"
#include "update/warnings.h"

namespace accord::coordinator {
namespace {

constexpr Millis kViewInterval{100};  // watchers get at most this many views: one each interval
constexpr std::size_t kMaxLogLines = 20'000;

std::vector<rpc::MetricView> MetricViews(const std::vector<round::MetricSum>& sums) {
  std::vector<rpc::MetricView> views;
  for (const round::MetricSum& sum : sums) {
    views.push_back(
        {std::string(update::FigureName(static_cast<update::Figure>(sum.metric))), sum.value, sum.examples});
  }
  return views;
}

// Since when the job is as it is.
TimePoint SinceOf(const job::State& state) {
  const job::Progress& progress = job::ProgressOf(state);
  if (const auto* paused = std::get_if<job::Paused>(&state)) return paused->since;
  if (job::IsTerminal(state)) return progress.ended;
  return std::holds_alternative<job::Running>(state) ? progress.started : progress.submitted;
}

// Who was awaited when a deadline passed, and is not any more.
round::NodeSet LateOf(const job::OpenRound& before, const job::OpenRound* after, TimePoint now) {
  const auto deadline = round::DeadlineOf(before.state);
  if (!deadline || now < *deadline) return {};
  round::NodeSet late = round::Explain(before.plan, before.state).awaited;
  if (after == nullptr || after->plan.round != before.plan.round) return late;
  if (after->state.index() == before.state.index()) return {};
  const round::Members* members = round::MembersOf(after->state);
  if (members == nullptr) return late;  // the round begins anew
  std::erase_if(late, [&](const NodeId& node) {
    const bool training = std::holds_alternative<round::Train>(before.state);
    return members->dropped.contains(node) || (training && members->trained.contains(node));
  });
  return late;
}

}  // namespace

rpc::RoundResultView JobRunner::ResultView(const job::RoundSummary& summary) const {
  rpc::RoundResultView view{.round = summary.round,
                            .purpose = summary.purpose,
                            .committed = summary.committed,
                            .reason = summary.committed ? Status() : StatusOf(round::Name(summary.reason)),
                            .attempts = summary.attempts,
                            .cohort = summary.cohort,
                            .survivors = summary.survivors,
                            .metrics = MetricViews(summary.metrics),
                            .duration = std::chrono::duration_cast<Millis>(summary.closed - summary.opened),
                            .bytes = summary.words * 8 * summary.survivors,
                            .model_hash = summary.model_hash,
                            .warnings = update::EncodingWarnings(*input_.spec, summary.metrics)};
  if (summary.restored)
    view.warnings.emplace_back(
        "committed after the backup that the coordinator went back to: its figures are lost");
  for (std::string& warning : GroupWarnings(summary)) view.warnings.push_back(std::move(warning));
  return view;
}

rpc::JobView JobRunner::MakeView() {
  const job::State& state = driver_->state();
  const job::Progress& progress = job::ProgressOf(state);
  rpc::JobView view{.id = input_.id,
                    .name = name(),
                    .state = job::PhaseOf(state),
                    .secure = input_.spec->secure,
                    .rounds_total = input_.spec->round.count,
                    .rounds_done = progress.committed,
                    .parameters = input_.parameters(),
                    .model_hash = progress.model_hash,
                    .submitter = input_.submission.submitter,
                    .submitted = input_.submitted,
                    .started = progress.started,
                    .finished = progress.ended};
  if (job::ReasonOf(state) != job::Reason::kNone) view.reason = StatusOf(job::Name(job::ReasonOf(state)));
  if (catching_ && job::IsCatchingUp(state)) view.reason = WhyPaused();
  for (const job::RoundSummary& summary : job::HistoryOf(state)) view.history.push_back(ResultView(summary));
  if (progress.evaluated) view.final_metrics = view.history.back().metrics;
  if (const job::OpenRounds& rounds = job::RoundsOf(state); !rounds.empty())
    view.current = MakeRoundView(rounds);
  view.priority = priority();
  if (view.state == job::Phase::kQueued) view.ahead = ahead_;
  view.time = services_.clock.Now();
  view.since = SinceOf(state);
  view.outlook = Outlook();
  view.upload = input_.upload;
  return view;
}

std::string JobRunner::NodeState(NodeId node) {
  Lane* const lane = LaneOf(node);
  const job::OpenRound* open = lane == nullptr ? nullptr : RoundOf(*lane);
  if (open == nullptr) return "ready";
  const round::State& state = open->state;
  const auto of_members = [&](const round::Members& members) -> std::string {
    if (members.dropped.contains(node)) return "dropped";
    if (!members.cohort.contains(node)) return "ready";
    if (members.trained.contains(node)) return "trained";
    return std::holds_alternative<round::Train>(state) ? "training" : "late";
  };
  if (const auto* s = std::get_if<round::Train>(&state)) {
    return s->uploads.contains(node) ? "uploaded" : of_members(s->members);
  }
  if (const auto* s = std::get_if<round::Collect>(&state)) {
    if (s->uploads.contains(node)) return "uploaded";
    if (const auto known = nodes_.find(node); known != nodes_.end() && known->second.stalled)
      return "stalled";
    return s->attempt.cohort.contains(node) && lane->uploads.BytesOf(node) > 0 ? "uploading"
                                                                               : of_members(s->members);
  }
  if (const auto* s = std::get_if<round::Unmask>(&state)) {
    return s->uploads.contains(node) ? "uploaded" : of_members(s->members);
  }
  if (const auto* s = std::get_if<round::Commit>(&state)) {
    if (s->verified.contains(node)) return "verified";
    return s->uploads.contains(node) ? "uploaded" : of_members(s->members);
  }
  const round::Members* members = round::MembersOf(state);
  return members != nullptr ? of_members(*members) : "ready";
}

// Of several groups the one that is farthest behind gives phase and deadline.
rpc::RoundView JobRunner::MakeRoundView(const job::OpenRounds& rounds) {
  const job::OpenRound& open =
      *std::ranges::min_element(rounds, {}, [](const job::OpenRound& one) { return one.state.index(); });
  rpc::RoundView view{.round = open.plan.round,
                      .purpose = open.plan.purpose,
                      .attempt = open.plan.first_attempt,
                      .phase = round::PhaseOf(open.state),
                      .since = open.opened,
                      .deadline = round::DeadlineOf(open.state).value_or(TimePoint{})};
  view.phase_since = open.pace.began;
  view.wait_why = WaitWhy(open);
  round::NodeSet awaited;
  for (const job::OpenRound& one : rounds) {
    awaited.merge(round::Explain(one.plan, one.state).awaited);
    if (!view.why.empty()) view.why += "; ";
    if (grouped()) view.why += input_.partition[one.group].name + ": ";
    view.why += Explain(one);
  }
  if (view.phase == round::Phase::kGather) view.why += WhoDeclined();
  if (const auto* s = std::get_if<round::Collect>(&open.state)) view.attempt = s->attempt.id;
  if (const auto* s = std::get_if<round::Commit>(&open.state)) view.attempt = s->attempt.id;
  for (const auto& [id, node] : nodes_) {
    const Lane* lane = LaneOf(id);
    if (lane == nullptr) continue;
    rpc::NodeProgressView progress{.name = node.name, .connected = node.connected, .state = NodeState(id)};
    if (progress.state == "ready" && !node.declined.empty()) progress.state = "declined";
    if (node.progress.round == open.plan.round) {
      progress.steps_done = node.progress.steps_done;
      progress.steps_total = node.progress.steps_total;
      if (node.progress.waiting && progress.state == "training") progress.state = "waiting";
    }
    progress.bytes_done = lane->uploads.BytesOf(id);
    progress.bytes_total = view.phase >= round::Phase::kCollect ? lane->uploads.words() * 8 : 0;
    progress.awaited = awaited.contains(id);
    view.nodes.push_back(std::move(progress));
  }
  return view;
}

// ---------------------------------------------------------------- watchers

// Ended in memory, not yet on the disk: nobody sees it before, since a power cut could take it back.
bool JobRunner::Ending() const {
  return job::IsTerminal(driver_->state()) && (!driver_->idle() || driver_->broken());
}

void JobRunner::View(rpc::Reply<rpc::JobView> reply) {
  Post([reply = std::move(reply)](JobRunner& self) {
    self.Ending() ? self.ViewDurable(reply) : reply(self.MakeView());
  });
}

void JobRunner::Watch(std::shared_ptr<rpc::Sink<rpc::JobView>> sink) {
  Post([sink = std::move(sink)](JobRunner& self) {
    if (!self.Ending()) {
      if (!sink->Push(self.MakeView())) return;
      if (job::IsTerminal(self.driver_->state())) return sink->Finish({});
    }
    self.watchers_.push_back(sink);
  });
}

// Something that a view shows has changed; watchers hear of it within kViewInterval.
void JobRunner::Changed() {
  if (watchers_.empty() || view_pending_) return;
  view_pending_ = true;
  view_timer_->Arm(kViewInterval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->PushViews();
  });
}

void JobRunner::PushViews() {
  view_pending_ = false;
  if (watchers_.empty() || Ending()) return;
  const rpc::JobView view = MakeView();
  const bool ended = job::IsTerminal(driver_->state());
  std::erase_if(watchers_, [&](const auto& sink) {
    const bool alive = sink->Push(view);
    if (alive && ended) sink->Finish({});
    return !alive || ended;
  });
}

// ---------------------------------------------------------------- log

void JobRunner::Logs(bool follow, std::shared_ptr<rpc::Sink<rpc::LogLineView>> sink) {
  Post([follow, sink = std::move(sink)](JobRunner& self) {
    for (const rpc::LogLineView& line : self.log_) {
      if (!sink->Push(line)) return;
    }
    if (!follow || job::IsTerminal(self.driver_->state())) return sink->Finish({});
    self.followers_.push_back(sink);
  });
}

void JobRunner::LogLine(rpc::LogLineView line) {
  std::erase_if(followers_, [&](const auto& sink) { return !sink->Push(line); });
  log_.push_back(std::move(line));
  if (log_.size() > kMaxLogLines) log_.pop_front();
}

// Whom a deadline left behind, by name.
void JobRunner::LogLate(const job::State& before, const job::State& after) {
  for (const job::OpenRound& old : job::RoundsOf(before)) {
    for (const NodeId& node : LateOf(old, job::RoundOf(after, old.group), last_time_)) {
      LogLine({.time = last_time_,
               .round = old.plan.round,
               .node = NameOf(node),
               .event = "node.late",
               .text = "round.late: the deadline of " + std::string(round::Name(round::PhaseOf(old.state))) +
                       " passed before its answer was there"});
    }
  }
}

// Lines for what changed between two states: closed rounds, phases, the job itself.
void JobRunner::LogTransition(const job::State& before, const job::State& after) {
  if (job::ReasonOf(after) != job::Reason::kByOperator) LogLate(before, after);
  const auto& history = job::HistoryOf(after);
  for (std::size_t i = job::HistoryOf(before).size(); i < history.size(); ++i) {
    const rpc::RoundResultView result = ResultView(history[i]);
    std::string text = std::to_string(result.survivors) + " survivors of " + std::to_string(result.cohort);
    for (const rpc::MetricView& metric : result.metrics)
      text += ", " + metric.name + " " + std::to_string(metric.value);
    if (!result.committed) text = Describe(result.reason);
    if (history[i].restored) text = "restored: the nodes have it";
    LogLine({.time = last_time_,
             .round = result.round,
             .event = result.committed ? "round.committed" : "round.aborted",
             .text = std::move(text)});
    for (const std::string& warning : result.warnings)
      LogLine({.time = last_time_, .round = result.round, .event = "round.warning", .text = warning});
  }
  for (const job::OpenRound& now : job::RoundsOf(after)) {
    const job::OpenRound* old = job::RoundOf(before, now.group);
    const bool same =
        old != nullptr && old->plan.round == now.plan.round && old->state.index() == now.state.index();
    if (same) continue;
    std::string text = grouped() ? "group " + input_.partition[now.group].name + ": " : "";
    text += round::Name(round::PhaseOf(now.state));
    LogLine({.time = last_time_, .round = now.plan.round, .event = "round.phase", .text = std::move(text)});
  }
  if (before.index() == after.index()) return;
  std::string text(job::Name(job::PhaseOf(after)));
  if (job::ReasonOf(after) != job::Reason::kNone) text += ": " + std::string(job::Name(job::ReasonOf(after)));
  LogLine({.time = last_time_, .event = "job.state", .text = std::move(text)});
  if (!job::IsTerminal(after)) return;
  for (const auto& sink : followers_) sink->Finish({});
  followers_.clear();
}

// What operators see in the daemon's log and metrics; not on a replay.
void JobRunner::ReportTransition(const job::State& before, const job::State& after) {
  const auto& history = job::HistoryOf(after);
  const auto now = services_.timing.Steady();
  const bool closed = history.size() > job::HistoryOf(before).size() && !history.back().restored;
  if (closed) {
    const job::RoundSummary& round = history.back();
    const std::chrono::duration<double> took = now - round_began_;
    LogInfo(round.committed ? "round.committed" : "round.aborted",
            {{"job", name()},
             {"round", std::to_string(round.round.value)},
             {"ms", std::to_string(took.count() * 1000.0)},
             {"survivors", std::to_string(round.survivors)},
             {"why", std::string(round::Name(round.reason))}});
    for (const std::string& warning : GroupWarnings(round)) {
      LogWarn("round.group",
              {{"job", name()}, {"round", std::to_string(round.round.value)}, {"why", warning}});
    }
    services_.metrics.AddRound(round.committed ? web::RoundEnd::kCommitted : web::RoundEnd::kAborted,
                               took.count());
  }
  if (closed || job::RoundsOf(before).empty()) round_began_ = now;
  if (before.index() == after.index()) return;
  LogInfo("job." + std::string(job::Name(job::PhaseOf(after))),
          {{"job", name()}, {"why", std::string(job::Name(job::ReasonOf(after)))}});
}

}  // namespace accord::coordinator
