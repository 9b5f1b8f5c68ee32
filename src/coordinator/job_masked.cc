// What nodes say in a masked round, checked before the machine hears of it. A word that is refused counts as
// silence and is logged with its name and node; the round goes on if enough are left (secagg.md 7.7).
#include <algorithm>
#include <map>
#include <utility>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "coordinator/aggregate.h"
#include "coordinator/job_runner.h"
#include "coordinator/registry_book.h"

namespace accord::coordinator {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t kMaxSharesBlob = 256ULL << 20;

}  // namespace

// ---------------------------------------------------------------- the attempt

MaskedAttempt::Inputs JobRunner::InputsOf(const round::Plan& plan, const round::Attempt& attempt,
                                          const Digest& registry, const update::BaseModel& base) const {
  const auto found = services_.registries.Find(registry);
  return {.job = id(),
          .federation = services_.config.federation.trust_domain,
          .spec = *input_.spec,
          .base = base,
          .plan = plan,
          .attempt = attempt,
          .registry = found.ok() ? std::shared_ptr<const secagg::Registry>(*found, &(*found)->registry)
                                 : std::make_shared<const secagg::Registry>()};
}

// The open attempt of this round; made when the round comes to it, and again after a restart.
MaskedAttempt* JobRunner::Masked(Lane& lane) {
  const job::OpenRound* open = RoundOf(lane);
  const round::Attempt* attempt = open == nullptr ? nullptr : round::AttemptOf(open->state);
  if (attempt == nullptr || open->plan.mode == SecureMode::kOff) return nullptr;
  if (!lane.masked || lane.masked->id() != attempt->id || lane.masked_round != open->plan.round) {
    lane.masked = nullptr;
    lane.received.clear();
    lane.ends.clear();
    lane.unmasked.clear();
    const auto base =
        BaseOf(services_.blobs, input_.RoundOf(open->plan.round), open->plan.model_hash, Made::kBefore);
    if (!base.ok()) {
      LogError("round.attempt_lost", {{"job", name()}, {"why", Describe(base.status())}});
      return nullptr;
    }
    auto opened =
        MaskedAttempt::Open(InputsOf(open->plan, *attempt, round::MembersOf(open->state)->registry, *base));
    Status status = opened.status();
    if (opened.ok() && !attempt->shares.IsZero()) {
      const auto blob = services_.blobs.Get(attempt->shares, kMaxSharesBlob);
      status = blob.ok() ? (*opened)->Load(*blob) : blob.status();
    }
    if (!status.ok()) {
      LogError("round.attempt_lost", {{"job", name()}, {"why", Describe(status)}});
      return nullptr;
    }
    lane.masked = *std::move(opened);
    lane.masked_round = open->plan.round;
  }
  if (const round::Uploads* survivors = round::SurvivorsOf(open->state))
    lane.masked->FixSurvivors(*survivors);
  return lane.masked.get();
}

// The open attempt, if a message means it.
MaskedAttempt* JobRunner::Masked(Lane& lane, RoundId round, AttemptId attempt) {
  MaskedAttempt* masked = Masked(lane);
  return masked != nullptr && lane.masked_round == round && masked->id() == attempt ? masked : nullptr;
}

void JobRunner::Hold(const rpc::Peer& node, RoundId round, const secagg::Refusal& refusal) {
  LogWarn("node.word_refused", {{"job", name()}, {"node", node.name}, {"why", Describe(refusal.status)}});
  LogLine({.time = Now(),
           .round = round,
           .node = node.name,
           .event = "node.word_refused",
           .text = Describe(refusal.status)});
}

// ---------------------------------------------------------------- p0

// Nodes mask together only under one registry that all of them pinned: the one that most have, or that all
// have whom a signed survivor set binds.
void JobRunner::OfferPinned(const Lane& lane) {
  const auto& groups = job::ProgressOf(driver_->state()).groups;
  const round::NodeSet bound = groups.empty() ? round::NodeSet() : groups[lane.group].bound;
  std::map<Digest, round::NodeSet> by_registry;
  for (const auto& [id, node] : nodes_) {
    if (!node.connected || !node.prepared || node.registry.IsZero() || LaneOf(id) != &lane) continue;
    by_registry[node.registry].insert(id);
  }
  round::Candidates best;
  for (auto& [registry, nodes] : by_registry) {
    const auto book = services_.registries.Find(registry);
    if (!book.ok()) continue;
    std::erase_if(nodes, [&](const NodeId& node) { return (*book)->registry.Find(node) == nullptr; });
    if (!bound.empty() && std::ranges::includes(nodes, bound)) {
      best = {nodes, registry};
      break;
    }
    if (nodes.size() > best.ready.size()) best = {nodes, registry};
  }
  HandleInRound(lane, best);
}

// ---------------------------------------------------------------- p2, p3

void JobRunner::OnAdvertised(Lane& lane, const rpc::Peer& node, const rpc::Advertised& m) {
  MaskedAttempt* masked = Masked(lane, m.round, m.attempt);
  if (masked == nullptr) return;
  if (const auto refused = masked->OnAdvert(node.node, m.advert)) return Hold(node, m.round, *refused);
  HandleInRound(lane, m.round, round::Advertised{node.node, m.attempt});
}

void JobRunner::OnGraphNonce(Lane& lane, const rpc::Peer& node, const rpc::GraphNonce& m) {
  MaskedAttempt* masked = Masked(lane, m.round, m.attempt);
  if (masked == nullptr) return;
  if (const auto refused = masked->OnNonce(node.node, m.nonce)) return Hold(node, m.round, *refused);
  HandleInRound(lane, m.round, round::NonceOpened{node.node, m.attempt});
}

void JobRunner::OnShared(Lane& lane, const rpc::Peer& node, rpc::Shared m) {
  MaskedAttempt* masked = Masked(lane, m.round, m.attempt);
  if (masked == nullptr) return;
  if (const auto refused = masked->OnShares(node.node, std::move(m.shares))) {
    return Hold(node, m.round, *refused);
  }
  HandleInRound(lane, m.round, round::Shared{node.node, m.attempt});
}

void JobRunner::StoreShares(Lane& lane, RoundId round, const round::StoreShares& effect) {
  MaskedAttempt* masked = Masked(lane, round, effect.attempt);
  if (masked == nullptr) return;
  const Result<Bytes> blob = masked->StoreShares(effect.nodes);
  if (!blob.ok()) {
    LogLine(
        {.time = Now(), .round = round, .event = "round.shares_refused", .text = Describe(blob.status())});
    return HandleInRound(lane, round, round::SumFailed{effect.attempt});
  }
  asio::post(services_.workers,
             [self = shared_from_this(), &lane, blob = *blob, round, attempt = effect.attempt] {
               Result<Digest> stored = self->services_.blobs.Put(blob, store::Durability::kDurable);
               self->Post([&lane, stored = std::move(stored), round, attempt](JobRunner& me) {
                 if (stored.ok()) return me.HandleInRound(lane, round, round::SharesStored{attempt, *stored});
                 if (stored.status().error() == errors::kStoreDiskFull.id)
                   return me.PauseForDisk(stored.status());
                 me.services_.fatal(stored.status());
               });
             });
}

// ---------------------------------------------------------------- p4

void JobRunner::OnReceived(Lane& lane, const rpc::Peer& node, const rpc::UploadKey& key, const Digest& root) {
  if (Masked(lane, key.round, key.attempt) == nullptr) return;
  lane.received.insert_or_assign(node.node, secagg::ReceivedUpload{lane.uploads.words() * 8, root});
  SettleUpload(lane, node, key);
}

void JobRunner::OnMasked(Lane& lane, const rpc::Peer& node, const rpc::Masked& m) {
  if (Masked(lane, m.round, m.attempt) == nullptr) return;
  KeepEnd(lane, node, m.round, m.end);
  SettleUpload(lane, node, {id(), m.round, m.attempt});
}

// The first word that closes a node's upload is the one that counts (secagg.md 7.7).
void JobRunner::KeepEnd(Lane& lane, const rpc::Peer& node, RoundId round, const secagg::SignedBody& end) {
  const auto [kept, fresh] = lane.ends.try_emplace(node.node, end);
  if (fresh || kept->second == end) return;
  LogLine({.time = Now(),
           .round = round,
           .node = node.name,
           .event = "node.word_discarded",
           .text = "a second, different word to close its upload"});
}

// An upload counts when its words and the signed word that closes it are both there.
void JobRunner::SettleUpload(Lane& lane, const rpc::Peer& node, const rpc::UploadKey& key) {
  const MaskedAttempt* masked = Masked(lane, key.round, key.attempt);
  const auto received = lane.received.find(node.node);
  const auto end = lane.ends.find(node.node);
  if (masked == nullptr || received == lane.received.end() || end == lane.ends.end()) return;
  const auto word = masked->CheckEnd(node.node, received->second, end->second);
  if (!word.ok()) return Hold(node, key.round, word.refusal());
  OnUploaded(lane, key, {node.node, key.attempt, received->second.root, *word}, [](const Status&) {});
}

// ---------------------------------------------------------------- p5, p6

void JobRunner::OnSurvivorsSigned(Lane& lane, const rpc::Peer& node, const rpc::SurvivorsSigned& m) {
  const MaskedAttempt* masked = Masked(lane, m.round, m.attempt);
  if (masked == nullptr) return;
  if (const auto refused = masked->CheckSurvivorsSigned(node.node, m.u3))
    return Hold(node, m.round, *refused);
  const auto& signature = m.u3.signature.bytes;
  HandleInRound(lane, m.round,
                round::SurvivorsSigned{node.node, m.attempt, {signature.begin(), signature.end()}});
}

// The machine counts who opened only once what they opened is enough. Whoever comes later is shown the sum.
void JobRunner::OnUnmasked(Lane& lane, const rpc::Peer& node, const rpc::Unmasked& m) {
  MaskedAttempt* masked = Masked(lane, m.round, m.attempt);
  if (masked == nullptr) return;
  auto unmask = masked->CheckUnmask(node.node, m.unmask);
  if (!unmask.ok()) return Hold(node, m.round, unmask.refusal());
  for (const secagg::Refusal& lie : unmask->held) Hold(node, m.round, lie);
  if (unmask->held.empty())
    lane.unmasked.insert(node.node);  // who lies counts as silent; what holds of it is used
  const bool needed = !lane.summing && std::holds_alternative<round::Unmask>(RoundOf(lane)->state);
  if (needed) masked->Keep(*std::move(unmask));
  if (needed && !masked->Complete()) return;
  for (const NodeId& id : std::exchange(lane.unmasked, {})) {
    HandleInRound(lane, m.round, round::Opened{id, m.attempt});
  }
}

std::shared_ptr<const AggregateTask::Masked> JobRunner::Opened(Lane& lane, RoundId round, AttemptId attempt) {
  MaskedAttempt* masked = Masked(lane, round, attempt);
  if (masked == nullptr) return nullptr;
  auto masks = masked->Recover();
  if (!masks.ok()) {
    LogLine({.time = Now(),
             .round = round,
             .node = NameOf(masks.refusal().concerns),
             .event = "round.not_opened",
             .text = Describe(masks.refusal().status)});
    // A dealer that is proven bad is not in the next attempt.
    if (secagg::BlameOf(masks.refusal()) == secagg::Blame::kProven) {
      HandleInRound(lane, round, round::Dropped{masks.refusal().concerns, round::Reason::kBlamed});
    }
    return nullptr;
  }
  return std::make_shared<const AggregateTask::Masked>(
      AggregateTask::Masked{*std::move(masks), masked->survivors(), masked->context().params.chunk_words});
}

// ---------------------------------------------------------------- p7, refusals

void JobRunner::OnVerifiedMessage(Lane& lane, const rpc::Peer& node, const rpc::Verified& m) {
  round::Verified event{node.node, m.attempt, m.model_hash, {}};
  if (secure() != SecureMode::kOff) {
    const MaskedAttempt* masked = Masked(lane, m.round, m.attempt);
    const job::OpenRound* open = RoundOf(lane);
    const auto* commit = open == nullptr ? nullptr : std::get_if<round::Commit>(&open->state);
    if (masked == nullptr || commit == nullptr) return;
    auto word = CheckVerified(masked->context(), node.node, commit->outcome, m);
    if (!word.ok()) return Hold(node, m.round, word.refusal());
    event.proof = *std::move(word);
  }
  OnVerified(lane, m.round, event);
}

// A node that refuses is out of the attempt in a masked round, of the round in an unmasked one.
void JobRunner::OnRefused(Lane& lane, const rpc::Peer& node, const rpc::Refused& m) {
  LogLine({.time = Now(),
           .round = m.round,
           .node = node.name,
           .event = "node.refused",
           .text = Printable(m.error.error(), 64)});
  const job::OpenRound* open = RoundOf(lane);
  const round::Attempt* attempt = open == nullptr ? nullptr : round::AttemptOf(open->state);
  const bool same = open != nullptr && open->plan.round == m.round;
  const bool late = same && m.attempt < (attempt != nullptr ? attempt->id : open->plan.first_attempt);
  if (late) return;  // of an attempt that is over
  const MaskedAttempt* masked = Masked(lane, m.round, m.attempt);
  if (masked == nullptr) {
    return HandleInRound(lane, m.round, round::Dropped{node.node, round::Reason::kRefused});
  }
  round::LeftAttempt event{node.node, m.attempt, {}};
  if (m.abort) {
    const auto abort = secagg::CheckAbort(masked->context(), node.node, *m.abort);
    if (!abort.ok()) return Hold(node, m.round, abort.refusal());
    if (secagg::BlameOf(*abort) != secagg::Blame::kNobody) {
      event.blamed = abort->concerns;
      LogLine({.time = Now(),
               .round = m.round,
               .node = node.name,
               .event = "node.blames",
               .text = NameOf(event.blamed) + " (secagg." + abort->reason + ")"});
    }
  }
  HandleInRound(lane, m.round, event);
  GrantUploads();  // its slot is free
}

}  // namespace accord::coordinator
