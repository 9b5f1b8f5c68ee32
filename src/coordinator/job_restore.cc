// A job whose state went back to a backup (`accordd restore`): it hears from its nodes how far they are,
// fetches a later model from one that has it, and goes on from there. What is believed is
// src/job/catch_up.h's to say; here is who is heard, the proof, and the bytes.
#include <algorithm>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "coordinator/job_runner.h"
#include "model/safetensors.h"
#include "secagg/params.h"

namespace accord::coordinator {

namespace asio = boost::asio;

namespace {

constexpr Millis kPartWait = std::chrono::minutes(1);   // for one part of a model
constexpr Millis kDiskWait = std::chrono::seconds(10);  // before the disk is tried again
constexpr std::size_t kMaxNamed = 5;                    // nodes in a sentence

job::Heard HeardOf(const rpc::Standing& standing, bool proven) {
  return {.round = standing.round,
          .next_attempt = standing.next_attempt,
          .model_hash = standing.model_hash,
          .made = standing.made,
          .signed_set = {standing.signed_set.begin(), standing.signed_set.end()},
          .proven = proven};
}

// Puts the clip of one offer's parameters into another's.
void TakeClip(const secagg::Offer& from, secagg::Offer& to) {
  const auto theirs = secagg::Params::Parse(from.params, from.mode);
  auto ours = secagg::Params::Parse(to.params, to.mode);
  if (!theirs.ok() || !ours.ok()) return;
  ours->encoding.clip = theirs->encoding.clip;
  to.params = ours->Encode();
}

}  // namespace

// ---------------------------------------------------------------- who is heard

// Nodes that are silent are awaited as long as a round of this job would wait for them.
void JobRunner::BeginCatchUp() {
  if (!job::IsCatchingUp(driver_->state())) return;
  const Millis wait = driver_->machine().plan.max_wait;
  catching_.emplace();
  catching_->until = Now() + wait;
  catching_->late_timer = services_.timing.NewTimer(strand_);
  catching_->part_timer = services_.timing.NewTimer(strand_);
  LogInfo("job.catching_up", {{"job", name()}});
  catching_->late_timer->Arm(wait, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->catching_) return;
    self->catching_->late = true;
    self->ConsiderCatchUp();
  });
  AskWhoIsHere();
  ConsiderCatchUp();
}

// Nodes that came while this job did not know that it catches up: its journal had failed with what they heard
// of.
void JobRunner::AskWhoIsHere() {
  for (const auto& [id, node] : nodes_) {
    if (node.connected && !node.heard && LaneOf(id) != nullptr) Prepare(id);
  }
}

// A node of an older version says nothing, and stays awaited.
void JobRunner::OnStanding(NodeId node, std::optional<rpc::Standing> standing) {
  if (!catching_ || !standing) return;
  Node& known = nodes_[node];
  known.proof = nullptr;
  for (const auto& [id, peer] : nodes_) {  // what is proven once need not be again
    const bool same = peer.proof && peer.standing->round == standing->round &&
                      peer.standing->model_hash == standing->model_hash;
    if (same) known.proof = peer.proof;
  }
  known.standing = std::move(standing);
  if (!known.proof) known.proof = CheckProof(*known.standing);
  known.heard = HeardOf(*known.standing, known.proof != nullptr);
  known.heard->group = GroupOf(node, known.standing->round).value_or(0);
  if (grouped()) known.heard->made = {};  // the end of its group's round is no model of the job's
  ConsiderCatchUp();
}

void JobRunner::OnAside(NodeId node, const Status& why) {
  if (!catching_) return;
  const bool ended = why.error() == errors::kJobState.id;
  nodes_[node].heard =
      job::Heard{.group = GroupOf(node, present()).value_or(0), .aside = !ended, .ended = ended};
  ConsiderCatchUp();
}

// Of a later model: what its committed round left with this node, if enough signed it whose keys are known
// here. nullptr: there is none, or it proves nothing.
std::shared_ptr<const job::Certified> JobRunner::CheckProof(const rpc::Standing& standing) const {
  if (!standing.proof || standing.model_hash.IsZero() || grouped()) return nullptr;
  const rpc::ModelProof& proof = *standing.proof;
  job::Certified certified{.plan = {.round = proof.offer.round,
                                    .mode = secure(),
                                    .model_hash = proof.offer.model_hash,
                                    .corrupt = driver_->machine().plan.corrupt},
                           .members = {},
                           .attempt = {.id = proof.offer.attempt,
                                       .cohort = {proof.offer.cohort.begin(), proof.offer.cohort.end()}},
                           .outcome = {.words = proof.words, .model_hash = standing.model_hash},
                           .proofs = {},
                           .survivors = {}};
  certified.members.registry = proof.offer.registry_hash;
  certified.outcome.opened = round::Outcome::Opened{proof.u3_hash, proof.z_root, {}};
  auto offer = MaskedAttempt::OfferOf(InputsOf(certified.plan, certified.attempt, certified.members.registry,
                                               input_.RoundOf(proof.offer.round).Unclipped()));
  // The clip follows from a model that is not here; enough signers vouch for it.
  if (offer.ok() && update::HasRms(*input_.layout)) TakeClip(proof.offer, *offer);
  if (offer.ok()) offer->registry_hash = proof.offer.registry_hash;
  if (!offer.ok() || *offer != proof.offer || proof.offer.round.Next() != standing.round) return nullptr;
  const auto params = secagg::Params::Parse(offer->params, offer->mode);
  if (!params.ok()) return nullptr;
  const auto book = services_.registries.Find(proof.offer.registry_hash);
  const auto version = book.ok() ? *book : services_.registries.Newest();
  const secagg::AttemptContext context{
      secagg::Context(*offer), offer->mode, *params, offer->cohort, {version, &version->registry}};
  for (const secagg::NodeSignature& model : proof.model) {
    const auto result = std::ranges::find(proof.result, model.id, &secagg::NodeSignature::id);
    if (result == proof.result.end() || !certified.attempt.cohort.contains(model.id)) continue;
    const secagg::ResultSignature body{model.id, proof.u3_hash, proof.words, proof.z_root};
    const rpc::Verified word{id(), offer->round, offer->attempt, standing.model_hash,
                             rpc::Verified::Proof{{body.Encode(), result->signature}, model.signature}};
    auto packed = CheckVerified(context, model.id, certified.outcome, word);
    if (packed.ok()) certified.proofs.emplace(model.id, *std::move(packed));
  }
  if (certified.proofs.size() < params->thresholds.t) return nullptr;
  return std::make_shared<const job::Certified>(std::move(certified));
}

// Nodes of the federation that may have a part in the job and have not been heard, each with its group.
std::vector<std::pair<std::string, std::uint32_t>> JobRunner::Unheard() const {
  std::vector<std::pair<std::string, std::uint32_t>> nodes;
  const auto newest = services_.registries.Newest();
  for (const secagg::VouchedEntry& one : newest->vouched) {
    const NodeId id = one.entry.id;
    const auto known = nodes_.find(id);
    const auto group = GroupOf(id, present());
    if (group && (known == nodes_.end() || !known->second.heard))
      nodes.emplace_back(one.identity.name, *group);
  }
  std::ranges::sort(nodes);
  return nodes;
}

// ---------------------------------------------------------------- what follows from it

void JobRunner::ConsiderCatchUp() {
  if (!catching_ || !job::IsCatchingUp(driver_->state())) return catching_.reset();
  const auto& paused = std::get<job::Paused>(driver_->state());
  job::CatchUpView view{.heard = {},
                        .awaited = {},
                        .late = catching_->late || paused.by_person,
                        .by_person = paused.by_person,
                        .free = paused.free};
  for (const auto& [name, group] : Unheard()) ++view.awaited[group];
  for (const auto& [id, node] : nodes_) {
    if (node.heard) view.heard.emplace(id, *node.heard);
  }
  const job::Plan& plan = driver_->machine().plan;
  const job::Progress& progress = job::ProgressOf(driver_->state());
  job::CatchUpDecision decision = job::DecideCatchUp(plan, progress, view);
  using Kind = job::CatchUpDecision::Kind;
  const bool moves = decision.kind == Kind::kGo && decision.event.model_hash != progress.model_hash;
  if (moves && !services_.blobs.Has(decision.event.model_hash) && FetchModel(decision.event.model_hash))
    return Changed();
  const bool here = !moves || services_.blobs.Has(decision.event.model_hash);
  if (decision.kind == Kind::kGo && here) return GoOnFrom(std::move(decision.event));
  if (decision.kind != Kind::kWait) Handle(job::Pause{job::Reason::kModelAhead});
  Changed();
}

void JobRunner::GoOnFrom(job::CaughtUp event) {
  for (const auto& [id, node] : nodes_) {
    const bool same = node.heard && node.proof && node.standing->round == event.round &&
                      node.standing->model_hash == event.model_hash;
    if (same) event.proof = node.proof;
  }
  services_.refs.Add(event.model_hash);
  Own({event.model_hash});
  LogInfo("job.caught_up", {{"job", name()},
                            {"round", std::to_string(event.round.value)},
                            {"attempt", std::to_string(event.groups[0].next_attempt.value)},
                            {"model", event.model_hash.Hex()}});
  catching_.reset();
  Handle(event);
}

// What people read while the job waits.
Status JobRunner::WhyPaused() const {
  const Status why = StatusOf(job::Name(job::ReasonOf(driver_->state())));
  const auto awaited = Unheard();
  const auto heard =
      std::ranges::count_if(nodes_, [](const auto& node) { return node.second.heard.has_value(); });
  std::string text = "catching up after a restore: heard " + std::to_string(heard) + " of " +
                     std::to_string(static_cast<std::size_t>(heard) + awaited.size()) + " nodes";
  for (std::size_t i = 0; i < std::min(awaited.size(), kMaxNamed); ++i)
    text += (i == 0 ? ", awaits " : ", ") + awaited[i].first;
  if (awaited.size() > kMaxNamed) text += " and " + std::to_string(awaited.size() - kMaxNamed) + " more";
  const auto* paused = std::get_if<job::Paused>(&driver_->state());
  const bool waits = !catching_->late && (paused == nullptr || !paused->by_person);
  if (!awaited.empty() && waits) text += " until " + FormatTime(catching_->until);
  if (catching_->writer)
    text += "; fetches model " + catching_->model.Hex().substr(0, 12) + " from " + NameOf(catching_->source);
  const ErrorInfo* info = FindError(why.error());
  return Fail(*info, std::string(info->meaning) + " Now: " + text + ".");
}

// ---------------------------------------------------------------- the bytes of a later model

// Whether they are on their way, from a node that has them; false when no such node is left to ask.
bool JobRunner::FetchModel(const Digest& model) {
  if (catching_->writer && catching_->model == model) return true;
  catching_->writer = nullptr;
  for (const auto& [id, node] : nodes_) {
    if (!node.connected || !node.heard || !node.standing || catching_->failed.contains({id, model})) continue;
    const rpc::Standing& standing = *node.standing;
    const bool has =
        (standing.model_hash == model && standing.has_model) || (standing.made == model && standing.has_made);
    if (!has) continue;
    auto writer = services_.blobs.NewWriter();
    if (!writer.ok()) return RetryFetch(writer.status()), true;
    catching_->model = model;
    catching_->source = id;
    catching_->writer = *std::move(writer);
    AskPart();
    return true;
  }
  return false;
}

// The disk would not take it.
void JobRunner::RetryFetch(const Status& why) {
  LogError("job.model_not_kept", {{"job", name()}, {"why", Describe(why)}});
  catching_->writer = nullptr;
  catching_->part_timer->Arm(kDiskWait, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ConsiderCatchUp();
  });
}

void JobRunner::AskPart() {
  services_.sessions.Send(catching_->source,
                          rpc::SendModel{id(), catching_->model, catching_->writer->size()});
  catching_->part_timer->Arm(kPartWait, [weak = weak_from_this(), writer = catching_->writer.get(),
                                         size = catching_->writer->size()] {
    const auto self = weak.lock();
    if (!self || !self->catching_ || self->catching_->writer.get() != writer || writer->size() != size)
      return;
    self->FailSource("no part of it came in time");
  });
}

void JobRunner::OnModelPart(NodeId node, const rpc::ModelPart& part) {
  if (!catching_ || !catching_->writer || node != catching_->source) return;
  const auto writer = catching_->writer;
  if (part.model_hash != catching_->model || part.offset != writer->size()) return;  // told twice
  const std::uint64_t total = model::SafetensorsSize(*input_.layout);
  if (part.total != total || part.data.empty() || part.data.size() > total - part.offset)
    return FailSource("it is not of the plan's size");
  if (const Status kept = writer->Append(part.data); !kept.ok()) return RetryFetch(kept);
  if (writer->size() < total) return AskPart();
  catching_->part_timer->Cancel();
  asio::post(services_.workers, [self = shared_from_this(), writer, model = catching_->model] {
    const Status stored = writer->Commit(model).status();
    self->Post([writer, stored](JobRunner& me) {
      if (!me.catching_ || me.catching_->writer != writer) return;
      if (stored.error() == errors::kBlobChecksum.id) return me.FailSource(Describe(stored));
      if (!stored.ok()) return me.RetryFetch(stored);
      me.catching_->writer = nullptr;
      me.ConsiderCatchUp();
    });
  });
}

// Its connection ended; it may be asked again when it is back.
void JobRunner::LoseSource(NodeId node) {
  if (!catching_ || !catching_->writer || catching_->source != node) return;
  catching_->writer = nullptr;
  ConsiderCatchUp();
}

void JobRunner::FailSource(const std::string& why) {
  LogLine({.time = Now(),
           .node = NameOf(catching_->source),
           .event = "node.model_refused",
           .text = "model " + catching_->model.Hex().substr(0, 12) + ": " + why});
  catching_->failed.emplace(catching_->source, catching_->model);
  catching_->writer = nullptr;
  ConsiderCatchUp();
}

}  // namespace accord::coordinator
