// p1 at a node: the model as it came is evaluated and trained from; what is left of it is a delta.
#include <chrono>
#include <cmath>
#include <limits>

#include "base/errors.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "node/pace.h"
#include "node/work.h"
#include "strategy/dynamic_steps.h"
#include "strategy/schedule.h"
#include "update/exchange.h"
#include "update/headers.h"

namespace accord::node {
namespace {

// From the model that was trained to its difference from the one before.
void Subtract(std::span<const float> before, std::span<float> after) {
  for (std::size_t i = 0; i < after.size(); ++i) after[i] -= before[i];
}

// The trainer's part, with as many steps as this node has time for. In its first round a node takes the
// fewest twice, once to time them: were it to leave it at those, the round would say nothing of how long the
// next one takes, by which deadlines go (job/deadlines.h).
Result<TrainOutcome> TrainInTime(const TrainTask& task, TrainRequest request) {
  const JobSpec& spec = *task.facts.spec;
  if (!strategy::HasDynamicSteps(spec)) return task.trainer->Train(request);
  Pace pace(spec, task.state, task.step_time);
  const auto timed = [&](std::uint64_t steps) -> Result<TrainOutcome> {
    request.steps = steps;
    const auto begun = std::chrono::steady_clock::now();
    ACCORD_ASSIGN_OR_RETURN(const TrainOutcome outcome, task.trainer->Train(request));
    if (outcome.steps == 0) return Fail(errors::kInternal, "the trainer does not say how many steps it took");
    const auto all = std::chrono::steady_clock::now() - begun;
    pace.Took(outcome.step_time.value_or(all / static_cast<std::int64_t>(outcome.steps)));
    return outcome;
  };
  const std::uint64_t least = strategy::StepsInTime(spec, request.round, std::nullopt);
  if (!pace.Known() && least < strategy::LocalSteps(spec, request.round))
    ACCORD_RETURN_IF_ERROR(timed(least).status());
  return timed(pace.Choose(request.round));
}

// Puts the share that the steps are of a round's behind the values of a delta that is divided by it.
void Normalise(double steps, std::vector<float>& delta, std::size_t parameters) {
  const auto share = static_cast<float>(steps);
  for (float& value : std::span(delta).first(parameters)) value /= share;
  delta.push_back(share);
}

}  // namespace

Result<task::Delta> TrainRound(const TrainTask& task, KeptDelta* kept) {
  WorkProgress& progress = *task.progress;
  progress.round = task.round.round.value;
  progress.steps_done = 0;
  progress.steps_total = 0;
  progress.bytes_sent = 0;
  progress.bytes_total = 0;
  task::Delta delta;
  const std::span model = std::span(*task.weights).first(task.facts.parameters());
  if (update::Measures(*task.facts.spec, task.round.purpose, task.round.round)) {
    ACCORD_ASSIGN_OR_RETURN(
        const EvalOutcome eval,
        task.trainer->EvaluatePersonal(
            {.round = task.round.round.value, .weights = model, .state = task.state, .stop = task.stop}));
    delta.eval_examples = eval.examples;
    delta.eval_loss_sum = std::isfinite(eval.loss_sum) ? eval.loss_sum : std::numeric_limits<double>::max();
    delta.eval_correct = eval.correct;
    delta.eval_bytes = eval.bytes;
  }
  if (task.round.purpose == round::Purpose::kEvaluate) {
    delta.examples = delta.eval_examples;  // the weight of an evaluation is the hold-out
    return delta;
  }
  auto result = std::make_shared<std::vector<float>>(model.size());
  TrainRequest request{.round = task.round.round.value,
                       .weights = model,
                       .result = *result,
                       .checkpoint = task.checkpoint,
                       .state = task.state,
                       .progress =
                           [&](std::uint64_t done, std::uint64_t total) {
                             progress.steps_done = done;
                             progress.steps_total = total;
                             if (task.energy != nullptr) task.energy->Sample();
                           },
                       .stop = task.stop};
  ACCORD_ASSIGN_OR_RETURN(const TrainOutcome outcome, TrainInTime(task, request));
  Subtract(model, *result);
  const update::RoundBase base = task.facts.RoundOf(task.round.round);
  if (base.Unclipped().parameters < model.size())
    update::KeepElements(update::ExchangedElements(base.spec, base.global.tensors, base.round), *result);
  if (update::HasRms(base.global)) result->push_back(base.Before(*task.weights).rms);
  if (strategy::HasDynamicSteps(base.spec))
    Normalise(strategy::ShareOfSteps(base.spec, request.round, outcome.steps), *result, model.size());
  delta.examples = outcome.examples;
  // Not synced: after a power cut the node trains again, and nothing of it has left.
  ACCORD_ASSIGN_OR_RETURN(delta.file,
                          task.deltas->Put(model::WeightBytes(*result), store::Durability::kRecomputable));
  std::error_code ignored;
  std::filesystem::remove_all(task.checkpoint, ignored);
  if (kept != nullptr) *kept = {delta.file, std::move(result)};
  return delta;
}

}  // namespace accord::node
