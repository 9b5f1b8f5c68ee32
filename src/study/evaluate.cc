#include "study/evaluate.h"

#include <limits>
#include <numbers>

#include "base/errors.h"

namespace accord::study {

Worth WorthOf(const EvalOutcome& outcome) {
  const auto examples = static_cast<double>(outcome.examples);
  Worth worth{.examples = outcome.examples,
              .loss = outcome.loss_sum / examples,
              .accuracy = static_cast<double>(outcome.correct) / examples};
  if (outcome.bytes > 0)
    worth.bits_per_byte = outcome.loss_sum / static_cast<double>(outcome.bytes) / std::numbers::ln2;
  return worth;
}

Result<Worth> Evaluate(const Lab& lab, std::span<const float> model) {
  constexpr std::uint64_t kNow = std::numeric_limits<std::uint64_t>::max();
  ACCORD_ASSIGN_OR_RETURN(
      const EvalOutcome outcome,
      lab.trainer->EvaluatePersonal({.round = kNow, .weights = model, .state = lab.state, .stop = {}}));
  if (outcome.examples == 0) return Fail(errors::kDataEmpty, lab.name + " has no hold-out");
  return WorthOf(outcome);
}

}  // namespace accord::study
