#include "node/model_proof.h"

#include <algorithm>
#include <map>

#include "base/errors.h"
#include "rpc/calls.h"
#include "secagg/context.h"
#include "secagg/params.h"
#include "update/headers.h"
#include "update/statement.h"

namespace accord::node {
namespace {

// Which computation the offer was for; a proof does not say it.
Result<round::Purpose> PurposeOf(const MaskedTerms& terms, const secagg::Offer& offer) {
  for (const round::Purpose purpose : {round::Purpose::kTrain, round::Purpose::kEvaluate}) {
    if (offer.train_cfg_hash == update::TrainConfigHash(terms.facts.id, purpose)) return purpose;
  }
  return Fail(errors::kSecaggWrongConfig, "the proof is of another computation than this job's rounds");
}

// Its entry in the pinned registry, while that holds; else nullptr.
const secagg::RegistryEntry* Known(const MaskedTerms& terms, const NodeId& id) {
  const secagg::RegistryEntry* entry = terms.pinned.registry->Find(id);
  return entry != nullptr && entry->not_after > terms.now ? entry : nullptr;
}

Status CheckCohort(const MaskedTerms& terms, const secagg::MemberPolicy& policy, const secagg::Offer& offer) {
  const auto unsorted = [](const NodeId& a, const NodeId& b) { return !(a < b); };
  if (std::ranges::adjacent_find(offer.cohort, unsorted) != offer.cohort.end()) {
    return Fail(errors::kSecaggBadEncoding, "the cohort of the proof is not ascending");
  }
  std::map<std::string, std::uint32_t> of_org;
  for (const NodeId& id : offer.cohort) {
    const secagg::RegistryEntry* entry = Known(terms, id);
    if (entry == nullptr) continue;  // it left since: its word does not count, and t others' must
    if (policy.max_per_org && ++of_org[entry->org] > *policy.max_per_org) {
      return Fail(errors::kSecaggOrgCap, "more nodes of one organisation than this lab allows");
    }
  }
  return {};
}

Status CheckParams(const secagg::MemberPolicy& policy, const secagg::Params& params, std::size_t cohort) {
  if (params.n() != cohort) return Fail(errors::kSecaggBadParams, "parameters of another cohort's size");
  if (params.n() < policy.min_cohort || params.n() - params.corrupt < policy.min_honest) {
    return Fail(errors::kSecaggCohortTooSmall, "a smaller cohort than this lab asks for");
  }
  if (params != *policy.params) {
    return Fail(errors::kSecaggBadParams, "not the parameters of the plan that this node approved");
  }
  return {};
}

Status BadCertificate(std::string what) { return Fail(errors::kSecaggBadCertificate, std::move(what)); }

Status CheckSignatures(const MaskedTerms& terms, const rpc::ModelProof& proof, const Digest& model_hash,
                       std::uint32_t least) {
  const auto unsorted = [](const auto& a, const auto& b) { return !(a.id < b.id); };
  if (std::ranges::adjacent_find(proof.model, unsorted) != proof.model.end()) {
    return BadCertificate("the signatures of the model are not ascending");
  }
  const Bytes statement = update::ModelStatement(secagg::Context(proof.offer), model_hash);
  std::uint32_t counted = 0;
  for (const secagg::NodeSignature& item : proof.model) {
    if (!std::ranges::binary_search(proof.offer.cohort, item.id)) {
      return BadCertificate(item.id.Hex() + " signed the model, but was not in the cohort");
    }
    const secagg::RegistryEntry* entry = Known(terms, item.id);
    if (entry == nullptr) continue;
    if (!crypto::Ed25519Verify(entry->key, statement, item.signature)) {
      return BadCertificate(item.id.Hex() + " did not sign this model");
    }
    ++counted;
  }
  if (counted < least) {
    return BadCertificate(std::to_string(counted) +
                          " nodes of the pinned registry signed the model; it takes " +
                          std::to_string(least));
  }
  return {};
}

}  // namespace

Result<secagg::MemberPolicy> PolicyFor(const MaskedTerms& terms, RoundId round, round::Purpose purpose,
                                       std::size_t cohort) {
  const JobSpec& spec = *terms.facts.spec;
  const auto n = static_cast<std::uint32_t>(cohort);
  secagg::MemberPolicy policy{
      .malicious = spec.secure == SecureMode::kMalicious,
      .semi_honest = spec.secure == SecureMode::kSemiHonest && terms.policy.allow_semi_honest,
      .max_attempt = terms.policy.max_attempt,
      .min_cohort = terms.policy.min_cohort,
      .min_honest = terms.policy.min_honest,
      .least_corrupt = spec.has_corrupt ? spec.corrupt : secagg::DefaultCorrupt(n)};
  if (terms.policy.max_per_org > 0) policy.max_per_org = terms.policy.max_per_org;
  const update::BaseModel base = terms.base.value_or(terms.facts.RoundOf(round).Unclipped());
  ACCORD_ASSIGN_OR_RETURN(policy.params, update::ParamsFor(spec, purpose, base, n));
  return policy;
}

Status CheckTerms(const MaskedTerms& terms, const secagg::Offer& offer) {
  if (offer.federation_id != terms.federation) {
    return Fail(errors::kSecaggWrongConfig, "an offer of the federation '" +
                                                Printable(offer.federation_id, 80) + "'; this node is of '" +
                                                terms.federation + "'");
  }
  if (!std::ranges::equal(offer.job_id, terms.facts.id.bytes)) {
    return Fail(errors::kSecaggWrongConfig, "an offer of another job");
  }
  const Result<secagg::Params> params = secagg::Params::Parse(offer.params, offer.mode);
  if (params.ok() && params->chunk_words != rpc::kChunkWords) {
    return Fail(errors::kSecaggBadParams, "chunks of another size than messages here carry");
  }
  return {};  // parameters that are none are refused in their place
}

Result<update::Partition> PartitionIn(const MaskedTerms& terms, RoundId round) {
  ACCORD_ASSIGN_OR_RETURN(update::Partition plan, update::PartitionOf(*terms.facts.spec, terms.federation));
  if (!terms.facts.spec->groups.reshuffle) return plan;
  if (terms.facts.draw) return update::Reshuffled(plan, terms.facts.draw->SeedOf(round.value));
  return Fail(errors::kGroupsDraw, "no votes were shown that the groups of a round follow from");
}

Status CheckGroup(const MaskedTerms& terms, RoundId round, std::uint32_t group,
                  std::span<const NodeId> cohort) {
  ACCORD_ASSIGN_OR_RETURN(const update::Partition partition, PartitionIn(terms, round));
  for (const NodeId& node : cohort) {
    if (update::GroupOf(partition, node) == group) continue;
    return Fail(errors::kSecaggWrongGroup,
                "node " + node.Hex() + " is not of group '" +
                    (group < partition.size() ? partition[group].name : "") +
                    (terms.facts.draw ? "' as the votes deal it in round " + std::to_string(round.value)
                                      : "' of the plan"));
  }
  return {};
}

Result<ProvenOffer> CheckProofOffer(const MaskedTerms& terms, const secagg::Offer& offer) {
  ACCORD_RETURN_IF_ERROR(CheckTerms(terms, offer));
  if (offer.mode != terms.facts.spec->secure) {
    return Fail(errors::kSecaggModeRefused, "the proof is of another mode than the plan's");
  }
  if (!terms.pinned.registry) return Fail(errors::kSecaggWrongRegistry, "no registry is pinned here");
  ACCORD_ASSIGN_OR_RETURN(const round::Purpose purpose, PurposeOf(terms, offer));
  ACCORD_ASSIGN_OR_RETURN(secagg::Params params, secagg::Params::Parse(offer.params, offer.mode));
  ACCORD_ASSIGN_OR_RETURN(secagg::MemberPolicy policy,
                          PolicyFor(terms, offer.round, purpose, offer.cohort.size()));
  // The clip follows from a model that may not be here. Of the signers of the proof one at least is honest,
  // and had that model.
  if (update::HasRms(*terms.facts.layout) && purpose == round::Purpose::kTrain)
    policy.params->encoding.clip = params.encoding.clip;
  ACCORD_RETURN_IF_ERROR(CheckCohort(terms, policy, offer));
  ACCORD_RETURN_IF_ERROR(CheckParams(policy, params, offer.cohort.size()));
  return ProvenOffer{purpose, std::move(params)};
}

Status CheckModelProof(const MaskedTerms& terms, const rpc::ModelProof& proof, const Digest& model_hash) {
  if (!terms.facts.spec->groups.nodes.empty()) {
    return Fail(errors::kSecaggWrongModel, "the members of one group do not know the model of all");
  }
  ACCORD_ASSIGN_OR_RETURN(const ProvenOffer proven, CheckProofOffer(terms, proof.offer));
  return CheckSignatures(terms, proof, model_hash, proven.params.thresholds.t);
}

}  // namespace accord::node
