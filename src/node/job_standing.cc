// Where this node stands in a job, for a coordinator that went back to a backup, and the model that it may
// need (restore.proto).
#include <algorithm>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "model/safetensors.h"
#include "node/job_task.h"

namespace accord::node {

rpc::Standing JobTask::Standing() {
  const task::State& state = driver_->state();
  rpc::Standing standing{.round = state.round,
                         .next_attempt = state.attempted ? state.attempt.Next() : state.attempt};
  if (const task::Assignment* round = task::RoundOf(state.activity)) {
    standing.model_hash = round->model_hash;
    const auto signed_set = state.signed_sets.find({round->model_hash, round->purpose});
    if (signed_set != state.signed_sets.end())
      standing.signed_set.assign(signed_set->second.begin(), signed_set->second.end());
  }
  if (const auto* checked = std::get_if<task::Checked>(&state.activity))
    standing.made = checked->offer.model_hash;
  standing.has_model = ModelAt(standing.model_hash) != nullptr;
  standing.has_made = ModelAt(standing.made) != nullptr;
  if (!proof_) proof_ = FindKeptProof(ProofFile());  // this process began since
  if (proof_ && proof_->model == standing.model_hash) standing.proof = proof_->proof;
  return standing;
}

// The weights of a model that this node has in memory; else nullptr.
Weights JobTask::ModelAt(const Digest& hash) const {
  if (hash.IsZero()) return nullptr;
  if (weights_ && weights_hash_ == hash) return weights_;
  return next_ && next_hash_ == hash ? next_ : nullptr;
}

Result<CommonModel> JobTask::Common() const {
  if (!weights_ || plan_.empty())
    return Fail(errors::kModelNotFound, "this node has no model of job " + name() + " in memory",
                "It has one once it has trained in a round; try again then.");
  return CommonModel{name(), plan_, facts_.layout, weights_, weights_hash_};
}

// A model holds nothing of this lab alone, but it leaves: the first part waits for the ledger.
void JobTask::OnSendModel(const rpc::SendModel& message) {
  const Weights weights = ModelAt(message.model_hash);
  if (!weights || message.offset > 0) return SendModelPart(message, weights);
  const task::State& state = driver_->state();
  const task::Egress entry{
      id_, state.round, state.attempt, "model", model::SafetensorsSize(*facts_.layout), message.model_hash};
  LogInfo("model.given", {{"job", name()}, {"model", message.model_hash.Hex()}});
  services_.journal.Write({{kEgressStream, task::EncodeRecord({Now(), entry})}},
                          [self = shared_from_this(), message, weights](const Status& written) {
                            if (!written.ok()) return;
                            boost::asio::post(self->services_.io, [self, message, weights] {
                              self->SendModelPart(message, weights);
                            });
                          });
}

void JobTask::SendModelPart(const rpc::SendModel& message, const Weights& weights) {
  rpc::ModelPart part{.job = id_, .model_hash = message.model_hash, .offset = message.offset};
  if (weights) {
    part.total = model::SafetensorsSize(*facts_.layout);
    const Bytes prefix = model::SafetensorsPrefix(*facts_.layout);
    const ByteView body = model::WeightBytes(*weights);
    const std::uint64_t end = std::min<std::uint64_t>(part.total, message.offset + rpc::kModelPartBytes);
    for (std::uint64_t at = message.offset; at < end;) {
      const bool head = at < prefix.size();
      const ByteView from = head ? ByteView(prefix).subspan(at) : body.subspan(at - prefix.size());
      const ByteView piece = from.first(std::min<std::uint64_t>(from.size(), end - at));
      part.data.insert(part.data.end(), piece.begin(), piece.end());
      at += piece.size();
    }
  }
  services_.send(std::move(part));
}

}  // namespace accord::node
