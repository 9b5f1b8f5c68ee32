// The newest model of a job with groups, made by this node for itself of the certified sums of all groups
// (node.proto, GroupSum). Pure but for what it fetches; for a worker thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "node/judge.h"
#include "node/model_proof.h"
#include "node/work.h"
#include "rpc/messages.h"

namespace accord::node {

// Whether these sums may make the model of round `round`, as far as it shows without their words: enough of
// them for the plan, ascending by group, each of the round before, of one model, of a cohort of its own group
// that this lab would have masked with. Gives the hash of that model. Names as CheckProofOffer,
// `secagg.wrong_group`, `secagg.bad_encoding`, `secagg.wrong_model`, `job.too_few_groups`.
[[nodiscard]] Result<Digest> CheckGroupSums(const MaskedTerms& terms, RoundId round,
                                            const std::vector<rpc::GroupSum>& sums);

struct GroupModelTask {
  MaskedTerms terms;
  RoundId round;  // which starts from the model
  Digest model_hash;
  std::vector<rpc::GroupSum> sums;  // CheckGroupSums found them good
  Weights base;                     // the model before it, if it is here; else it is fetched
  std::shared_ptr<rpc::Bulk> client;
  std::stop_token stop;
  std::optional<Judge> judge = {};  // of what the sums are worth, which a failure of it does not hold up
  // The words of the blob `hash`, `words` of them: FetchSum.
  std::function<Result<std::vector<std::uint64_t>>(const Digest& hash, std::uint64_t words)> fetch;
};
// Fetches the words of each sum and checks them against its certificate (secagg.md 2.2 P6: t signatures of
// members of its cohort), applies the plan's gates and makes the step. Groups that are left out are logged.
// `secagg.bad_certificate` and the like; `secagg.wrong_model` when another model comes out than the one told.
[[nodiscard]] Result<Weights> MakeGroupModel(const GroupModelTask& task);

}  // namespace accord::node
