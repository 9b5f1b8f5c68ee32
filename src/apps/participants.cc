#include "apps/participants.h"

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"
#include "config/job_file.h"
#include "config/node_config.h"

namespace accord::apps {

Result<DatasetConfig> DataOf(const std::filesystem::path& file, const JobSpec& job) {
  config::Sources sources;
  sources.file = file;
  ACCORD_ASSIGN_OR_RETURN(const config::NodeConfig config, config::LoadNodeConfig(sources));
  const auto data = config.data.find(job.dataset);
  if (data == config.data.end())
    return Fail(errors::kDataMissing, file.string() + " has no section [data." + job.dataset + "]");
  return data->second;
}

Result<study::Participant> ParticipantOf(const std::string& argument, const JobSpec& job) {
  const std::size_t at = argument.find('=');
  if (at == std::string::npos)
    return Fail(errors::kConfigInvalid, "--node " + Printable(argument, 200) + " is not NAME=FILE");
  ACCORD_ASSIGN_OR_RETURN(DatasetConfig data, DataOf(argument.substr(at + 1), job));
  return study::Participant{argument.substr(0, at), std::move(data)};
}

Result<JobSpec> ReadJob(const std::filesystem::path& file) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes plan, ReadFile(file, config::kMaxJobBytes));
  return config::ParseJob(AsText(plan), file.string());
}

}  // namespace accord::apps
