#include "sim/federation.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "job/job_id.h"

namespace accord::sim {
namespace {

constexpr Millis kPersonLooksAgain{5'000};

}  // namespace

class Federation::Journals final : public JournalObserver {
 public:
  Journals(Observer& observer, std::size_t party) : observer_(observer), party_(party) {}
  void OnQueued(const std::vector<driver::Append>& batch) override { observer_.OnQueued(party_, batch); }
  void OnWritten(const std::vector<driver::Append>& batch) override { observer_.OnWritten(party_, batch); }
  void OnFailed(const std::vector<driver::Append>& batch) override { observer_.OnFailed(party_, batch); }

 private:
  Observer& observer_;
  const std::size_t party_;
};

Federation::Federation(Options options)
    : options_(std::move(options)),
      token_(16, 7),
      job_(job::MakeJobId(options_.plan, token_)),
      network_(world_, options_.seed ^ 0x6e6574, options_.members->labs.size(), *this) {
  Random seeds(options_.seed);
  const std::size_t parties = options_.members->labs.size() + 1;
  for (std::size_t party = 0; party < parties; ++party) {
    const std::filesystem::path at = options_.directory / std::to_string(party);
    std::filesystem::create_directories(at);
    machines_.push_back(std::make_unique<Machine>(world_, seeds.Next(), at, options_.disks + party));
    machines_.back()->running = options_.running;
    journals_.push_back(std::make_unique<Journals>(*options_.observer, party));
  }
  fates_.resize(parties);
  nodes_.resize(parties - 1);
}

Federation::~Federation() {
  network_.CloseCoordinator(Millis(0));
  coordinator_ = nullptr;
  nodes_.clear();
}

// ---------------------------------------------------------------- running

void Federation::Begin() {
  for (std::size_t party = 0; party < parties(); ++party) Boot(party);
  SubmitUntilKnown();
}

bool Federation::Step() {
  if (!world_.Step()) return false;
  RunHandlers();
  return true;
}

bool Federation::Up(std::size_t party) const {
  return party == 0 ? coordinator_ != nullptr : nodes_[party - 1] != nullptr;
}

bool Federation::RunHandler(std::size_t party) {
  if (!Up(party)) return false;
  Machine& machine = *machines_[party];
  if (machine.disk.dead() && !fates_[party]) {
    fates_[party] = Fate{Crash::kPower, machine.random.Time(Millis(50), Millis(5'000))};
  }
  bool ran = false;
  if (!fates_[party]) {
    ran = party == 0 ? coordinator_->RunOne() : nodes_[party - 1]->RunOne();
    if (ran) options_.observer->OnHandler(party);
  }
  if (const auto fate = std::exchange(fates_[party], {})) {
    CrashNow(party, fate->crash, fate->away);
    return true;
  }
  return ran;
}

// Until nobody has anything to do at this moment.
void Federation::RunHandlers() {
  for (bool any = true; any;) {
    any = false;
    for (std::size_t party = 0; party < parties(); ++party) {
      options_.running(&machines_[party]->disk);
      while (RunHandler(party)) any = true;
      options_.running(nullptr);
    }
  }
}

// ---------------------------------------------------------------- processes

void Federation::Boot(std::size_t party) {
  Machine& machine = *machines_[party];
  if (Up(party)) return;
  machine.doomed = false;
  options_.running(&machine.disk);
  const Status booted = party == 0 ? BootCoordinator() : BootNode(party - 1);
  options_.running(nullptr);
  if (booted.ok()) {
    return options_.observer->OnBoot(party,
                                     party == 0 ? coordinator_->journal() : nodes_[party - 1]->journal());
  }
  options_.observer->OnCrash(party);
  // A full or dying disk is a reason not to start; a damaged one is not to be.
  if (booted.error() != errors::kStoreDiskFull.id && !machine.disk.dead()) {
    return options_.observer->OnDamage(party, booted);
  }
  if (machine.disk.dead()) machine.disk.Crash(&machine.random);
  world_.After(std::chrono::seconds(1), [this, party] { Boot(party); });
}

Status Federation::BootCoordinator() {
  const auto fatal = [this](const Status&) { Doom(0, Crash::kProcess, Millis(1'000)); };
  ACCORD_ASSIGN_OR_RETURN(
      coordinator_,
      CoordinatorProcess::Start(*machines_[0], {options_.members->coordinator, *options_.members->registries,
                                                *options_.metrics, *journals_[0], fatal}));
  return {};
}

Status Federation::BootNode(std::size_t node) {
  const Members::Lab& lab = options_.members->labs[node];
  Machine& machine = *machines_[node + 1];
  NodeProcess::Outside outside{
      .config = options_.members->node,
      .index = node,
      .node = lab.id,
      .key = lab.key,
      .federation = options_.members->coordinator.federation.trust_domain,
      .observer = *journals_[node + 1],
      .dial = [this, node] { return network_.Dial(node); },
      .send =
          [this, node, &machine](std::uint64_t session, rpc::FromNode message) {
            if (machine.doomed) return;
            options_.observer->OnSaid(node, message);
            if (!machine.doomed) network_.FromNode(node, session, std::move(message));
          },
      .fetch = [this, node](const Digest& hash, std::uint64_t offset,
                            const rpc::BlobSink& sink) { return Fetch(node, hash, offset, sink); },
      .broken = [this, node](const Status&) { Doom(node + 1, Crash::kProcess, Millis(1'000)); }};
  ACCORD_ASSIGN_OR_RETURN(nodes_[node], NodeProcess::Start(machine, outside));
  return {};
}

void Federation::Doom(std::size_t party, Crash crash, Millis away) {
  machines_[party]->doomed = true;
  if (!fates_[party]) fates_[party] = Fate{crash, away};
}

void Federation::CrashNow(std::size_t party, Crash crash, Millis away) {
  fates_[party].reset();
  if (!Up(party)) return;
  Machine& machine = *machines_[party];
  machine.doomed = true;
  options_.observer->OnCrash(party);
  const bool power = crash == Crash::kPower;
  // A machine that went dark says no goodbye.
  const Millis notice = power ? machine.random.Time(Millis(5'000), Millis(25'000)) : Millis(5);
  if (party == 0) {
    network_.CloseCoordinator(notice);
    coordinator_ = nullptr;
  } else {
    network_.CloseNode(party - 1, notice);
    nodes_[party - 1] = nullptr;
  }
  machine.disk.Crash(power ? &machine.random : nullptr);
  if (power) options_.power_cut(machine.directory, machine.random);
  world_.After(away, [this, party] { Boot(party); });
}

// ---------------------------------------------------------------- the network's ends

rpc::Peer Federation::PeerOf(std::size_t node) const {
  const Members::Lab& lab = options_.members->labs[node];
  return {lab.identity.Format(), rpc::Role::kNode, lab.identity.name, lab.id};
}

void Federation::ToNode(std::size_t node, std::uint64_t session, rpc::ToNode message) {
  if (nodes_[node]) nodes_[node]->OnMessage(session, std::move(message));
}
void Federation::ClosedAtNode(std::size_t node, std::uint64_t session) {
  if (nodes_[node]) nodes_[node]->OnClosed(session);
}
bool Federation::OnSaid(std::size_t node, const rpc::ToNode& message) {
  if (machines_[0]->doomed) return false;
  options_.observer->OnSaid(node, message);
  return !machines_[0]->doomed;
}
std::shared_ptr<rpc::SessionEvents> Federation::Accept(std::size_t node,
                                                       std::shared_ptr<rpc::SessionLink> link) {
  if (!coordinator_ || machines_[0]->doomed) return nullptr;
  return coordinator_->sessions().OnSession(PeerOf(node), std::move(link));
}

Status Federation::Fetch(std::size_t node, const Digest& hash, std::uint64_t offset,
                         const rpc::BlobSink& sink) {
  if (!coordinator_ || machines_[0]->doomed || !network_.Reachable(node)) {
    return Fail(errors::kBlobNotFound, "not connected");  // what is worth another try would be waited for
  }
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t size, coordinator_->jobs().BlobSize(PeerOf(node), hash));
  Bytes bytes(size - std::min(size, offset));
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t read, coordinator_->jobs().ReadBlob(hash, offset, bytes));
  return sink(offset, size, ByteView(bytes).first(read));
}

// ---------------------------------------------------------------- people

const coordinator::JobRunner* Federation::Runner() {
  if (!coordinator_) return nullptr;
  const auto all = coordinator_->jobs().All();
  return all.empty() ? nullptr : all.front().get();
}

const job::State* Federation::JobState() {
  const coordinator::JobRunner* runner = Runner();
  return runner == nullptr ? nullptr : &runner->state();
}

// The same submission, by its token, as often as it takes.
void Federation::SubmitUntilKnown() {
  const rpc::Peer person{"spiffe://sim.accord/researcher/ada", rpc::Role::kResearcher, "ada", {}};
  auto known = std::make_shared<bool>(false);
  if (coordinator_ && !machines_[0]->doomed) {
    coordinator_->jobs().Submit(person, options_.plan, token_, [this, known](const auto& view) {
      *known = view.ok() && !machines_[0]->doomed;
    });
  }
  world_.After(kPersonLooksAgain, [this, known] {
    if (!*known) SubmitUntilKnown();
  });
}

void Federation::BackUp() {
  if (!coordinator_ || machines_[0]->doomed) return;
  auto taken = Backup::Take(*machines_[0], "job/" + job_.Hex(), options_.directory / "backup");
  if (taken.ok()) backup_ = *std::move(taken);
}

void Federation::Restore(Millis away) {
  if (!backup_) return;
  Machine& machine = *machines_[0];
  if (machine.disk.full) return world_.After(kPersonLooksAgain, [this, away] { Restore(away); });
  CrashNow(0, Crash::kProcess, away);
  auto records = backup_->Restore(machine);
  ACCORD_CHECK(records.ok());
  options_.observer->OnRestored(*std::move(records));
}

void Federation::Resume(bool free) {
  if (!coordinator_) return;
  for (const auto& job : coordinator_->jobs().All()) job->Resume("ada", free, [](const auto&) {});
}
void Federation::Cancel() {
  if (!coordinator_) return;
  for (const auto& job : coordinator_->jobs().All()) job->Cancel("ada", "", [](const auto&) {});
}
void Federation::Lab(std::size_t node, const task::Event& event) {
  if (!nodes_[node]) return;
  for (const auto& [id, task] : nodes_[node]->tasks().all()) {
    if (!task->state().ended) task->OnLab(event, [](const Status&) {});
  }
}

}  // namespace accord::sim
