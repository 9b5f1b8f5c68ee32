#include "tests/simulation/checker.h"

#include <algorithm>
#include <cstring>

#include "base/errors.h"
#include "base/overloaded.h"
#include "coordinator/job_runner.h"

namespace accord::simulation {
namespace {

void ApplyJob(const job::Plan& plan, job::State& state, const Bytes& bytes) {
  const auto record = job::Decode(bytes);
  if (!record.ok()) return;
  if (std::holds_alternative<job::Submission>(record->content)) {
    state = job::Submit(record->time);
    return;
  }
  auto step = job::Step(plan, state, std::get<job::Event>(record->content), record->time);
  if (step.why.verdict == round::Verdict::kAccepted) state = std::move(step.next);
}

void ApplyTask(task::State& state, const Bytes& bytes) {
  const auto record = task::DecodeRecord(bytes);
  const auto* event = record.ok() ? std::get_if<task::Event>(&record->content) : nullptr;
  if (event == nullptr) return;
  auto step = task::Step(state, *event);
  if (step.why.verdict == round::Verdict::kAccepted) state = std::move(step.next);
}

// A group's round, running or kept by a pause.
const job::OpenRound* RoundIn(const job::State& state, std::uint32_t group) {
  const auto* paused = std::get_if<job::Paused>(&state);
  if (paused == nullptr) return job::RoundOf(state, group);
  const auto found = std::ranges::find(paused->rounds, group, &job::OpenRound::group);
  return found == paused->rounds.end() ? nullptr : &*found;
}

// Whether a round took the update of this node. Unmasked, the one of a node that was too late for p1 only
// says that the node can take part in a later attempt.
bool Holds(const job::OpenRound* open, NodeId node) {
  return open != nullptr && std::visit(
                                [&](const auto& state) {
                                  if constexpr (requires { state.uploads; }) {
                                    return state.uploads.contains(node);
                                  } else {
                                    return false;
                                  }
                                },
                                open->state);
}

}  // namespace

Checker::Checker(const sim::Members& members, Expected& expected, const JobId& job)
    : members_(members),
      expected_(expected),
      job_id_(job),
      stream_("job/" + job.Hex()),
      plan_(job::PlanOf(expected.spec(), expected.layout().size)),
      partition_(*update::PartitionOf(expected.spec(), members.coordinator.federation.trust_domain)),
      job_([this](job::State& state, const Bytes& record) { ApplyJob(plan_, state, record); }) {
  const std::size_t parties = members.labs.size() + 1;
  for (std::size_t i = 1; i < parties; ++i) nodes_.emplace_back(ApplyTask);
  up_.resize(parties);
  fresh_.resize(parties);
  uncertain_.resize(parties);
  checked_.resize(parties);
}

std::string Checker::Show(RoundId round, AttemptId attempt) {
  return "round " + std::to_string(round.value) + " attempt " + std::to_string(attempt.value);
}

void Checker::Break(const std::string& what) {
  if (broken_.empty()) broken_ = what;
}

void Checker::Note(ByteView bytes) { trace_ = hash_.Update(ByteView(trace_.bytes)).Update(bytes).Finish(); }

std::size_t Checker::IndexOf(NodeId node) const {
  const auto found = std::ranges::find(members_.labs, node, &sim::Members::Lab::id);
  return static_cast<std::size_t>(found - members_.labs.begin());
}

// ---------------------------------------------------------------- journals

template <class State>
void Checker::Queue(Story<State>& story, const std::vector<driver::Append>& batch) {
  for (const driver::Append& append : batch) {
    if (append.stream == stream_) story.Queue(append.record);
  }
}

template <class State>
void Checker::Write(Story<State>& story, std::size_t party, const std::vector<driver::Append>& batch) {
  for (const driver::Append& append : batch) {
    Note(append.record);
    if (append.stream != stream_) continue;
    if (!story.Write(append.record)) Break("party " + std::to_string(party) + " wrote out of order");
  }
}

void Checker::OnQueued(std::size_t party, const std::vector<driver::Append>& batch) {
  if (!up_[party]) {
    for (const driver::Append& append : batch) {
      if (append.stream == stream_) fresh_[party].push_back(append.record);
    }
    return;
  }
  if (party > 0) return Queue(nodes_[party - 1].story, batch);
  for (const driver::Append& append : batch) {
    if (append.stream != stream_) continue;
    OnJobRecord(append.record);
    job_.Queue(append.record);
  }
}

void Checker::OnWritten(std::size_t party, const std::vector<driver::Append>& batch) {
  if (party > 0) {
    Node& node = nodes_[party - 1];
    Write(node.story, party, batch);
    for (const driver::Append& append : batch) {
      if (append.stream == stream_) OnTaskRecord(node, append.record);
    }
    return;
  }
  for (const driver::Append& append : batch) {
    const job::State before = job_.durable();
    Write(job_, party, {append});
    if (append.stream == stream_) OnJobWritten(before, append.record);
  }
}

void Checker::OnFailed(std::size_t party, const std::vector<driver::Append>& batch) {
  uncertain_[party] = now_;
  for (const driver::Append& append : batch) {
    if (append.stream != stream_) continue;
    party == 0 ? job_.Fail(append.record) : nodes_[party - 1].story.Fail(append.record);
  }
}

void Checker::OnCrash(std::size_t party) {
  up_[party] = false;
  fresh_[party].clear();
  uncertain_[party].reset();
}

void Checker::OnDamage(std::size_t party, const Status& why) {
  Break("party " + std::to_string(party) + " does not start any more: " + Describe(why));
}

void Checker::OnBoot(std::size_t party, driver::Journal& journal) {
  auto found = journal.Read(stream_);
  if (!found.ok()) return Break("party " + std::to_string(party) + ": " + Describe(found.status()));
  const auto restart = [&]() -> bool {
    if (party == 0) {
      return job_.Restart(*std::move(found), [&](const job::State& before, const Bytes& record) {
        OnJobWritten(before, record);
      });
    }
    Node& node = nodes_[party - 1];
    return node.story.Restart(*std::move(found),
                              [&](const task::State&, const Bytes& record) { OnTaskRecord(node, record); });
  };
  const bool right = restart();
  if (!right) Break("party " + std::to_string(party) + " found another journal than it had written");
  up_[party] = true;
  for (const Bytes& record : std::exchange(fresh_[party], {})) {
    party == 0 ? job_.Queue(record) : nodes_[party - 1].story.Queue(record);
  }
  checked_[party] = 0;
  if (party == 0) last_record_ = now_;
}

// What the coordinator said since is forgotten there, and may be said otherwise; what nodes did is not.
void Checker::OnRestored(std::vector<Bytes> records) {
  for (const Bytes& record : records) Note(record);
  went_back_ = true;
  back_from_end_ = back_from_end_ || job::IsTerminal(job_.durable());
  job_.GoBack(std::move(records));
  uploaded_.clear();
  gone_.clear();
  for (Node& node : nodes_) node.last_told = {};
  const auto later = models_.upper_bound(RoundId{job::ProgressOf(job_.durable()).committed});
  lost_models_.insert(later, models_.end());
  models_.erase(later, models_.end());
}

// ---------------------------------------------------------------- the coordinator's events

void Checker::OnJobRecord(const Bytes& bytes) {
  last_record_ = now_;
  const auto record = job::Decode(bytes);
  const auto* event = record.ok() ? std::get_if<job::Event>(&record->content) : nullptr;
  if (event == nullptr) return;
  if (const auto* combined = std::get_if<job::Combined>(event)) return OnCombined(*combined);
  const auto* in = std::get_if<job::InRound>(event);
  const auto* summed = in == nullptr ? nullptr : std::get_if<round::Summed>(&in->event);
  if (summed != nullptr) OnSummed(in->group, *summed);
}

// No update is counted twice, and none but the survivors': the sum is that of theirs, to the bit.
void Checker::OnSummed(std::uint32_t group, const round::Summed& summed) {
  const job::OpenRound* open = job::RoundOf(job_.live(), group);
  const auto* unmask = open == nullptr ? nullptr : std::get_if<round::Unmask>(&open->state);
  if (unmask == nullptr) return Break("a sum outside of p6");
  CheckSurvivors(group, *open, *unmask);
  std::vector<std::size_t> survivors;
  for (const auto& [node, upload] : unmask->uploads) survivors.push_back(IndexOf(node));
  const auto right = expected_.Sum(survivors, {open->plan.round, open->plan.purpose, open->plan.model_hash,
                                               unmask->attempt.cohort.size()});
  const std::string where = Show(open->plan.round, unmask->attempt.id);
  if (summed.outcome.sum != right.sum) Break(where + ": the sum is not that of the survivors' updates");
  if (summed.outcome.model_hash != right.model_hash) Break(where + ": the model is not that of the sum");
}

// The model of a job with groups is that of all their sums, each once.
void Checker::OnCombined(const job::Combined& combined) {
  Expected::Groups groups;
  for (const job::GroupProgress& group : job::ProgressOf(job_.live()).groups) {
    if (!group.sum) continue;
    std::vector<std::size_t> survivors;
    for (const NodeId& node : group.sum->survivors) survivors.push_back(IndexOf(node));
    const round::Plan& plan = group.sum->plan;
    groups.emplace_back(survivors, Expected::Update{plan.round, plan.purpose, plan.model_hash,
                                                    group.sum->attempt.cohort.size()});
  }
  if (groups.size() < plan_.min_groups) return Break("too few groups were combined");
  if (combined.model_hash != expected_.Combine(groups)) Break("the model is not that of the groups' sums");
}

// Updates that are acknowledged, and nodes that left while updates were still awaited.
void Checker::NoteUpdates(const job::State& before, const job::InRound& in) {
  const job::OpenRound* open = RoundIn(before, in.group);
  if (open == nullptr) return;
  const round::Attempt* attempt = round::AttemptOf(open->state);
  const AttemptId id = attempt == nullptr ? open->plan.first_attempt : attempt->id;
  const InGroup where{in.group, {open->plan.round, id}};
  if (std::holds_alternative<round::Gather>(open->state)) {  // a try before this one did not get so far
    uploaded_.erase(where);
    gone_.erase(where);
  }
  const auto* collect = std::get_if<round::Collect>(&open->state);
  // Masked, a set that was signed comes whole; unmasked, who leaves before the sum is made is not in it.
  const bool free = collect != nullptr && (!collect->again || open->plan.mode == SecureMode::kOff);
  const bool awaited = std::holds_alternative<round::Train>(open->state) || free;
  std::visit(
      overloaded{[&](const round::Uploaded& e) {
                   if (Holds(RoundIn(job_.durable(), in.group), e.node)) uploaded_[where].insert(e.node);
                 },
                 // Gone with the coordinator's memory: asked for again, and there if the node still is.
                 [&](const round::UploadsLost& e) {
                   for (const NodeId& node : e.nodes) uploaded_[where].erase(node);
                 },
                 [&](const round::Dropped& e) {
                   if (awaited) gone_[where].insert(e.node);
                 },
                 [&](const round::LeftAttempt& e) {
                   if (awaited) gone_[where].insert(e.node);
                 },
                 [](const auto&) {}},
      in.event);
}

// Whose updates the sum counts: as they were encoded, of nobody who had left before, and enough.
void Checker::CheckSurvivors(std::uint32_t group, const job::OpenRound& open, const round::Unmask& unmask) {
  const Key key{open.plan.round, unmask.attempt.id};
  const std::string where = Show(key.round, key.attempt);
  if (unmask.uploads.size() < open.plan.min_survivors) Break(where + ": too few survivors");
  for (const auto& [node, upload] : unmask.uploads) {
    if (!unmask.attempt.cohort.contains(node))
      Break(where + ": an update from outside of the cohort is counted");
    if (gone_[{group, key}].contains(node)) Break(where + ": the update of a node that had left is counted");
    const auto& roots = nodes_[IndexOf(node)].roots;
    const auto root = roots.find(key);
    if (root == roots.end() || root->second != upload.root) {
      Break(where + ": an update is counted that its node did not encode so");
    }
  }
}

void Checker::CheckCommit(std::uint32_t group, const job::OpenRound& open, const round::Commit& commit) {
  const Key key{open.plan.round, commit.attempt.id};
  const std::string where = Show(key.round, key.attempt);
  for (const NodeId& node : uploaded_[{group, key}]) {
    if (!gone_[{group, key}].contains(node) && !commit.uploads.contains(node)) {
      Break(where + ": an acknowledged update is not in the sum");
    }
  }
  const std::size_t least = expected_.LeastVerified(open.plan.mode, commit.attempt.cohort.size());
  const auto agrees = [&](const NodeId& node) { return agreed_[key].contains(node); };
  if (static_cast<std::size_t>(std::ranges::count_if(commit.attempt.cohort, agrees)) < least)
    Break(where + ": too few nodes came to the model");
}

// What became durable: updates that are acknowledged, rounds that are closed.
void Checker::OnJobWritten(const job::State& before, const Bytes& bytes) {
  const auto record = job::Decode(bytes);
  const auto* event = record.ok() ? std::get_if<job::Event>(&record->content) : nullptr;
  const auto* in = event == nullptr ? nullptr : std::get_if<job::InRound>(event);
  if (in != nullptr) NoteUpdates(before, *in);
  const bool grouped = !partition_.empty();
  const auto& history = job::HistoryOf(job_.durable());
  const bool closed = history.size() > job::HistoryOf(before).size();
  const bool committed = closed && history.back().committed;
  bool from_p7 = false;
  for (std::uint32_t group = 0; group < plan_.groups; ++group) {
    const job::OpenRound* open = RoundIn(before, group);
    const auto* commit = open == nullptr ? nullptr : std::get_if<round::Commit>(&open->state);
    if (commit == nullptr) continue;
    const auto& now = job::ProgressOf(job_.durable()).groups;
    if (grouped ? now[group].sum != nullptr : committed) CheckCommit(group, *open, *commit);
    from_p7 = true;
  }
  if (!committed) return;
  const job::RoundSummary& last = history.back();
  if (last.restored) return CheckCaughtUp(last);
  if (grouped ? !job::IsCombining(before) : !from_p7) return Break("a commit outside of p7");
  if (!models_.emplace(last.round, last.model_hash).second) Break("a round was committed twice");
}

// After a backup: with the model that was committed, or was about to be.
void Checker::CheckCaughtUp(const job::RoundSummary& last) {
  models_[last.round] = last.model_hash;
  const auto lost = lost_models_.find(last.round);
  if (lost != lost_models_.end() && lost->second != last.model_hash)
    Break("it caught up with another model than the round had made");
  if (!named_.contains({last.round, last.model_hash}))
    Break("it caught up with a model that nobody was told");
}

}  // namespace accord::simulation
