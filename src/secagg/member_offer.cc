#include <algorithm>
#include <map>

#include "base/errors.h"
#include "secagg/member_attempt.h"

namespace accord::secagg {
namespace {

constexpr std::size_t kMaxName = 65'536;  // LV

bool Allows(const MemberPolicy& policy, SecureMode mode) {
  return (mode == SecureMode::kMalicious && policy.malicious) ||
         (mode == SecureMode::kSemiHonest && policy.semi_honest);
}

std::string Place(const Offer& offer) {
  return "round " + std::to_string(offer.round.value) + ", attempt " + std::to_string(offer.attempt.value);
}

Verdict CheckAttempt(const Offer& offer, const MemberInputs& in) {
  if (!Allows(in.policy, offer.mode)) {
    return Refuse(errors::kSecaggModeRefused, "the offered mode of aggregation is not allowed here");
  }
  if (in.memory.last && std::pair(offer.round, offer.attempt) <= *in.memory.last) {
    return Refuse(errors::kSecaggStaleAttempt, Place(offer) + " was answered already, or a later one was");
  }
  if (offer.attempt.value >= in.policy.max_attempt) {
    return Refuse(errors::kSecaggTooManyAttempts,
                  Place(offer) + "; allowed are " + std::to_string(in.policy.max_attempt) + " a round");
  }
  return {};
}

Verdict CheckPins(const Offer& offer, const MemberInputs& in) {
  if (offer.registry_hash != in.registry_hash) {
    return Refuse(errors::kSecaggWrongRegistry,
                  "offered " + offer.registry_hash.Hex() + ", pinned " + in.registry_hash.Hex());
  }
  if (offer.model_hash != in.model_hash) {
    return Refuse(errors::kSecaggWrongModel,
                  "offered " + offer.model_hash.Hex() + ", computed " + in.model_hash.Hex());
  }
  if (offer.train_cfg_hash != in.train_cfg_hash) {
    return Refuse(errors::kSecaggWrongConfig,
                  "offered " + offer.train_cfg_hash.Hex() + ", approved " + in.train_cfg_hash.Hex());
  }
  return {};
}

Verdict CheckCohort(const Offer& offer, const MemberInputs& in, const Params& params) {
  std::vector<NodeId> sorted = offer.cohort;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return Refuse(errors::kSecaggDuplicateNode, "the cohort names a node twice");
  }
  if (sorted != offer.cohort) return Refuse(errors::kSecaggBadEncoding, "the cohort is not ascending");
  if (offer.cohort.size() != params.n()) {
    return Refuse(errors::kSecaggBadParams, "parameters for " + std::to_string(params.n()) +
                                                " nodes, a cohort of " + std::to_string(offer.cohort.size()));
  }
  if (!std::ranges::binary_search(offer.cohort, in.id)) {
    return Refuse(errors::kSecaggNotInCohort, "the cohort does not name this node");
  }
  return {};
}

Verdict CheckPolicy(const MemberPolicy& policy, const Params& params) {
  const std::uint32_t honest = params.n() - params.corrupt;
  if (params.n() < policy.min_cohort || honest < policy.min_honest) {
    return Refuse(errors::kSecaggCohortTooSmall,
                  std::to_string(params.n()) + " nodes, " + std::to_string(honest) +
                      " of them honest; this lab asks for " + std::to_string(policy.min_cohort) + " and " +
                      std::to_string(policy.min_honest));
  }
  if (policy.least_corrupt && params.corrupt < *policy.least_corrupt) {
    return Refuse(errors::kSecaggBadParams, std::to_string(params.corrupt) +
                                                " nodes assumed corrupt; this lab asks for " +
                                                std::to_string(*policy.least_corrupt));
  }
  if (params.noise && !policy.noise) {
    return Refuse(errors::kSecaggBadParams, "the round adds noise, which this node was not set up for");
  }
  if (policy.params && params != *policy.params) {
    return Refuse(errors::kSecaggBadParams, "not the parameters of the plan that this node approved");
  }
  return {};
}

Verdict CheckPeople(const Offer& offer, const MemberInputs& in) {
  std::map<std::string, std::uint32_t> of_org;
  for (const NodeId& id : offer.cohort) {
    const RegistryEntry* const entry = in.registry->Find(id);
    if (entry == nullptr) {
      return Refuse(errors::kSecaggUnknownNode, "the pinned registry has no node " + id.Hex(), id);
    }
    if (entry->not_after <= in.now) {
      return Refuse(errors::kSecaggExpiredNode, "the registry entry of " + id.Hex() + " is over", id);
    }
    ++of_org[entry->org];
  }
  for (const auto& [org, count] : of_org) {
    if (in.policy.max_per_org && count > *in.policy.max_per_org) {
      return Refuse(errors::kSecaggOrgCap, std::to_string(count) +
                                               " nodes of one organisation; this lab allows " +
                                               std::to_string(*in.policy.max_per_org));
    }
  }
  return {};
}

}  // namespace

Checked<AttemptContext> CheckOffer(const Offer& offer, const MemberInputs& in) {
  if (Verdict bad = CheckAttempt(offer, in)) return *bad;
  if (Verdict bad = CheckPins(offer, in)) return *bad;
  Result<Params> params = Params::Parse(offer.params, offer.mode);
  if (!params.ok()) return Refuse(params.status());
  if (Verdict bad = CheckCohort(offer, in, *params)) return *bad;
  if (Verdict bad = CheckPolicy(in.policy, *params)) return *bad;
  if (Verdict bad = CheckPeople(offer, in)) return *bad;
  if (in.memory.signed_set && *in.memory.signed_set != offer.cohort) {
    return Refuse(errors::kSecaggSpentModel, "a set of " + std::to_string(in.memory.signed_set->size()) +
                                                 " nodes was signed on this model; the cohort is another");
  }
  if (offer.federation_id.size() > kMaxName || offer.job_id.size() > kMaxName) {
    return Refuse(errors::kSecaggBadEncoding, "the name of the federation or of the job is too long");
  }
  return AttemptContext{.ctx = Context(offer),
                        .mode = offer.mode,
                        .params = std::move(*params),
                        .cohort = offer.cohort,
                        .registry = in.registry};
}

}  // namespace accord::secagg
