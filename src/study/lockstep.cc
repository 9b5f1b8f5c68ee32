#include "study/lockstep.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/errors.h"
#include "base/text.h"
#include "crypto/spiffe.h"
#include "model/checkpoint.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "trainer/torch_trainer.h"
#include "update/global_state.h"

namespace accord::study {
namespace {

constexpr std::uint64_t kSpoolMemory = 1ULL << 30;

Result<Lab> OpenLab(const LockstepOptions& options, const Participant& participant) {
  ACCORD_ASSIGN_OR_RETURN(
      const crypto::SpiffeId identity,
      crypto::SpiffeId::Make(options.trust_domain, crypto::Role::kNode, participant.name));
  Lab lab{.name = participant.name,
          .id = identity.ToNodeId(),
          .factory = {},
          .trainer = {},
          .state = options.directory / "state" / participant.name,
          .step_time = participant.step_time};
  ACCORD_ASSIGN_OR_RETURN(lab.factory,
                          trainer::MakeTorchTrainerFactory({.threads = options.threads,
                                                            .device = trainer::Device::kCpu,
                                                            .shuffle_seed = trainer::ShuffleSeedOf(lab.id),
                                                            .cache = options.directory / "cache"}));
  ACCORD_ASSIGN_OR_RETURN(lab.trainer, lab.factory->Create(options.job, participant.data));
  return lab;
}

}  // namespace

Result<std::unique_ptr<Lockstep>> Lockstep::Open(LockstepOptions options) {
  std::unique_ptr<Lockstep> study(new Lockstep(std::move(options)));
  ACCORD_RETURN_IF_ERROR(study->Prepare());
  return study;
}

Status Lockstep::Prepare() {
  const JobSpec& job = options_.job;
  if (job.groups.max_norm > 0.0 || job.groups.min_cosine > -1.0)
    return Fail(errors::kJobInvalid, "rounds in lockstep have no gates over groups");
  facts_.spec = std::make_shared<const JobSpec>(job);
  ACCORD_ASSIGN_OR_RETURN(ModelLayout layout, update::GlobalLayout(job));
  facts_.layout = std::make_shared<const ModelLayout>(std::move(layout));
  std::filesystem::create_directories(options_.directory / "cache");
  ACCORD_ASSIGN_OR_RETURN(deltas_, store::Blobs::Open(options_.directory / "deltas"));
  ACCORD_ASSIGN_OR_RETURN(spools_, store::SpoolPool::Open({.directory = options_.directory / "spool",
                                                           .memory_budget = kSpoolMemory}));
  for (const Participant& participant : options_.participants) {
    if (std::ranges::find(labs_, participant.name, &Lab::name) != labs_.end())
      return Fail(errors::kConfigInvalid, "two nodes are called " + Printable(participant.name, 64),
                  "Give each --node a name of its own.");
    ACCORD_ASSIGN_OR_RETURN(Lab lab, OpenLab(options_, participant));
    labs_.push_back(std::move(lab));
  }
  auto initial = std::make_shared<std::vector<float>>(facts_.layout->size);
  ACCORD_RETURN_IF_ERROR(job.model.start.empty() ? BeginFrom(*initial) : BeginFromStart(*initial));
  weights_ = std::move(initial);
  return {};
}

// A model of this job goes on with what its outer rule kept; another, as a graduate's start, begins with
// none.
Status Lockstep::BeginFrom(std::vector<float>& global) const {
  model::InitialWeights(*facts_.layout, facts_.spec->seed, global);
  if (options_.from.empty()) return {};
  // Its weights are looked at as those of any checkpoint, also where more than they is in it.
  ACCORD_ASSIGN_OR_RETURN(
      const std::vector<float> weights,
      model::ReadCheckpoint(options_.from, update::ModelOf(*facts_.layout), facts_.spec->model));
  const Result<std::vector<float>> same = model::ReadSafetensors(options_.from, *facts_.layout);
  std::ranges::copy(same.ok() ? *same : weights, global.begin());
  return {};
}

// As the federation does: from the weights that the plan names, and no others.
Status Lockstep::BeginFromStart(std::vector<float>& global) const {
  const ModelSpec& model = facts_.spec->model;
  if (options_.from.empty())
    return Fail(errors::kModelStart, "the plan begins from " + model.start,
                "Name these weights: --from PATH");
  ACCORD_ASSIGN_OR_RETURN(const std::vector<float> weights,
                          model::ReadCheckpoint(options_.from, update::ModelOf(*facts_.layout), model));
  return update::FirstState(*facts_.spec, *facts_.layout, weights, global);
}

Digest Lockstep::model_hash() const { return model::ModelHash(*facts_.layout, *weights_); }

Result<std::vector<std::uint64_t>> Lockstep::UpdateOf(Lab& lab, const task::Assignment& round) {
  node::JobFacts facts = facts_;
  facts.node = lab.id;
  node::KeptDelta kept;
  ACCORD_ASSIGN_OR_RETURN(const task::Delta delta,
                          node::TrainRound({.facts = facts,
                                            .round = round,
                                            .weights = weights_,
                                            .trainer = lab.trainer.get(),
                                            .deltas = deltas_.get(),
                                            .checkpoint = {},
                                            .state = lab.state,
                                            .progress = std::make_shared<node::WorkProgress>(),
                                            .stop = options_.stop,
                                            .step_time = lab.step_time},
                                           &kept));
  ACCORD_ASSIGN_OR_RETURN(const node::EncodedUpdate update,
                          node::EncodeUpdate({.facts = facts,
                                              .round = round,
                                              .delta = delta,
                                              .cohort = static_cast<std::uint32_t>(labs_.size()),
                                              .deltas = deltas_.get(),
                                              .values = kept.values,
                                              .spools = spools_.get(),
                                              .masking = {},
                                              .stop = options_.stop}));
  if (kept.values) ACCORD_RETURN_IF_ERROR(deltas_->Delete(kept.file));
  std::vector<std::uint64_t> words(update.words);
  ACCORD_ASSIGN_OR_RETURN(const ByteView bytes, update.spool->Tile(0, words.size() * sizeof(std::uint64_t)));
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

round::Purpose Lockstep::purpose() const {
  return next_.value > options_.job.round.count ? round::Purpose::kEvaluate : round::Purpose::kTrain;
}

update::Sum Lockstep::SumOf(std::span<const std::uint64_t> words, std::uint32_t updates) const {
  return {.purpose = purpose(),
          .round = next_,
          .cohort = static_cast<std::uint32_t>(labs_.size()),
          .survivors = updates,
          .words = words};
}

Result<std::vector<float>> Lockstep::After(std::span<const std::uint64_t> sum, std::uint32_t updates) const {
  std::vector<float> next(*weights_);
  ACCORD_RETURN_IF_ERROR(update::NextModel(*facts_.spec, SumOf(sum, updates), next).status());
  return next;
}

Result<RoundReport> Lockstep::Step(const std::function<Status(const Updates&)>& look) {
  if (const std::uint32_t least = options_.job.round.min_nodes; labs_.size() < least) {
    return Fail(errors::kJobInvalid,
                std::to_string(labs_.size()) +
                    " nodes; a round begins with round.min_nodes = " + std::to_string(least));
  }
  const auto begun = std::chrono::steady_clock::now();
  const task::Assignment round{
      .round = next_, .purpose = purpose(), .model_hash = {}, .mode = SecureMode::kOff};
  Updates updates;
  std::vector<std::uint64_t> sum;
  for (Lab& lab : labs_) {
    ACCORD_ASSIGN_OR_RETURN(std::vector<std::uint64_t> words, UpdateOf(lab, round));
    sum.resize(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) sum[i] += words[i];
    if (look) updates.push_back(std::move(words));
  }
  if (look) ACCORD_RETURN_IF_ERROR(look(updates));
  auto next = std::make_shared<std::vector<float>>(*weights_);
  RoundReport report{.round = next_, .upload_bytes = sum.size() * sizeof(std::uint64_t)};
  ACCORD_ASSIGN_OR_RETURN(
      report.metrics,
      update::NextModel(*facts_.spec, SumOf(sum, static_cast<std::uint32_t>(labs_.size())), *next));
  weights_ = std::move(next);
  ++next_.value;
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return report;
}

}  // namespace accord::study
