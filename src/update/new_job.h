// What a new job must pass beyond being readable (config/job_file.h): rules over sizes that follow from the
// plan together with the model, such as those of a preset. Asked by the coordinator before it takes a job and
// by the CLI before it sends one; a job that runs already is not judged again, so that journals and bundles
// outlive new rules. Pure.
#pragma once

#include "accord/job_spec.h"
#include "accord/status.h"

namespace accord::update {

// `job.invalid` with all that is wrong at once: an example longer than the model's positions, another
// vocab_size than the tokenizer "byte" has, a rise of the learning rate that is not over before the job is,
// or before its fall begins; more parts of a batch than examples, an outer rule that no round is left for;
// and a prompt of [samples] that leaves a byte model no position to speak at. `spec` as config::ParseJob has
// it. Fails as GlobalLayout.
[[nodiscard]] Status CheckNewJob(const JobSpec& spec);

}  // namespace accord::update
