#include "update/new_job.h"

#include <cstdint>
#include <string>
#include <vector>

#include "base/errors.h"
#include "model/byte_vocabulary.h"
#include "model/layout.h"
#include "strategy/schedule.h"
#include "update/global_state.h"

namespace accord::update {
namespace {

using Faults = std::vector<std::string>;

void CheckLengths(const JobSpec& spec, const LlamaSpec& llama, Faults& faults) {
  const std::uint64_t positions = llama.max_position_embeddings;
  const std::string has = std::to_string(positions) + " positions that the model has" +
                          (llama.preset.empty() ? "" : " by its preset \"" + llama.preset + "\"") +
                          " (model.max_position_embeddings)";
  if (spec.text.context > positions)
    faults.push_back("data.context = " + std::to_string(spec.text.context) + " is above the " + has);
  if (spec.text.tokenizer != "byte") return;  // only the file knows how many tokens it has, and a text
  if (llama.vocab_size != model::kByteVocabulary)
    faults.push_back("model.vocab_size = " + std::to_string(llama.vocab_size) +
                     ", but data.tokenizer = \"byte\" has " + std::to_string(model::kByteVocabulary) +
                     ": name the tokenizer or leave the key out");
  for (const auto& [name, prompt] : spec.samples.prompts) {
    if (prompt.size() + 1 <= positions) continue;  // behind <s>
    faults.push_back("samples." + name + ".prompt has " + std::to_string(prompt.size()) +
                     " bytes; with the <s> before them they are above the " + has);
  }
}

// The products stay below 2^63: config bounds rounds and local steps by 10^9 each.
void CheckSchedule(const JobSpec& spec, Faults& faults) {
  const ScheduleSpec& schedule = spec.inner.schedule;
  if (schedule.unit != ScheduleUnit::kStep) return;
  const std::uint64_t steps = strategy::StepsBefore(spec, spec.round.count + 1);
  const std::uint64_t warmup = schedule.warmup_steps;
  const std::string never =
      " the " + std::to_string(steps) + " local steps of the whole job: inner.lr would never be reached";
  if (warmup > 0 && warmup >= steps) {
    faults.push_back("inner.schedule.warmup_steps = " + std::to_string(warmup) + " is not below" + never);
  } else if (schedule.kind == ScheduleKind::kWsd && schedule.decay_steps > steps - warmup) {
    faults.push_back("inner.schedule.decay_steps = " + std::to_string(schedule.decay_steps) +
                     (warmup > 0 ? " with warmup_steps = " + std::to_string(warmup) : "") + " is above" +
                     never);
  }
}

void CheckParts(const JobSpec& spec, Faults& faults) {
  if (spec.inner.accumulate > spec.inner.batch)
    faults.push_back("inner.accumulate = " + std::to_string(spec.inner.accumulate) +
                     " is above inner.batch = " + std::to_string(spec.inner.batch) +
                     ": a batch has no more parts than examples");
  if (spec.round.synchronous > 0 && spec.round.synchronous >= spec.round.count && spec.outer.rule != "fedavg")
    faults.push_back("round.synchronous = " + std::to_string(spec.round.synchronous) +
                     " are all rounds: outer.rule = \"" + spec.outer.rule +
                     "\" would never run, as synchronous rounds average plainly");
}

}  // namespace

Status CheckNewJob(const JobSpec& spec) {
  ACCORD_RETURN_IF_ERROR(GlobalLayout(spec).status());
  ACCORD_ASSIGN_OR_RETURN(const ModelSpec model, model::Resolve(spec.model));
  Faults faults;
  if (model.kind == "llama") CheckLengths(spec, model.llama, faults);
  CheckSchedule(spec, faults);
  CheckParts(spec, faults);
  if (faults.empty()) return {};
  std::string all;
  for (const std::string& fault : faults) all += (all.empty() ? "" : "\n") + fault;
  return Fail(errors::kJobInvalid, all);
}

}  // namespace accord::update
