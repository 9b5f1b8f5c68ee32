// The nodes of a job: preparing them, telling them their duty, hearing what they say, granting upload slots.
#include <algorithm>
#include <utility>
//
#include <boost/asio/post.hpp>

#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "coordinator/job_runner.h"
#include "coordinator/submission.h"
#include "update/headers.h"

namespace accord::coordinator {
namespace {

round::Reason DropReason(const Status& error) {
  if (error.error() == errors::kTaskStopped.id) return round::Reason::kStopped;
  return round::Reason::kDeclined;
}

}  // namespace

std::string JobRunner::NameOf(NodeId node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? node.Hex().substr(0, 12) : found->second.name;
}

// ---------------------------------------------------------------- coming and going

void JobRunner::OnNodeUp(const rpc::Peer& node) {
  Post([node](JobRunner& self) {
    Node& known = self.nodes_[node.node];
    known.name = node.name;
    known.spiffe_id = node.spiffe_id;
    known.connected = true;
    self.SetPrepared(node.node, false);
    if (self.LaneOf(node.node) == nullptr) return;  // the plan's groups do not name it
    if (!self.DiskIsBehind(node.node)) self.Prepare(node.node);
    self.Changed();
  });
}

void JobRunner::OnNodeDown(const rpc::Peer& node) {
  Post([node](JobRunner& self) {
    const auto known = self.nodes_.find(node.node);
    if (known == self.nodes_.end()) return;
    known->second.connected = false;
    self.SetPrepared(node.node, false);
    self.GrantUploads();  // its slot is free
    self.LoseSource(node.node);
    self.Changed();
  });
}

void JobRunner::Expel(NodeId node) {
  Post([node](JobRunner& self) {
    self.SetPrepared(node, false);
    self.nodes_[node].heard.reset();
    const Lane* lane = self.LaneOf(node);
    if (lane != nullptr) self.HandleInRound(*lane, round::Dropped{node, round::Reason::kRefused});
  });
}

void JobRunner::Prepare(NodeId node) {
  const job::Phase phase = job::PhaseOf(driver_->state());
  if (phase >= job::Phase::kFinished) return SendEnded(node);
  if (phase != job::Phase::kRunning && phase != job::Phase::kPaused) return;
  rpc::Prepare message{input_.id, input_.submission.plan, input_.submission.token,
                       job::IsCatchingUp(driver_->state())};
  if (IsDecided(input_.submission)) {
    message.token.clear();
    return ShowDecision(node, std::move(message));
  }
  services_.sessions.Send(node, std::move(message));
}

void JobRunner::SetPrepared(NodeId node, bool prepared) {
  Node& known = nodes_[node];
  known.prepared = prepared;
  known.told = false;
  const MutexLock lock(prepared_mutex_);
  if (prepared) {
    prepared_.insert(node);
  } else {
    prepared_.erase(node);
  }
}

bool JobRunner::IsPrepared(NodeId node) const {
  const MutexLock lock(prepared_mutex_);
  return prepared_.contains(node);
}

void JobRunner::OfferCandidates() {
  for (const Lane& lane : lanes_) OfferCandidates(lane);
}

void JobRunner::OfferCandidates(const Lane& lane) {
  if (secure() != SecureMode::kOff) return OfferPinned(lane);
  round::NodeSet ready;
  for (const auto& [id, node] : nodes_) {
    if (node.connected && node.prepared && LaneOf(id) == &lane) ready.insert(id);
  }
  HandleInRound(lane, round::Candidates{std::move(ready), {}});
}

// ---------------------------------------------------------------- what nodes say

void JobRunner::OnMessage(const rpc::Peer& node, rpc::FromNode message) {
  Post([node, message = std::move(message)](JobRunner& self) mutable {
    const NodeId id = node.node;
    Lane* const found = self.LaneOf(id);
    if (found == nullptr) return;  // no node of this job
    Lane& lane = *found;
    std::visit(overloaded{[&](const rpc::Heartbeat& m) {
                            for (const rpc::Progress& progress : m.progress) {
                              if (progress.job == self.id()) self.nodes_[id].progress = progress;
                            }
                            self.Changed();
                          },
                          [&](rpc::Prepared& m) {
                            self.OnRegistry(node, m.registry);
                            self.OnPrepared(id);
                            self.OnStanding(id, std::move(m.standing));
                          },
                          [&](const rpc::ModelPart& m) { self.OnModelPart(id, m); },
                          [&](const rpc::Declined& m) { self.OnDeclined(id, m); },
                          [&](const rpc::Trained& m) { self.OnTrained(lane, node, m.round); },
                          [&](const rpc::Verified& m) { self.OnVerifiedMessage(lane, node, m); },
                          [&](const rpc::Refused& m) { self.OnRefused(lane, node, m); },
                          [&](const rpc::Advertised& m) { self.OnAdvertised(lane, node, m); },
                          [&](const rpc::GraphNonce& m) { self.OnGraphNonce(lane, node, m); },
                          [&](rpc::Shared& m) { self.OnShared(lane, node, std::move(m)); },
                          [&](const rpc::Masked& m) { self.OnMasked(lane, node, m); },
                          [&](const rpc::SurvivorsSigned& m) { self.OnSurvivorsSigned(lane, node, m); },
                          [&](const rpc::Unmasked& m) { self.OnUnmasked(lane, node, m); },
                          [&](const rpc::Update& m) { self.OnUpdate(lane, node, m); },
                          [&](const rpc::RoundReceipt& m) { self.OnReceipt(lane, node, m); },
                          [&](const rpc::Hello&) { /* src/coordinator/sessions answers it */ },
                          [&](const rpc::CheckpointAnswer&) { /* the log's */ }},
               message);
  });
}

void JobRunner::OnTrained(Lane& lane, const rpc::Peer& node, RoundId round) {
  HandleInRound(lane, round, round::Trained{node.node},
                [weak = weak_from_this(), name = node.name, round](const Result<job::Why>& fate) {
                  const auto self = weak.lock();
                  if (!self || !fate.ok() || fate->reason != round::Reason::kLate) return;
                  self->LogLine({.time = self->Now(),
                                 .round = round,
                                 .node = name,
                                 .event = "node.late",
                                 .text = Describe(StatusOf(round::Name(fate->reason)))});
                });
}

// A registry that no version here had: made after a backup that the coordinator went back to.
void JobRunner::OnRegistry(const rpc::Peer& node, const Digest& pinned) {
  nodes_[node.node].registry = pinned;
  if (pinned.IsZero() || services_.registries.Find(pinned).ok()) return;
  const std::string text = "it pinned registry " + pinned.Hex() +
                           ", which this coordinator does not know: its lab pins the newest";
  LogWarn("node.registry_unknown", {{"job", name()}, {"node", node.name}, {"why", text}});
  LogLine({.time = Now(), .node = node.name, .event = "node.registry_unknown", .text = text});
}

void JobRunner::OnPrepared(NodeId node) {
  SetPrepared(node, true);
  nodes_[node].declined.clear();
  OfferCandidates();
  GrantUploads();
  Tell(node);
  Changed();
}

void JobRunner::OnDeclined(NodeId node, const rpc::Declined& message) {
  const std::string error = Printable(message.error.error(), 64);
  const bool again = message.round == RoundId{} && std::exchange(nodes_[node].declined, error) == error;
  if (!again)  // it is asked each minute while the job waits for nodes
    LogLine({.time = Now(),
             .round = message.round,
             .node = NameOf(node),
             .event = "node.declined",
             .text = error});
  const round::Dropped dropped{node, DropReason(message.error)};
  const Lane& lane = *LaneOf(node);
  if (message.round != RoundId{}) return HandleInRound(lane, message.round, dropped);
  SetPrepared(node, false);
  OnAside(node, message.error);
  HandleInRound(lane, dropped);
  GrantUploads();  // its slot is free
}

// ---------------------------------------------------------------- duties

// Nodes hear only of what is on the disk: a coordinator that came back without it would contradict itself.
// While the journal is behind the machine, they wait.
bool JobRunner::DiskIsBehind(NodeId node) {
  if (driver_->idle()) return false;
  late_.insert(node);
  return true;
}

void JobRunner::CatchUp() {
  if (std::exchange(grant_late_, false)) GrantUploads();
  for (const NodeId& node : std::exchange(late_, {})) {
    const auto known = nodes_.find(node);
    if (known == nodes_.end() || !known->second.connected) continue;
    known->second.prepared ? Tell(node) : Prepare(node);
  }
}

void JobRunner::Tell(NodeId node) {
  if (DiskIsBehind(node)) return;
  Lane* const lane = LaneOf(node);
  const job::OpenRound* open = lane == nullptr ? nullptr : RoundOf(*lane);
  const auto known = nodes_.find(node);
  if (open == nullptr || known == nodes_.end() || !known->second.prepared || known->second.told) return;
  const auto duty = round::DutyOf(open->state, node);
  if (!duty || std::holds_alternative<round::CollectDuty>(*duty)) return;  // uploads are granted by slot
  TellDuty(*lane, node, *open, *duty);
}

// Whether the node's upload is awaited.
bool JobRunner::AwaitsUpload(NodeId node) {
  const Lane* lane = LaneOf(node);
  const job::OpenRound* open = lane == nullptr ? nullptr : RoundOf(*lane);
  return open != nullptr && std::holds_alternative<round::Collect>(open->state) &&
         round::DutyOf(open->state, node);
}

// The slots are those of all groups together.
void JobRunner::GrantUploads() {
  if (!driver_->idle()) return void(grant_late_ = true);
  for (Lane& lane : lanes_) GrantUploads(lane);
}

// Tells as many nodes to upload as there are slots. A node that was told holds a slot until its upload is
// complete, stalls, or its connection ends.
void JobRunner::GrantUploads(Lane& lane) {
  const job::OpenRound* open = RoundOf(lane);
  const auto* collect = open == nullptr ? nullptr : std::get_if<round::Collect>(&open->state);
  if (collect == nullptr) return;
  const std::uint64_t words = UploadWords(*open, collect->attempt.cohort.size());
  lane.uploads.Begin(collect->attempt.id, words);
  const std::size_t slots = lane.uploads.large() ? services_.config.uploads.slots : nodes_.size();
  std::size_t used = 0;
  for (const auto& [id, node] : nodes_) {
    if (node.told && AwaitsUpload(id)) ++used;
  }
  for (const bool stalled : {false, true}) {
    for (auto& [id, node] : nodes_) {
      if (used >= slots) break;
      if (!node.prepared || node.told || node.stalled != stalled) continue;
      const auto duty = round::DutyOf(open->state, id);
      if (!duty) continue;
      ++used;
      node.seen_bytes = lane.uploads.BytesOf(id);
      node.seen_at = services_.timing.Steady();
      TellDuty(lane, id, *open, *duty);
    }
  }
  WatchUploads();
}

// ---------------------------------------------------------------- uploads

std::uint64_t JobRunner::UploadWords(const job::OpenRound& open, std::size_t cohort) const {
  const auto encoding =
      update::EncodingFor(*input_.spec, open.plan.purpose, input_.RoundOf(open.plan.round).Unclipped(),
                          static_cast<std::uint32_t>(cohort));
  ACCORD_CHECK(encoding.ok());  // submission made sure of it for every cohort size
  return encoding->Words();
}

Result<JobRunner::Lane*> JobRunner::CheckUpload(const rpc::Peer& node, const rpc::UploadKey& key) {
  Lane* const lane = LaneOf(node.node);
  const job::OpenRound* open = lane == nullptr ? nullptr : RoundOf(*lane);
  const auto closed = [&] {
    return Fail(errors::kUploadClosed, "round " + std::to_string(key.round.value) + " attempt " +
                                           std::to_string(key.attempt.value) +
                                           " awaits no upload, or not any more (round.late)");
  };
  if (open == nullptr || open->plan.round != key.round) return closed();
  const auto* collect = std::get_if<round::Collect>(&open->state);
  const auto* train = std::get_if<round::Train>(&open->state);
  if (collect == nullptr && (train == nullptr || secure() != SecureMode::kOff)) return closed();
  if (key.attempt != (collect != nullptr ? collect->attempt.id : open->plan.first_attempt)) return closed();
  if ((collect != nullptr ? collect->attempt.cohort : train->members.cohort).contains(node.node)) return lane;
  return Fail(errors::kUploadCohort, "node " + node.name + " is not in the cohort of this attempt");
}

void JobRunner::OpenUpload(const rpc::Peer& node, const rpc::UploadKey& key, std::uint64_t words,
                           rpc::Reply<std::shared_ptr<rpc::UploadSink>> reply) {
  Post([node, key, words, reply = std::move(reply)](JobRunner& self) mutable {
    reply(self.OpenSink(node, key, words));
  });
}

Result<std::shared_ptr<rpc::UploadSink>> JobRunner::OpenSink(const rpc::Peer& node, const rpc::UploadKey& key,
                                                             std::uint64_t words) {
  ACCORD_ASSIGN_OR_RETURN(Lane* const lane, CheckUpload(node, key));
  auto complete = [weak = weak_from_this(), lane, node, key](const Digest& root,
                                                             std::function<void(Status)> done) {
    const auto runner = weak.lock();
    if (!runner) return done(Fail(errors::kUploadClosed, "the coordinator is stopping"));
    runner->Post([lane, node, key, root, done = std::move(done)](JobRunner& me) mutable {
      if (Status has = me.CheckHasReceipt(*lane, node.node, key.attempt); !has.ok())
        return done(std::move(has));
      if (me.secure() == SecureMode::kOff) {
        return me.OnUploaded(*lane, key, {node.node, key.attempt, root, {}}, std::move(done));
      }
      done({});  // the node closes it with a word of its own
      me.OnReceived(*lane, node, key, root);
    });
  };
  auto sink = lane->uploads.Open(node.node, words, std::move(complete));
  if (!sink.ok() && sink.status().error() == errors::kStoreDiskFull.id) PauseForDisk(sink.status());
  return sink;
}

void JobRunner::OnUploaded(Lane& lane, const rpc::UploadKey& key, const round::Uploaded& event,
                           std::function<void(Status)> done) {
  HandleInRound(lane, key.round, event, [done = std::move(done)](const Result<job::Why>& fate) {
    if (!fate.ok()) return done(fate.status());
    if (fate->verdict != round::Verdict::kRejected) return done({});
    done(Fail(errors::kUploadConflict, std::string(round::Name(fate->reason))));
  });
  GrantUploads();
}

// A small update in one message: the same sink takes it. Nobody awaits an answer; what is refused is told
// again.
void JobRunner::OnUpdate(Lane& lane, const rpc::Peer& node, const rpc::Update& message) {
  const auto settled = [weak = weak_from_this(), node = node.name,
                        round = message.round](const Status& status) {
    const auto self = weak.lock();
    if (status.ok() || !self) return;
    self->LogLine({.time = self->Now(),
                   .round = round,
                   .node = node,
                   .event = "upload.refused",
                   .text = Describe(status)});
  };
  const auto sink = OpenSink(node, {id(), message.round, message.attempt}, message.words.size() / 8);
  if (!sink.ok()) return settled(sink.status());
  if (message.end) KeepEnd(lane, node, message.round, *message.end);
  const ByteView words(message.words);
  if (const Status put = (*sink)->Put(0, std::span(&words, 1)); !put.ok()) return settled(put);
  (*sink)->Finish(message.root, settled);
}

void JobRunner::GetUpload(const rpc::Peer& node, const rpc::UploadKey& key,
                          rpc::Reply<rpc::UploadState> reply) {
  Post([node, key, reply = std::move(reply)](JobRunner& self) mutable {
    const Result<Lane*> lane = self.CheckUpload(node, key);
    if (!lane.ok()) return reply(lane.status());
    reply((*lane)->uploads.StateOf(node.node));
  });
}

}  // namespace accord::coordinator
