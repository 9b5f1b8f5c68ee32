#include "node/group_model.h"

#include "base/errors.h"
#include "base/log.h"
#include "model/safetensors.h"
#include "secagg/collector.h"
#include "secagg/context.h"
#include "update/groups.h"

namespace accord::node {
namespace {

Status WrongModel(std::string what) { return Fail(errors::kSecaggWrongModel, std::move(what)); }

// Keys that are pinned here count, as in CheckModelProof; who left since counts for nothing.
std::vector<secagg::NodeSignature> KnownSigners(const MaskedTerms& terms, const rpc::ModelProof& proof) {
  std::vector<secagg::NodeSignature> known;
  for (const secagg::NodeSignature& item : proof.result) {
    const secagg::RegistryEntry* entry = terms.pinned.registry->Find(item.id);
    if (entry != nullptr && entry->not_after > terms.now) known.push_back(item);
  }
  return known;
}

// The words of one sum, as its group certified them.
Result<std::vector<std::uint64_t>> CertifiedWords(const GroupModelTask& task, const rpc::GroupSum& item) {
  const rpc::ModelProof& proof = item.proof;
  ACCORD_ASSIGN_OR_RETURN(secagg::Params params, secagg::Params::Parse(proof.offer.params, proof.offer.mode));
  const secagg::AttemptContext context{.ctx = secagg::Context(proof.offer),
                                       .mode = proof.offer.mode,
                                       .params = std::move(params),
                                       .cohort = proof.offer.cohort,
                                       .registry = task.terms.pinned.registry};
  if (proof.words != context.params.encoding.Words()) {
    return Fail(errors::kSecaggWrongLength, "the sum of a group has " + std::to_string(proof.words) +
                                                " words, not " +
                                                std::to_string(context.params.encoding.Words()));
  }
  ACCORD_ASSIGN_OR_RETURN(std::vector<std::uint64_t> words, task.fetch(item.sum, proof.words));
  const secagg::ResultMessage result{
      .u3_hash = proof.u3_hash, .nwords = words.size(), .z_root = proof.z_root, .tau = {}, .words = words};
  if (const secagg::Verdict bad = secagg::CheckLateResult(context, result, KnownSigners(task.terms, proof)))
    return bad->status;
  return words;
}

void SayWorth(const GroupModelTask& task, std::span<const update::GroupSum> sums,
              const std::vector<float>& base) {
  const JobFacts& facts = task.terms.facts;
  Result<charter::GroupWorth> worth = WorthOfGroups(facts, sums, base, *task.judge->trainer, task.stop);
  const Status kept =
      worth.ok() ? KeepWorth(task.judge->file, Digest{facts.id.bytes}, *std::move(worth)) : worth.status();
  if (kept.ok()) return;
  LogWarn("worth.not_kept", {{"job", facts.spec->name},
                             {"round", std::to_string(sums[0].sum.round.value)},
                             {"why", Describe(kept)}});
}

}  // namespace

Result<Digest> CheckGroupSums(const MaskedTerms& terms, RoundId round,
                              const std::vector<rpc::GroupSum>& sums) {
  const GroupsSpec& groups = terms.facts.spec->groups;
  if (sums.empty() || sums.size() < groups.min_groups) {
    return Fail(errors::kJobTooFewGroups,
                "the sums of " + std::to_string(sums.size()) +
                    " groups; groups.min_groups = " + std::to_string(groups.min_groups));
  }
  const Digest& base = sums[0].proof.offer.model_hash;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const secagg::Offer& offer = sums[i].proof.offer;
    if (sums[i].group >= groups.nodes.size() || (i > 0 && sums[i].group <= sums[i - 1].group)) {
      return Fail(errors::kSecaggBadEncoding, "the groups of the sums are not ascending");
    }
    ACCORD_RETURN_IF_ERROR(CheckGroup(terms, offer.round, sums[i].group, offer.cohort));
    ACCORD_ASSIGN_OR_RETURN(const ProvenOffer proven, CheckProofOffer(terms, offer));
    if (proven.purpose != round::Purpose::kTrain) return WrongModel("the sum of an evaluation");
    if (offer.round.value + 1 != round.value) return WrongModel("the sum of another round");
    if (offer.model_hash != base) return WrongModel("the sums start from different models");
  }
  return base;
}

Result<Weights> MakeGroupModel(const GroupModelTask& task) {
  const JobSpec& spec = *task.terms.facts.spec;
  const ModelLayout& layout = *task.terms.facts.layout;
  std::vector<std::vector<std::uint64_t>> words;
  std::vector<update::GroupSum> sums;
  for (const rpc::GroupSum& item : task.sums) {
    ACCORD_ASSIGN_OR_RETURN(std::vector<std::uint64_t> certified, CertifiedWords(task, item));
    words.push_back(std::move(certified));
    sums.push_back({.group = item.group,
                    .sum = {.purpose = round::Purpose::kTrain,
                            .round = item.proof.offer.round,
                            .cohort = static_cast<std::uint32_t>(item.proof.offer.cohort.size()),
                            .survivors = static_cast<std::uint32_t>(words.back()[0]),
                            .words = words.back()}});
  }
  Weights base = task.base;
  if (!base) {  // the certified offers name it
    const task::Assignment before{.round = task.sums[0].proof.offer.round,
                                  .model_hash = task.sums[0].proof.offer.model_hash,
                                  .mode = spec.secure};
    ACCORD_ASSIGN_OR_RETURN(base, FindModel(task.terms.facts, before, task.client.get(), task.stop));
  }
  const update::RoundBase before = task.terms.facts.RoundOf(sums[0].sum.round);
  ACCORD_ASSIGN_OR_RETURN(update::GroupStep made, update::OpenGroups(spec, sums, before.Before(*base)));
  for (const round::LeftOut& item : made.left_out) {
    LogWarn("group.left_out", {{"job", spec.name},
                               {"round", std::to_string(task.round.value)},
                               {"why", update::Describe(spec, item)}});
  }
  auto weights = std::make_shared<std::vector<float>>(*base);
  ACCORD_ASSIGN_OR_RETURN(const update::GlobalParts parts, update::Split(spec, *weights));
  made.step.ApplyAll(parts);
  if (model::ModelHash(layout, *weights) == task.model_hash) {
    if (task.judge) SayWorth(task, sums, *base);
    return Weights(std::move(weights));
  }
  return WrongModel("the certified sums of the groups give another model than the one told");
}

}  // namespace accord::node
