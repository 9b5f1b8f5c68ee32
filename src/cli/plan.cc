// accord plan: arithmetic alone, no coordinator is asked.
#include "plan/plan.h"

#include "cli/commands.h"
#include "cli/plan_text.h"

namespace accord::cli {
namespace {

Result<plan::Plan> PlanFor(const PlanTraining& command) {
  plan::Inputs inputs;
  const std::span<const PlanOption> options = PlanOptions();
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (command.values[i].empty()) continue;
    ACCORD_RETURN_IF_ERROR(options[i].set(inputs, options[i].name, command.values[i]));
  }
  return plan::MakePlan(inputs);
}

}  // namespace

ExitCode Run(const PlanTraining& command, Session& session) {
  Printer& printer = session.printer();
  const Result<plan::Plan> plan = PlanFor(command);
  if (!plan.ok()) return printer.Failure(plan.status());
  std::string text = PlanText(*plan, printer.style());
  if (command.explain) text += "\n" + ExplainedPlan(*plan, printer.style());
  return printer.Answer(text, PlanJson(*plan, command.explain));
}

}  // namespace accord::cli
