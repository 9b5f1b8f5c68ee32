#include "tests/simulation/expected.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "config/job_file.h"
#include "crypto/sha256.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "secagg/sum.h"
#include "tests/simulation/lost_files.h"
#include "update/next_model.h"

namespace accord::simulation {

Expected::Expected(const sim::Members& members, const Bytes& plan, const JobId& job,
                   const std::filesystem::path& directory)
    : members_(members) {
  auto spec = config::ParseJob(AsText(plan), "job");
  ACCORD_CHECK(spec.ok());
  auto layout = model::BuildLayout(spec->model);
  ACCORD_CHECK(layout.ok());
  facts_.id = job;
  facts_.spec = std::make_shared<const JobSpec>(*std::move(spec));
  facts_.layout = std::make_shared<const ModelLayout>(*std::move(layout));
  deltas_ = *store::Blobs::Open(directory / "deltas");
  spools_ = *store::SpoolPool::Open({.directory = directory / "spool", .memory_budget = 1 << 20});
  auto weights = std::make_shared<std::vector<float>>(facts_.layout->size);
  model::InitialWeights(*facts_.layout, facts_.spec->seed, *weights);
  models_[model::ModelHash(*facts_.layout, *weights)] = weights;
}

Numbers Expected::Encode(std::size_t node, const Update& update, const node::Weights& weights) {
  node::JobFacts facts = facts_;
  facts.node = members_.labs[node].id;
  sim::Trainers trainers(node);
  const auto trainer = *trainers.Create(*facts.spec, {});
  const sim::Disk* running = std::exchange(CurrentDisk, nullptr);  // no party's disk is full for this
  const task::Assignment round{update.round, update.purpose, update.model_hash, facts.spec->secure};
  const auto delta = node::TrainRound({.facts = facts,
                                       .round = round,
                                       .weights = weights,
                                       .trainer = trainer.get(),
                                       .deltas = deltas_.get(),
                                       .checkpoint = {},
                                       .progress = std::make_shared<node::WorkProgress>(),
                                       .stop = {}});
  ACCORD_CHECK(delta.ok());
  const auto made = node::EncodeUpdate({.facts = facts,
                                        .round = round,
                                        .delta = *delta,
                                        .cohort = static_cast<std::uint32_t>(update.cohort),
                                        .deltas = deltas_.get(),
                                        .spools = spools_.get(),
                                        .masking = {},
                                        .stop = {}});
  CurrentDisk = running;
  ACCORD_CHECK(made.ok());
  Numbers words(made->words);
  std::memcpy(words.data(), made->spool->Tile(0, words.size() * 8)->data(), words.size() * 8);
  return words;
}

const Numbers& Expected::Plain(std::size_t node, const Update& update) {
  static const Numbers kUnknown;
  const auto [known, fresh] = plain_.try_emplace({node, update});
  if (!fresh) return known->second;
  const auto weights = models_.find(update.model_hash);
  if (weights == models_.end()) {
    plain_.erase(known);
    return kUnknown;
  }
  return known->second = Encode(node, update, weights->second);
}

Expected::Outcome Expected::Sum(const std::vector<std::size_t>& survivors, const Update& update) {
  Numbers sum;
  for (const std::size_t node : survivors) {
    const Numbers& words = Plain(node, update);
    if (sum.empty()) sum.resize(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) sum[i] += words[i];
  }
  const auto before = models_.find(update.model_hash);
  if (before == models_.end() || sum.empty()) return {};
  Bytes bytes(sum.size() * 8);
  secagg::StoreWords(sum, bytes);
  Outcome outcome{crypto::Sha256::Of(bytes), update.model_hash};
  if (update.purpose != round::Purpose::kTrain) return outcome;
  auto weights = std::make_shared<std::vector<float>>(*before->second);
  const auto stepped = update::NextModel(*facts_.spec,
                                         {.purpose = update.purpose,
                                          .round = update.round,
                                          .cohort = static_cast<std::uint32_t>(update.cohort),
                                          .survivors = static_cast<std::uint32_t>(survivors.size()),
                                          .words = sum},
                                         *weights);
  ACCORD_CHECK(stepped.ok());
  outcome.model_hash = model::ModelHash(*facts_.layout, *weights);
  models_[outcome.model_hash] = weights;
  return outcome;
}

}  // namespace accord::simulation
