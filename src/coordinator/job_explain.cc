// Why a job is where it is, in sentences: who is awaited, why so long, and what comes next. What is said here
// goes into views and from there to `accord job explain`.
#include <algorithm>
#include <string>

#include "base/errors.h"
#include "coordinator/job_runner.h"
#include "job/deadlines.h"

namespace accord::coordinator {

std::string JobRunner::Names(const round::NodeSet& nodes) const {
  std::string names;
  for (const NodeId& node : nodes) names += (names.empty() ? "" : ", ") + NameOf(node);
  return names;
}

std::string JobRunner::Explain(const job::OpenRound& open) const {
  const round::Explanation explanation = round::Explain(open.plan, open.state);
  if (explanation.awaited.empty()) return explanation.sentence;
  return explanation.sentence + " (" + Names(explanation.awaited) + ")";
}

// "; declined: ke (policy.denied)", or nothing.
std::string JobRunner::WhoDeclined() const {
  std::string out;
  for (const auto& [id, node] : nodes_) {
    if (node.declined.empty() || node.prepared) continue;
    out += (out.empty() ? "; declined: " : ", ") + node.name + " (" + node.declined + ")";
  }
  return out;
}

// History does not change while a round is open, so this is what its plan was made of.
std::string JobRunner::WaitWhy(const job::OpenRound& open) const {
  const auto deadline = round::DeadlineOf(open.state);
  if (!deadline) return "";
  const job::Plan& plan = driver_->machine().plan;
  const job::Waits waits = job::WaitsOf(plan, job::ProgressOf(driver_->state()));
  const round::Phase phase = round::PhaseOf(open.state);
  const Millis length = job::WaitOf(waits, phase).length;
  const auto away = std::chrono::duration_cast<Millis>(open.pace.asked - open.pace.began);
  std::string why = job::WaitReason(plan, waits, phase);
  if (open.plan.goal > 0 && *deadline < open.pace.asked + length) {
    return "an eighth of the time until the goal was reached, for those who are nearly done";
  }
  if (away > Millis(0)) why += "; and " + FormatDuration(away) + " in which it could not go on";
  return why;
}

// While no round is open. Of what is seen now, not of the state alone: who is there.
std::string JobRunner::Outlook() {
  const job::State& state = driver_->state();
  if (const auto* paused = std::get_if<job::Paused>(&state)) return OutlookOfPause(*paused);
  if (job::PhaseOf(state) < job::Phase::kRunning) {
    if (ahead_ > 0)
      return "it waits in the queue behind " + std::to_string(ahead_) + (ahead_ == 1 ? " job" : " jobs");
    return "its first model is being made; then the first round opens";
  }
  return job::IsCombining(state) ? "the sums of its groups are being combined" : "";
}

std::string JobRunner::OutlookOfPause(const job::Paused& paused) {
  const bool masks = secure() != SecureMode::kOff;
  std::string out;
  for (const Lane& lane : lanes_) {
    const bool by_nodes =
        paused.reason == job::Reason::kNoQuorum || paused.reason == job::Reason::kBoundMissing;
    if (!by_nodes || paused.progress.groups[lane.group].sum) continue;
    round::NodeSet ready, missing;
    for (const auto& [id, node] : nodes_) {
      const bool able = node.connected && node.prepared && (!masks || !node.registry.IsZero());
      if (LaneOf(id) == &lane) (able ? ready : missing).insert(id);
    }
    const round::NodeSet& bound = paused.progress.groups[lane.group].bound;
    for (const NodeId& node : bound) {
      if (!ready.contains(node)) missing.insert(node);
    }
    const std::size_t wanted = bound.empty() ? input_.spec->round.min_nodes : bound.size();
    if (!out.empty()) out += "; ";
    if (grouped()) out += input_.partition[lane.group].name + ": ";
    out +=
        std::to_string(ready.size()) + " of " + std::to_string(wanted) + " nodes are connected and willing";
    if (masks) out += ", with a registry pinned";
    if (!ready.empty()) out += " (" + Names(ready) + ")";
    if (!missing.empty()) out += "; missing: " + Names(missing);
  }
  switch (paused.reason) {
    case job::Reason::kNoQuorum:
    case job::Reason::kBoundMissing:
      return out + "; it goes on by itself when enough of them are there";
    case job::Reason::kDiskFull:
      return "it looks for space each second and goes on by itself";
    default:
      return "it goes on when a person resumes it";
  }
}

}  // namespace accord::coordinator
