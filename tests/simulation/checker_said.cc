// What must hold of what the coordinator says: it grows, and is on the disk before.
#include "base/errors.h"
#include "base/overloaded.h"
#include "tests/simulation/checker.h"

namespace accord::simulation {

void Checker::CheckDue(std::size_t node, Key key, bool right, const char* what) {
  Node& told = nodes_[node];
  if (key < told.last_told) Break(std::string(what) + " went back to " + Show(key.round, key.attempt));
  told.last_told = std::max(told.last_told, key);
  if (!right) Break(std::string(what) + " was told before the disk had it: " + Show(key.round, key.attempt));
}

void Checker::OnSaid(std::size_t node, const rpc::ToNode& message) {
  Note(ByteView(members_.labs[node].id.bytes));
  const auto group = update::GroupOf(partition_, members_.labs[node].id);
  const job::OpenRound* open = job::RoundOf(job_.durable(), *group);
  const round::Attempt* attempt = open == nullptr ? nullptr : round::AttemptOf(open->state);
  const auto in = [&](RoundId round, AttemptId id, round::Phase phase) {
    return attempt != nullptr && open->plan.round == round && attempt->id == id &&
           round::PhaseOf(open->state) == phase;
  };
  const auto from = [&](RoundId round, AttemptId id, round::Phase phase) {
    return attempt != nullptr && open->plan.round == round && attempt->id == id &&
           round::PhaseOf(open->state) >= phase;
  };
  std::visit(
      overloaded{
          [&](const rpc::Train& m) {
            const bool right = open != nullptr && open->plan.round == m.round &&
                               open->plan.model_hash == m.model_hash &&
                               round::PhaseOf(open->state) == round::Phase::kTrain;
            const Key last = nodes_[node].last_told;  // a round is tried again from p1
            CheckDue(node, last.round == m.round ? last : Key{m.round, {}}, right, "Train");
            named_.emplace(RoundId{m.round.value - 1}, m.model_hash);
            const auto known = models_.find(RoundId{m.round.value - 1});
            if (known != models_.end() && known->second != m.model_hash) {
              Break("a round starts from another model than the last one made");
            }
          },
          [&](const rpc::Offer& m) {
            CheckDue(node, {m.offer.round, m.offer.attempt},
                     in(m.offer.round, m.offer.attempt, round::Phase::kAdvertise), "Offer");
          },
          [&](const rpc::Roster& m) {
            CheckDue(node, {m.round, m.attempt}, in(m.round, m.attempt, round::Phase::kShare), "Roster");
          },
          [&](const rpc::Collect& m) {
            CheckDue(node, {m.round, m.attempt}, in(m.round, m.attempt, round::Phase::kCollect), "Collect");
          },
          [&](const rpc::Survivors& m) {
            CheckDue(node, {m.round, m.attempt}, from(m.round, m.attempt, round::Phase::kSurvivors),
                     "Survivors");
          },
          [&](const rpc::Certificate& m) {
            CheckDue(node, {m.round, m.attempt}, from(m.round, m.attempt, round::Phase::kUnmask),
                     "Certificate");
          },
          [&](const rpc::Commit& m) {
            CheckDue(node, {m.round, m.attempt}, in(m.round, m.attempt, round::Phase::kCommit), "Commit");
            nodes_[node].told[{m.round, m.attempt}] = m.model_hash;
            if (partition_.empty())
              named_.emplace(m.round, m.model_hash);  // else only the group's sum is made
          },
          [&](const rpc::Ended& m) {
            const bool unknown =
                m.reason.error() == errors::kJobNotFound.id;  // says a coordinator without it
            if (!job::IsTerminal(job_.durable()) && m.job == job_id_ && !unknown) {
              Break("Ended was told before the disk had it");
            }
          },
          [](const auto&) {}},
      message);
}

}  // namespace accord::simulation
