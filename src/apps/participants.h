// The nodes that accord-sim plays, as its command lines name them.
#pragma once

#include <filesystem>
#include <string>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "study/lockstep.h"

namespace accord::apps {

// The job's data set as this configuration of a node has it. `data.missing`; errors of LoadNodeConfig.
[[nodiscard]] Result<DatasetConfig> DataOf(const std::filesystem::path& config, const JobSpec& job);
// "NAME=FILE". `config.invalid`; errors of DataOf.
[[nodiscard]] Result<study::Participant> ParticipantOf(const std::string& argument, const JobSpec& job);
// `job.invalid`; errors of ReadFile.
[[nodiscard]] Result<JobSpec> ReadJob(const std::filesystem::path& file);

}  // namespace accord::apps
