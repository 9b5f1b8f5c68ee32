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
  const sim::Disk* running = CurrentDisk.exchange(nullptr);  // no party's disk is full for this
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

std::size_t Expected::LeastVerified(SecureMode mode, std::size_t cohort) const {
  const std::size_t corrupt = cohort < 5 ? 0 : cohort / 5;
  if (mode == SecureMode::kOff) return facts_.spec->round.min_survivors;
  if (mode == SecureMode::kMalicious) return (cohort + corrupt) / 2 + 1;
  return std::max(corrupt + 1, cohort / 2 + 1);
}

Numbers Expected::Add(const std::vector<std::size_t>& survivors, const Update& update) {
  Numbers sum;
  for (const std::size_t node : survivors) {
    const Numbers& words = Plain(node, update);
    if (sum.empty()) sum.resize(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) sum[i] += words[i];
  }
  return sum;
}

Expected::Outcome Expected::Sum(const std::vector<std::size_t>& survivors, const Update& update) {
  const Numbers sum = Add(survivors, update);
  if (sum.empty()) return {};
  Bytes bytes(sum.size() * 8);
  secagg::StoreWords(sum, bytes);
  Outcome outcome{crypto::Sha256::Of(bytes), update.model_hash};
  if (facts_.spec->groups.nodes.empty()) outcome.model_hash = Combine({{survivors, update}});
  return outcome;
}

Digest Expected::Combine(const Groups& groups) {
  const Update& any = groups.front().second;
  const auto before = models_.find(any.model_hash);
  if (before == models_.end() || any.purpose != round::Purpose::kTrain) return any.model_hash;
  std::vector<Numbers> words;
  for (const auto& [survivors, update] : groups) words.push_back(Add(survivors, update));
  std::vector<update::Sum> sums;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto& [survivors, update] = groups[i];
    sums.push_back({.purpose = update.purpose,
                    .round = update.round,
                    .cohort = static_cast<std::uint32_t>(update.cohort),
                    .survivors = static_cast<std::uint32_t>(survivors.size()),
                    .words = words[i]});
  }
  auto weights = std::make_shared<std::vector<float>>(*before->second);
  auto step = update::OuterStep::Open(*facts_.spec, sums, weights->size());
  ACCORD_CHECK(step.ok());
  step->Apply(0, *weights);
  const Digest hash = model::ModelHash(*facts_.layout, *weights);
  models_[hash] = weights;
  return hash;
}

}  // namespace accord::simulation
