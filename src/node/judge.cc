#include "node/judge.h"

#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "update/global_state.h"
#include "update/next_model.h"

namespace accord::node {
namespace {

constexpr std::uint64_t kMaxFileBytes = 64U << 20;

Result<double> MeanLoss(Trainer& trainer, std::span<const float> weights, const std::stop_token& stop) {
  ACCORD_ASSIGN_OR_RETURN(const EvalOutcome outcome, trainer.Evaluate(weights, stop));
  if (outcome.examples == 0)
    return Fail(errors::kDataEmpty, "this lab is to say what groups' sums are worth, and has no hold-out");
  return outcome.loss_sum / static_cast<double>(outcome.examples);
}

// The global state after a round of these sums alone.
Result<std::vector<float>> After(const JobSpec& spec, std::span<const update::Sum> sums,
                                 const update::BaseModel& before, const std::vector<float>& base) {
  ACCORD_ASSIGN_OR_RETURN(update::OuterStep step, update::OuterStep::Open(spec, sums, before));
  std::vector<float> weights(base);
  ACCORD_ASSIGN_OR_RETURN(const update::GlobalParts parts, update::Split(spec, weights));
  step.ApplyAll(parts);
  return weights;
}

}  // namespace

Result<charter::GroupWorth> WorthOfGroups(const JobFacts& facts, std::span<const update::GroupSum> sums,
                                          const std::vector<float>& base, Trainer& trainer,
                                          std::stop_token stop) {
  const RoundId round = sums[0].sum.round;
  const update::BaseModel before = facts.RoundOf(round).Before(base);
  charter::GroupWorth worth{.round = round.value, .groups = {}, .fell = {0.0}};
  for (const update::GroupSum& one : sums) worth.groups.push_back(one.group);
  ACCORD_ASSIGN_OR_RETURN(const double loss,
                          MeanLoss(trainer, std::span(base).first(facts.parameters()), stop));
  for (std::size_t set = 1; set < std::size_t{1} << sums.size(); ++set) {
    std::vector<update::Sum> chosen;
    for (std::size_t i = 0; i < sums.size(); ++i)
      if ((set >> i & 1) != 0) chosen.push_back(sums[i].sum);
    ACCORD_ASSIGN_OR_RETURN(const std::vector<float> after, After(*facts.spec, chosen, before, base));
    ACCORD_ASSIGN_OR_RETURN(const double then,
                            MeanLoss(trainer, std::span(after).first(facts.parameters()), stop));
    worth.fell.push_back(loss - then);
  }
  return worth;
}

Status KeepWorth(const std::filesystem::path& file, const Digest& job, charter::GroupWorth worth) {
  charter::JudgedRounds judged{.job = job, .rounds = {}};
  if (std::filesystem::exists(file)) {
    ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(file, kMaxFileBytes));
    ACCORD_ASSIGN_OR_RETURN(judged, charter::DecodeJudgedRounds(bytes));
  }
  Put(judged, std::move(worth));
  std::error_code ignored;  // then the file cannot be written
  std::filesystem::create_directories(file.parent_path(), ignored);
  return WriteFileAtomic(file, Encode(judged), FileMode::kPrivate);
}

}  // namespace accord::node
