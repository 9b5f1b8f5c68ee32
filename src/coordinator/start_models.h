// Weights that jobs may begin from ([model] start), in a directory of the coordinator's state that no job and
// no collection of blobs touches: each a safetensors file of ours, called by its hash, and beside it the
// config.json that it came with. `accordd import-model` fills it, also while accordd serves; jobs, and fsck,
// read it. Waits for the disk; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::coordinator {

struct ImportedModel {
  Digest hash;
  std::uint64_t parameters = 0;
  std::size_t tensors = 0;
  std::optional<LlamaSpec> llama;  // resolved; what config.json says
  std::filesystem::path file;
};

// What a job file says of it: the table [model], or where no config.json came with it the one key `start`.
// A comment says where [data] has to name the tokenizer.
[[nodiscard]] std::string ModelTable(const ImportedModel& model);

class StartModels {
 public:
  explicit StartModels(const std::filesystem::path& state) : directory_(state / "models") {}

  // Reads what model::ReadCheckpoint takes, a model of a former job as well, and keeps it durably as f32. The
  // same weights twice are one file; of two config.json the later counts. Of a state that is there. Fails as
  // model::ReadCheckpoint, and `store.disk_full`. After a failure there are no such weights.
  [[nodiscard]] Result<ImportedModel> Import(const std::filesystem::path& path) const;

  // Of a job as it is submitted, without reading the numbers: `model.start_missing`, `model.start` when the
  // tensors are not those of `global` (update/global_state.h), `model.config_differs`. Ok where the plan
  // names no weights.
  [[nodiscard]] Status Check(const JobSpec& job, const ModelLayout& global) const;
  // The global state that a job begins with. Fails as Check, and as update::FirstState when the file has
  // changed.
  [[nodiscard]] Result<std::vector<float>> FirstState(const JobSpec& job, const ModelLayout& global) const;

  struct Fault {
    std::filesystem::path file;
    Status status;
  };
  struct Contents {
    std::uint64_t whole = 0;
    std::vector<Fault> faults;
  };
  // Reads every file once. Other files than those that Import makes are not looked at.
  [[nodiscard]] Contents CheckFiles() const;

 private:
  // The file of what the plan names, which is there.
  [[nodiscard]] Result<std::filesystem::path> FileOf(const JobSpec& job) const;

  const std::filesystem::path directory_;
};

}  // namespace accord::coordinator
