// Taking a model on the word of others: for a node that missed the round in which it was made, or restarted
// since (node.proto, ModelProof). Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "config/node_config.h"
#include "node/registry.h"
#include "node/work.h"
#include "rpc/messages.h"
#include "secagg/member.h"
#include "update/groups.h"

namespace accord::node {

// What this node knows for itself of a masked job, and holds every offer against.
struct MaskedTerms {
  JobFacts facts;
  std::string federation;  // the trust domain of this node's own identity
  PinnedRegistry pinned;
  config::NodeConfig::Policy policy;
  std::uint64_t now = 0;  // Unix seconds
  // Of the round that an offer is for: none where it is not known here, as of a round that others made.
  std::optional<update::BaseModel> base = {};
};

// The policy of the lab and of the plan for an offer of this round, purpose and cohort; its encoding is what
// this node's own reading of the plan and of `terms.base` gives. `secagg.*` when the plan cannot be run with
// that cohort.
[[nodiscard]] Result<secagg::MemberPolicy> PolicyFor(const MaskedTerms& terms, RoundId round,
                                                     round::Purpose purpose, std::size_t cohort);
// What every offer of this job must say before it is looked at further: federation, job, and chunks as they
// travel, without a neighbour graph, which no message carries. `secagg.wrong_config`, `secagg.bad_params`.
[[nodiscard]] Status CheckTerms(const MaskedTerms& terms, const secagg::Offer& offer);

// The groups of a round as this node finds them for itself: those of the plan, or dealt anew by the votes
// that it saw. `groups.draw` where it saw none.
[[nodiscard]] Result<update::Partition> PartitionIn(const MaskedTerms& terms, RoundId round);
// Whether all of a cohort are of one group of the round. `secagg.wrong_group`; a job without groups has one
// of all nodes. Errors of PartitionIn.
[[nodiscard]] Status CheckGroup(const MaskedTerms& terms, RoundId round, std::uint32_t group,
                                std::span<const NodeId> cohort);
// Whether this lab would have masked with the cohort of a proof: all that is right or wrong in its offer
// before anything of the round was said. Gives what was computed and with which parameters.
struct ProvenOffer {
  round::Purpose purpose = round::Purpose::kTrain;
  secagg::Params params;
};
[[nodiscard]] Result<ProvenOffer> CheckProofOffer(const MaskedTerms& terms, const secagg::Offer& offer);

// Whether at least t distinct members of a cohort that this lab would have masked with signed this model for
// that cohort's attempt. Names as Member::Open gives for the offer, then `secagg.bad_certificate`.
//
// The attempt may have been under another version of the registry than the one pinned here: nodes joined or
// left since. Only keys that are pinned here count, and t signers are more than may be corrupt: so at least
// one of them is an honest node whose lab pinned that version, masked under it, and checked the sum.
[[nodiscard]] Status CheckModelProof(const MaskedTerms& terms, const rpc::ModelProof& proof,
                                     const Digest& model_hash);

}  // namespace accord::node
