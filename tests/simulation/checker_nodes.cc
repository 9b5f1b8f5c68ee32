// What must hold of the nodes, and of the states in memory.
#include <cstring>

#include "base/errors.h"
#include "base/overloaded.h"
#include "coordinator/job_runner.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/same.h"

namespace accord::simulation {
namespace {

constexpr std::size_t kMaskWords = 3;  // enough to tell two masks apart
constexpr Millis kRecovers{30'000};    // a process whose disk was full has started over by then
constexpr Millis kWorks{60'000};       // no work of a thread takes longer
constexpr Millis kIdles{3'000};        // from one piece of work to the next

std::string Lab(std::size_t node) { return "lab-" + std::to_string(node); }

}  // namespace

// ---------------------------------------------------------------- a node's events

void Checker::OnTaskRecord(Node& node, const Bytes& bytes) {
  const auto record = task::DecodeRecord(bytes);
  const auto* event = record.ok() ? std::get_if<task::Event>(&record->content) : nullptr;
  if (event == nullptr) return;
  const auto note = [&](const auto& e, Said said) { node.durable.insert({{e.round, e.attempt}, said}); };
  std::visit(overloaded{[&](const task::OfferTold& e) { note(e, Said::kOffer); },
                        [&](const task::RosterTold& e) { note(e, Said::kRoster); },
                        [&](const task::GraphTold& e) { note(e, Said::kGraph); },
                        [&](const task::EncodeDone& e) {
                          note(e, Said::kEncoded);
                          const auto [known, fresh] = node.roots.emplace(Key{e.round, e.attempt}, e.root);
                          if (!fresh && known->second != e.root)
                            Break("an attempt was encoded twice, otherwise");
                        },
                        [&](const task::SurvivorsTold& e) { note(e, Said::kSurvivors); },
                        [&](const task::CertificateTold& e) { note(e, Said::kCertificate); },
                        [&](const task::CheckDone& e) { note(e, Said::kChecked); },
                        [&](const task::Free&) { node.sets.clear(); }, [](const auto&) {}},
             *event);
  CheckSets(node);
}

// No shares for two survivor sets of one model (secagg.md 2.9).
void Checker::CheckSets(Node& node) {
  const task::Activity& activity = node.story.durable().activity;
  const task::Update* update = task::UpdateOf(activity);
  if (update == nullptr || update->u3.empty()) return;
  const task::Assignment& round = *task::RoundOf(activity);
  const auto [known, fresh] = node.sets.emplace(task::SetKey{round.model_hash, round.purpose}, update->u3);
  if (!fresh && known->second != update->u3) Break("two survivor sets of one model were signed");
}

// ---------------------------------------------------------------- what a node says

// What stands behind an answer is on the disk before it leaves.
void Checker::CheckSigned(std::size_t node, Key key, Said said, const char* what) {
  if (nodes_[node].durable.contains({key, said})) return;
  Break(Lab(node) + " said " + what + " before its disk had it");
}

void Checker::OnSaid(std::size_t node, const rpc::FromNode& message) {
  Note(ByteView(members_.labs[node].id.bytes));
  const bool masked = plan_.mode != SecureMode::kOff;
  std::visit(
      overloaded{
          [&](const rpc::Advertised& m) {
            CheckSigned(node, {m.round, m.attempt}, Said::kOffer, "Advertised");
          },
          [&](const rpc::Shared& m) {
            CheckSigned(node, {m.round, m.attempt}, Said::kRoster, "Shared");
          },
          [&](const rpc::Update& m) { CheckUpdate(node, m); },
          [&](const rpc::SurvivorsSigned& m) {
            CheckSigned(node, {m.round, m.attempt}, Said::kSurvivors, "SurvivorsSigned");
          },
          [&](const rpc::Unmasked& m) {
            const bool semi = plan_.mode == SecureMode::kSemiHonest;
            CheckSigned(node, {m.round, m.attempt}, semi ? Said::kSurvivors : Said::kCertificate, "Unmasked");
          },
          [&](const rpc::Verified& m) {
            if (masked) CheckSigned(node, {m.round, m.attempt}, Said::kChecked, "Verified");
            const auto told = nodes_[node].told.find({m.round, m.attempt});
            if (told == nodes_[node].told.end() || told->second != m.model_hash) {
              Break(Lab(node) + " came to another model than the coordinator");
            }
            agreed_[{m.round, m.attempt}].insert(members_.labs[node].id);
          },
          [&](const rpc::Refused& m) { CheckRefusal(node, m.error.error()); },
          [&](const rpc::Declined& m) { CheckRefusal(node, m.error.error()); }, [](const auto&) {}},
      message);
}

// Nobody lies here, so that nobody may be accused: what a node refuses is what it lost or may not do,
// or what follows from a backup: a model of groups' sums that it did not have, a set that it did not know of
// and that too few nodes signed to bind the others.
void Checker::CheckRefusal(std::size_t node, const std::string& code) {
  static const std::set<std::string_view> kHonest = {errors::kBlobNotFound.id,  errors::kSecaggMemoryLost.id,
                                                     errors::kStoreDiskFull.id, errors::kTaskNoDelta.id,
                                                     errors::kTaskStopped.id,   errors::kJobState.id};
  ++refusals_[code];
  if (went_back_ && !partition_.empty() && code == errors::kSecaggWrongModel.id) return;
  if (went_back_ && code == errors::kSecaggSpentModel.id) return;
  if (!kHonest.contains(code)) Break(Lab(node) + " refused with " + code);
}

// The same bytes for one attempt, however often; and no mask for two.
void Checker::CheckUpdate(std::size_t index, const rpc::Update& m) {
  Node& node = nodes_[index];
  const Key key{m.round, m.attempt};
  CheckSigned(index, key, Said::kEncoded, "Update");
  const auto root = node.roots.find(key);
  if (root != node.roots.end() && root->second != m.root) Break(Lab(index) + " sent another root");
  const auto [sent, fresh] = node.sent.emplace(key, m.words);
  if (!fresh) {
    if (sent->second != m.words) Break(Lab(index) + " sent one attempt twice with other bytes");
    return;
  }
  const task::Activity& activity = node.story.live().activity;
  const task::Update* update = task::UpdateOf(activity);
  if (update == nullptr || update->attempt != m.attempt) return;
  const task::Assignment& round = *task::RoundOf(activity);
  const Numbers& plain =
      expected_.Plain(index, {round.round, round.purpose, round.model_hash, update->cohort.size()});
  if (plain.size() * 8 != m.words.size()) return Break(Lab(index) + " sent an update of another length");
  Numbers mask(plain.size());
  std::memcpy(mask.data(), m.words.data(), m.words.size());
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] -= plain[i];
  if (plan_.mode == SecureMode::kOff) {
    if (mask != Numbers(mask.size())) Break(Lab(index) + " sent another update than it trained");
    return;
  }
  mask.resize(std::min(mask.size(), kMaskWords));
  if (mask == Numbers(mask.size())) Break(Lab(index) + " sent an update without a mask");
  if (!node.masks.emplace(mask, key).second) Break(Lab(index) + " used a mask twice");
}

// ---------------------------------------------------------------- after a step

void Checker::AfterStep(sim::Federation& federation) {
  now_ = federation.world().now();
  CheckLive(federation);
  CheckDeadline(federation);
}

// A party is in the state that its journal gives, at every moment.
void Checker::CheckLive(sim::Federation& federation) {
  const auto compare = [&](std::size_t party, const auto* live, const auto& story) {
    if (live == nullptr || (checked_[party] == story.size() && !uncertain_[party])) return;
    checked_[party] = story.size();
    if (Same(*live, story.live())) return uncertain_[party].reset();
    if (uncertain_[party] && now_ - *uncertain_[party] < kRecovers) return;
    Break("party " + std::to_string(party) + " is not in the state of its journal:\n  " +
          Printable(DumpOf(*live), 4000) + "\n  " + Printable(DumpOf(story.live()), 4000));
  };
  if (up_[0]) compare(0, federation.JobState(), job_);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!up_[i + 1] || federation.node(i) == nullptr) continue;
    const auto& all = federation.node(i)->tasks().all();
    const auto task = all.find(job_id_);
    if (task != all.end()) compare(i + 1, &task->second->state(), nodes_[i].story);
  }
}

// Whatever the coordinator waits for, something ends the wait, and no later than the job's bound.
void Checker::CheckDeadline(sim::Federation& federation) {
  const job::State* state = federation.JobState();
  const bool open = up_[0] && state != nullptr && !job::RoundsOf(*state).empty();
  if (open && now_ - last_record_ > plan_.max_wait + kWorks)
    Break("the coordinator waits for longer than max_wait");
  if (state == nullptr || job::RoundsOf(*state).empty() || uncertain_[0]) return idle_since_.reset();
  if (job::DeadlineOf(*state)) {
    idle_since_.reset();
    if (federation.coordinator()->armed() == 0) Break("the coordinator waits without a timer");
    return;
  }
  if (federation.coordinator()->working() > 0) return idle_since_.reset();
  if (!idle_since_) idle_since_ = now_;
  if (now_ - *idle_since_ > kIdles) Break("the coordinator waits for work that is not under way");
}

}  // namespace accord::simulation
