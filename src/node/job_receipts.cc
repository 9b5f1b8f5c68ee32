// Where members decide: what a round has to show before it begins here, and what this node signs of its part
// in it (governance.md b, f).
#include "base/errors.h"
#include "base/log.h"
#include "crypto/random.h"
#include "node/governance.h"
#include "node/job_task.h"
#include "node/round_part.h"

namespace accord::node {

std::filesystem::path JobTask::JobFiles() const { return services_.jobs_dir / id_.Hex(); }

// An evaluation makes no model and has no receipt.
bool JobTask::Signs(const task::Assignment& round) const {
  return services_.governance != nullptr && round.purpose == round::Purpose::kTrain;
}

// Whether the round begins; if not, the coordinator was told.
bool JobTask::MayBegin(const rpc::Train& message) {
  if (services_.governance == nullptr) return true;
  const RoundId last{message.round.value - 1};
  const Result<RoundPart> before = LoadPart(JobFiles(), last);
  const Status may =
      before.ok() ? services_.governance->BeginRound(message, *before, services_.spiffe_id) : before.status();
  if (may.ok()) return true;
  LogError("round.refused",
           {{"job", name()}, {"round", std::to_string(message.round.value)}, {"why", Describe(may)}});
  services_.send(rpc::Declined{id_, message.round, Coarse(may)});
  return false;
}

// Of the groups of a job that has them dealt anew, where this lab says what they are worth.
std::optional<Judge> JobTask::JudgeHere() const {
  if (!facts_.draw || !trainer_ || !services_.governance->Evaluates()) return std::nullopt;
  return Judge{trainer_, services_.config.node.state / "worth" / id_.Hex()};
}

void JobTask::NoteTrained(RoundId round, std::uint64_t steps, std::chrono::nanoseconds took,
                          std::optional<std::uint64_t> energy_j) {
  Result<RoundPart> part = LoadPart(JobFiles(), round);
  if (!part.ok()) part = RoundPart{.round = round};  // damaged: made anew
  part->steps = steps;
  part->wall_s = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(took).count());
  part->energy_j = energy_j;
  if (const Status kept = KeepPart(JobFiles(), *part); !kept.ok())
    LogError("receipt.not_kept", {{"job", name()}, {"why", Describe(kept)}});
}

// Signs for the update that was just encoded. Kept before it can be sent: what the log says of it is held
// against this.
Status JobTask::MakeReceipt(const task::Assignment& round, const Digest& commitment,
                            const charter::UpdateCommitment::Salt& salt, std::uint64_t bytes) {
  ACCORD_ASSIGN_OR_RETURN(RoundPart part, LoadPart(JobFiles(), round.round));
  part.salt = salt;
  part.made = {};
  ACCORD_ASSIGN_OR_RETURN(part.receipt, services_.governance->SignReceipt(id_,
                                                                          {.round = round.round.value,
                                                                           .node = services_.spiffe_id,
                                                                           .model_in = round.model_hash,
                                                                           .update = commitment,
                                                                           .local_steps = part.steps,
                                                                           .wall_s = part.wall_s,
                                                                           .bytes = bytes,
                                                                           .energy_j = part.energy_j},
                                                                          *services_.protocol_key));
  ACCORD_RETURN_IF_ERROR(KeepPart(JobFiles(), part));
  receipt_ = std::move(part.receipt);
  return {};
}

void JobTask::SendReceipt(RoundId round, AttemptId attempt) {
  if (services_.governance == nullptr || receipt_.empty()) return;
  services_.send(rpc::RoundReceipt{id_, round, attempt, Bytes(receipt_.begin(), receipt_.end())});
}

// A sum with this node's update came to a model: a log that has that model has to count the update.
void JobTask::NoteMade(const task::Assignment& round, const round::NodeSet& survivors, const Digest& model) {
  if (!Signs(round) || !survivors.contains(services_.node)) return;
  Result<RoundPart> part = LoadPart(JobFiles(), round.round);
  Status kept = part.status();
  if (part.ok()) {
    part->made = model;
    kept = KeepPart(JobFiles(), *part);
  }
  if (!kept.ok()) LogError("receipt.not_kept", {{"job", name()}, {"why", Describe(kept)}});
}

}  // namespace accord::node
