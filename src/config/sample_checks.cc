// Rules of [samples]: whether the common model can speak at all.
#include <string>

#include "base/text.h"
#include "config/job_checks.h"

namespace accord::config {
namespace {

constexpr std::size_t kMostSamples = 64;

}  // namespace

void CheckSamples(Schema& schema, const JobSpec& job) {
  const auto& prompts = job.samples.prompts;
  if (prompts.empty() && !schema.Has("samples.tokens")) return;
  for (const auto& [name, prompt] : prompts) {
    if (!IsName(name)) schema.Complain("samples." + name, "is not a name");
  }
  if (prompts.empty()) schema.Complain("samples", "has no section [samples.NAME] with a prompt");
  if (prompts.size() > kMostSamples)
    schema.Complain("samples",
                    std::to_string(prompts.size()) + " prompts; the most is " + std::to_string(kMostSamples));
  if (schema.Good({"model.kind"}) && job.model.kind != "llama")
    schema.Complain("samples", "only a language model speaks: kind = \"llama\"");
  const bool whole_at_nodes =
      job.personal.kind == PersonalKind::kFedPer || job.adapter.kind == AdapterKind::kFedSaLora;
  if (schema.Good({"personal.kind", "adapter.kind"}) && whole_at_nodes)
    schema.Complain("samples", "the model of this job is whole only at its nodes, with what each keeps");
}

}  // namespace accord::config
