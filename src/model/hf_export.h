// A model as the directory of a Hugging Face checkpoint: model.safetensors, config.json, and whatever else
// belongs to it. Called by whoever exports a model; any thread.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "base/text.h"
#include "model/hf_config.h"

namespace accord::model {

struct HfFile {
  std::string name;  // without a directory
  Bytes content;
};

struct HfModel {
  const LlamaSpec& spec;           // resolved
  std::span<const float> weights;  // flat, by the layout of `spec`
  HfDetails details;
  std::vector<HfFile> files = {};  // beside them: a tokenizer's, a README.md
};

// Makes `directory` with all of it, or nothing: the files are written and synced beside it under another
// name, and then the directory is renamed. It must not exist, or be empty. Fails with `model.values`, naming
// tensor and element, for a weight that is not finite in that format, `store.io`, `store.disk_full`.
[[nodiscard]] Status WriteHfModel(const std::filesystem::path& directory, const HfModel& model);

}  // namespace accord::model
