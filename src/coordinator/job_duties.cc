// What a node is told of its duty in the open round, with all that it needs to do it.
#include "base/log.h"
#include "base/overloaded.h"
#include "coordinator/aggregate.h"
#include "coordinator/job_runner.h"

namespace accord::coordinator {
namespace {

std::vector<NodeId> List(const round::NodeSet& nodes) { return {nodes.begin(), nodes.end()}; }

std::vector<secagg::NodeSignature> Certificate(const round::Words& signatures) {
  std::vector<secagg::NodeSignature> list;
  for (const auto& [node, bytes] : signatures) {
    list.push_back({node, *crypto::Ed25519Signature::FromBytes(AsText(bytes))});
  }
  return list;
}

}  // namespace

// What cannot be told now (an attempt that cannot be opened) was logged; the phase's deadline ends it.
void JobRunner::TellDuty(Lane& lane, NodeId node, const job::OpenRound& open, const round::Duty& duty) {
  std::optional<rpc::ToNode> message = DutyMessage(lane, node, open, duty);
  if (!message) return;
  if (auto* train = std::get_if<rpc::Train>(&*message);
      train != nullptr && decided() && train->round.value > 1)
    return TellLogged(node, std::move(*train));
  nodes_[node].told = true;
  services_.sessions.Send(node, *message);
}

std::optional<rpc::ToNode> JobRunner::DutyMessage(Lane& lane, NodeId node, const job::OpenRound& open,
                                                  const round::Duty& duty) {
  using Message = std::optional<rpc::ToNode>;
  const RoundId round = open.plan.round;
  const bool off = open.plan.mode == SecureMode::kOff;
  MaskedAttempt* masked = off || std::holds_alternative<round::TrainDuty>(duty) ? nullptr : Masked(lane);
  if (!off && masked == nullptr && !std::holds_alternative<round::TrainDuty>(duty)) return std::nullopt;
  return std::visit(
      overloaded{
          [&](const round::TrainDuty& d) -> Message {
            rpc::Train train{id(),
                             round,
                             open.plan.purpose,
                             open.plan.model_hash,
                             d.deadline,
                             {},
                             CollectWithTrain(lane, open),
                             {}};
            AddProof(train);
            return train;
          },
          [&](const round::AdvertiseDuty& d) -> Message {
            return rpc::Offer{id(), masked->offer(), d.deadline};
          },
          [&](const round::NonceDuty& d) -> Message {
            if (!masked->HasAdverts(d.roster)) return std::nullopt;
            return rpc::Roster{id(), round, d.attempt.id, masked->Roster(d.roster), d.deadline};
          },
          [&](const round::ShareDuty& d) -> Message {
            if (!masked->HasAdverts(d.roster))
              return std::nullopt;  // lost when the job started over: it retries
            const auto& adverts = masked->Roster(d.roster);
            if (masked->graph_set().empty())
              return rpc::Roster{id(), round, d.attempt.id, adverts, d.deadline};
            return rpc::GraphSet{id(), round, d.attempt.id, masked->graph_set(), d.deadline};
          },
          [&](const round::CollectDuty& d) -> Message {
            rpc::Collect collect{id(), round, d.attempt.id, List(d.attempt.cohort), d.deadline, {}};
            if (masked != nullptr) collect.shares = masked->InboundFor(node);
            return collect;
          },
          [&](const round::SurvivorsDuty& d) -> Message {
            masked->FixSurvivors(d.uploads);
            return rpc::Survivors{id(), round, d.attempt.id, masked->u2_hash(), masked->survivors().ends};
          },
          [&](const round::UnmaskDuty& d) -> Message {
            masked->FixSurvivors(d.uploads);
            return rpc::Certificate{id(), round, d.attempt.id, masked->survivors().hash,
                                    Certificate(d.signatures)};
          },
          [&](const round::CommitDuty& d) -> Message {
            const bool inlined = lane.inline_sum_hash == d.outcome.sum;
            rpc::Commit commit{.job = id(),
                               .round = round,
                               .attempt = d.attempt.id,
                               .cohort = List(d.attempt.cohort),
                               .survivors = List(d.survivors),
                               .words = d.outcome.words,
                               .sum_hash = d.outcome.sum,
                               .sum = inlined ? lane.inline_sum : Bytes{},
                               .model_hash = d.outcome.model_hash,
                               .opened = {}};
            if (const auto& opened = d.outcome.opened) {
              commit.opened = rpc::Commit::Opened{opened->u3_hash, opened->z_root, opened->tau};
            }
            return commit;
          }},
      duty);
}

// An unmasked update that fits into one message needs no slot: it comes as soon as it is trained.
std::optional<rpc::Train::Collect> JobRunner::CollectWithTrain(Lane& lane, const job::OpenRound& open) {
  const auto* train = std::get_if<round::Train>(&open.state);
  if (train == nullptr || open.plan.mode != SecureMode::kOff) return std::nullopt;
  const round::NodeSet& cohort = train->members.cohort;
  const std::uint64_t words = UploadWords(open, cohort.size());
  if (words * 8 > rpc::kMaxInlineBytes) return std::nullopt;
  lane.uploads.Begin(open.plan.first_attempt, words);
  return rpc::Train::Collect{open.plan.first_attempt, List(cohort)};
}

// Made once a model: every node of the next round gets the same.
void JobRunner::AddProof(rpc::Train& message) {
  const auto& made = job::ProgressOf(driver_->state()).made;
  if (!made || made->model_hash != message.model_hash) return;
  if (proved_ != made) {
    proofs_.clear();
    for (const auto& sum : made->sums) {
      auto proof = ProofOf(*sum, made->model_hash);
      if (!proof) return;
      proofs_.push_back({sum->group, *std::move(proof), sum->outcome.sum});
    }
    proved_ = made;
  }
  if (grouped()) {
    message.groups = proofs_;
  } else {
    message.proof = proofs_[0].proof;
  }
}

// The model that the sum's round started from may be let go of; the one that it made knows what is needed.
Result<secagg::Offer> JobRunner::OfferOf(const job::Certified& certified, const Digest& made) const {
  ACCORD_ASSIGN_OR_RETURN(const update::BaseModel base,
                          BaseOf(services_.blobs, input_.RoundOf(certified.plan.round), made, Made::kBy));
  return MaskedAttempt::OfferOf(
      InputsOf(certified.plan, certified.attempt, certified.members.registry, base));
}

std::optional<rpc::ModelProof> JobRunner::ProofOf(const job::Certified& certified, const Digest& made) const {
  if (!certified.outcome.opened) return std::nullopt;
  auto offer = OfferOf(certified, made);
  // Of a registry that a backup does not have, nodes may have given the proof all the same.
  if (offer.ok()) offer->registry_hash = certified.members.registry;
  if (!offer.ok()) {
    LogError("round.proof_lost", {{"job", name()}, {"why", Describe(offer.status())}});
    return std::nullopt;
  }
  rpc::ModelProof proof{.offer = *offer,
                        .u3_hash = certified.outcome.opened->u3_hash,
                        .words = certified.outcome.words,
                        .z_root = certified.outcome.opened->z_root,
                        .result = {},
                        .model = {}};
  for (const auto& [node, packed] : certified.proofs) {
    const VerifiedWord word = UnpackVerified(packed);
    proof.result.push_back({node, word.result});
    proof.model.push_back({node, word.model});
  }
  return proof;
}

}  // namespace accord::coordinator
