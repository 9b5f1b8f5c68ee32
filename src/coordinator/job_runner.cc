#include "coordinator/job_runner.h"

#include <algorithm>
//
#include <boost/asio/post.hpp>

#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "coordinator/aggregate.h"
#include "coordinator/start_models.h"

namespace accord::coordinator {

namespace asio = boost::asio;

JobRunner::JobRunner(Services& services, JobInput input)
    : services_(services),
      input_(std::move(input)),
      strand_(asio::make_strand(services.io)),
      last_time_(input_.submitted),
      last_steady_(services.timing.Steady()),
      deadline_timer_(services.timing.NewTimer(strand_)),
      disk_timer_(services.timing.NewTimer(strand_)),
      view_timer_(services.timing.NewTimer(strand_)),
      stall_timer_(services.timing.NewTimer(strand_)),
      ask_timer_(services.timing.NewTimer(strand_)) {
  const std::size_t groups = std::max<std::size_t>(1, input_.partition.size());
  for (std::uint32_t group = 0; group < groups; ++group) lanes_.emplace_back(services.spools, group);
}

std::shared_ptr<JobRunner> JobRunner::Create(Services& services, JobInput input) {
  const std::shared_ptr<JobRunner> runner(new JobRunner(services, std::move(input)));
  runner->MakeDriver(job::Submit(runner->submitted()), false);
  return runner;
}

// The wall clock, but never behind the steady one: somebody may set it back, also while nobody looks, and no
// wait grows by that.
TimePoint JobRunner::Now() {
  const auto steady = services_.timing.Steady();
  const auto passed = std::max(Millis(0), std::chrono::duration_cast<Millis>(steady - last_steady_));
  const TimePoint wall = services_.clock.Now();
  if (wall >= last_time_ + passed) {
    last_time_ = wall;
    last_steady_ = steady;
  } else {
    last_time_ += passed;
    last_steady_ += passed;  // what is less than a tick adds up
  }
  return last_time_;
}

void JobRunner::MakeDriver(job::State state, bool on_disk) {
  std::shared_ptr<Bytes> submission;
  if (!on_disk) submission = std::make_shared<Bytes>(job::Encode({submitted(), input_.submission}));
  const std::weak_ptr<JobRunner> weak = weak_from_this();
  driver_ = std::make_shared<Driver>(
      Driver::Options{
          .machine = {job::PlanOf(*input_.spec, input_.parameters()), "job/" + input_.id.Hex(), submission},
          .journal = &services_.journal,
          .post = [strand = strand_](std::function<void()> f) { asio::post(strand, std::move(f)); },
          .run =
              [weak](std::vector<job::Effect> effects) {
                if (auto self = weak.lock()) self->Run(std::move(effects));
              },
          .on_broken =
              [weak](const Status& status) {
                if (auto self = weak.lock()) self->OnBroken(status);
              }},
      std::move(state));
}

// ---------------------------------------------------------------- events

void JobRunner::Handle(const job::Event& event, std::function<void(Result<job::Why>)> done) {
  const job::State before = driver_->state();
  driver_->Handle(event, Now(), std::move(done));
  LogTransition(before, driver_->state());
  ReportTransition(before, driver_->state());
  AfterStep();
}

void JobRunner::HandleInRound(const Lane& lane, RoundId round, const round::Event& event,
                              std::function<void(Result<job::Why>)> done) {
  Handle(job::InRound{round, event, lane.group}, std::move(done));
}

void JobRunner::HandleInRound(const Lane& lane, const round::Event& event) {
  const job::OpenRounds* rounds = &job::RoundsOf(driver_->state());
  if (const auto* paused = std::get_if<job::Paused>(&driver_->state())) rounds = &paused->rounds;
  HandleInRound(lane, rounds->empty() ? RoundId{} : (*rounds)[0].plan.round, event);
}

const job::OpenRound* JobRunner::RoundOf(const Lane& lane) const {
  return job::RoundOf(driver_->state(), lane.group);
}

JobRunner::Lane* JobRunner::LaneOf(NodeId node) {
  const auto group = GroupOf(node, present());
  return group ? &lanes_[*group] : nullptr;
}

void JobRunner::AfterStep() {
  NotePhase();
  ArmDeadline();
  EndLateUploads();
  Changed();
  OfferToFreshRound();
  NoteWait();
}

void JobRunner::NotePhase() {
  const job::Phase now = job::PhaseOf(driver_->state());
  if (phase_.exchange(now) == now) return;
  if (now != job::Phase::kQueued) starting_ = false;
  services_.reschedule();
}

// A round that has just opened gets its candidates in the same turn, so that closing one round and fixing the
// next cohort share a sync.
void JobRunner::OfferToFreshRound() {
  for (Lane& lane : lanes_) {
    const job::OpenRound* open = RoundOf(lane);
    const bool gathering = open != nullptr && std::holds_alternative<round::Gather>(open->state);
    const std::pair<RoundId, AttemptId> fresh =
        gathering ? std::pair(open->plan.round, open->plan.first_attempt) : std::pair(RoundId{}, AttemptId{});
    if (std::exchange(lane.offered, fresh) != fresh && gathering) OfferCandidates(lane);
  }
}

void JobRunner::ArmDeadline() {
  deadline_timer_->Cancel();
  const auto deadline = job::DeadlineOf(driver_->state());
  if (!deadline) return;
  deadline_timer_->Arm(std::max(Millis(0), *deadline - Now()), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    for (const Lane& lane : self->lanes_) self->HandleInRound(lane, round::Tick{});
  });
}

// ---------------------------------------------------------------- beginning and recovery

void JobRunner::Begin(std::function<void(Status)> done) {
  Post([done = std::move(done)](JobRunner& self) mutable {
    // Before there is governance, whoever may submit approves.
    self.Handle(job::Approve{},
                [done = std::move(done)](const Result<job::Why>& result) { done(result.status()); });
    self.Advance();
  });
}

void JobRunner::ViewDurable(rpc::Reply<rpc::JobView> reply) {
  Post([reply = std::move(reply)](JobRunner& self) mutable {
    // The answer to a repeat waits for the original.
    self.Handle(job::Approve{}, [weak = self.weak_from_this(), reply](const Result<job::Why>& result) {
      const auto same = weak.lock();
      if (!same) return reply(Fail(errors::kInternal, "the coordinator is stopping"));
      result.ok() ? reply(same->MakeView()) : reply(result.status());
    });
  });
}

// From a state before the first round to the next; a job that has a record on the disk is at least approved.
void JobRunner::Advance() {
  if (job::PhaseOf(driver_->state()) == job::Phase::kProposed) Handle(job::Approve{});
  if (job::PhaseOf(driver_->state()) == job::Phase::kApproved) Handle(job::Enqueue{});
  if (job::PhaseOf(driver_->state()) != job::Phase::kQueued) return;
  starting_ ? MakeInitialModel() : services_.reschedule();
}

void JobRunner::Start() {
  starting_ = true;
  Post([](JobRunner& self) { self.Advance(); });
}

void JobRunner::WaitBehind(std::uint32_t jobs) {
  if (ahead_.exchange(jobs) == jobs) return;
  Post([](JobRunner& self) { self.Changed(); });
}

void JobRunner::MakeInitialModel() {
  asio::post(services_.workers, [self = shared_from_this()] {
    const Result<std::vector<float>> first =
        StartModels(self->services_.config.store.state).FirstState(*self->input_.spec, *self->input_.layout);
    const auto store = [&]() -> Result<Digest> {
      if (!first.ok()) return first.status();
      return StoreInitialModel(self->services_.blobs, *self->input_.layout, *first);
    };
    Result<Digest> hash = store();
    if (hash.ok()) {  // a job that ends now may let go of the same model: count it, then look again
      const Digest held = *hash;
      self->services_.refs.Add(held);
      if (!self->services_.blobs.Has(held)) hash = store();
      if (!hash.ok()) self->services_.refs.Release(held);
    }
    self->Post([hash = std::move(hash)](JobRunner& me) {
      if (!hash.ok()) return me.OnInitFailed(hash.status());
      if (!me.kept_.insert(*hash).second) me.services_.refs.Release(*hash);
      me.Handle(job::Start{*hash});
      me.BeginCatchUp();
      for (const rpc::Peer& node : me.services_.sessions.Connected()) me.OnNodeUp(node);
    });
  });
}

void JobRunner::OnInitFailed(const Status& status) {
  LogError("job.init_failed", {{"job", name()}, {"why", Describe(status)}});
  if (status.error() != errors::kStoreDiskFull.id) return Handle(job::Fail{job::Reason::kModelLost});
  GoOnSoon(status);
}

Status JobRunner::Recover(const std::vector<Bytes>& records) {
  const JobMachine machine{job::PlanOf(*input_.spec, input_.parameters()), "", {}};
  job::State state = job::Submit(input_.submitted);
  log_.clear();
  for (Lane& lane : lanes_) {  // what the lost events made of it is not what the disk says
    lane.masked = nullptr;
    lane.received.clear();
    lane.ends.clear();
    lane.unmasked.clear();
    lane.held.clear();
  }
  for (const Bytes& bytes : records) {
    ACCORD_ASSIGN_OR_RETURN(const job::Record record, job::Decode(bytes));
    const auto* event = std::get_if<job::Event>(&record.content);
    if (event == nullptr) continue;
    last_time_ = std::max(last_time_, record.time);
    job::Transition step = machine.Step(state, *event, record.time);
    if (step.why.verdict != round::Verdict::kAccepted) continue;  // a lost neighbour made it pointless
    LogTransition(state, step.next);
    state = std::move(step.next);
  }
  MakeDriver(std::move(state), !records.empty());
  phase_ = job::PhaseOf(driver_->state());
  KeepBlobs();
  return {};
}

void JobRunner::TakeUp(Millis away) {
  Post([away](JobRunner& self) {
    self.round_began_ = self.services_.timing.Steady();
    const job::State& state = self.driver_->state();
    const job::Phase phase = job::PhaseOf(state);
    if (job::IsTerminal(state)) return;
    if (phase <= job::Phase::kQueued) return self.Advance();
    for (const Lane& lane : self.lanes_) self.HandleInRound(lane, round::Restarted{away});
    for (Lane& lane : self.lanes_) {
      self.LoseUploads(lane);
      self.CheckOutcome(lane);
    }
    if (job::ReasonOf(self.driver_->state()) == job::Reason::kDiskFull) {
      self.GoOnSoon(Fail(errors::kStoreDiskFull, "since before the restart"));
    }
    self.Run(job::Outstanding(self.driver_->state()));
    self.BeginCatchUp();
    self.AfterStep();
  });
}

// What was spooled is gone with the process; the nodes still hold it.
void JobRunner::LoseUploads(Lane& lane) {
  round::NodeSet lost;
  const auto collect_lost = [&](const auto& s) {
    for (const auto& [node, root] : s.uploads) lost.insert(node);
  };
  if (const job::OpenRound* open = RoundOf(lane)) {
    if (const auto* s = std::get_if<round::Train>(&open->state)) collect_lost(*s);
    if (const auto* s = std::get_if<round::Collect>(&open->state)) collect_lost(*s);
    if (const auto* s = std::get_if<round::Unmask>(&open->state)) collect_lost(*s);
  }
  if (!lost.empty()) HandleInRound(lane, round::UploadsLost{lost});
}

// ---------------------------------------------------------------- people

void JobRunner::ByPerson(const job::Event& event, std::string what, rpc::Reply<rpc::JobView> reply) {
  Handle(event, [weak = weak_from_this(), what = std::move(what),
                 reply = std::move(reply)](const Result<job::Why>& fate) {
    const auto self = weak.lock();
    if (!self) return reply(Fail(errors::kInternal, "the coordinator is stopping"));
    if (!fate.ok()) return reply(fate.status());
    if (fate->verdict == round::Verdict::kRejected) {
      return reply(Fail(errors::kJobState, "job " + self->name() + " is " +
                                               std::string(job::Name(job::PhaseOf(self->driver_->state()))) +
                                               ": cannot " + what + " it now"));
    }
    reply(self->MakeView());
  });
}

void JobRunner::Cancel(std::string by, std::string reason, rpc::Reply<rpc::JobView> reply) {
  Post([by = std::move(by), reason = std::move(reason), reply = std::move(reply)](JobRunner& self) mutable {
    self.LogLine({.time = self.Now(),
                  .event = "job.cancel",
                  .text = "by " + by + (reason.empty() ? "" : ": " + reason)});
    self.ByPerson(job::Cancel{}, "cancel", std::move(reply));
  });
}

void JobRunner::Pause(std::string by, rpc::Reply<rpc::JobView> reply) {
  Post([by = std::move(by), reply = std::move(reply)](JobRunner& self) mutable {
    self.LogLine({.time = self.Now(), .event = "job.pause", .text = "by " + by});
    self.ByPerson(job::Pause{job::Reason::kByOperator}, "pause", std::move(reply));
  });
}

void JobRunner::Resume(std::string by, bool free, rpc::Reply<rpc::JobView> reply) {
  Post([by = std::move(by), free, reply = std::move(reply)](JobRunner& self) mutable {
    const std::string what = free ? ", free of the signed survivor set" : "";
    self.LogLine({.time = self.Now(), .event = "job.resume", .text = "by " + by + what});
    self.ByPerson(job::Resume{free}, "resume", std::move(reply));
    self.ConsiderCatchUp();
  });
}

}  // namespace accord::coordinator
