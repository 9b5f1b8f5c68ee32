// An adapter as the directory that PEFT reads: adapter_model.safetensors and adapter_config.json, for
// PeftModel.from_pretrained beside the base model's Hugging Face directory. Called by whoever exports one;
// any thread.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "model/partition.h"

namespace accord::model {

struct PeftAdapter {
  const AdapterSpec& spec;  // spec.base is named as the base model
  const ModelSpec& model;   // a llama is a CAUSAL_LM to PEFT; another kind has no task there
  const Adapter& adapter;
  std::span<const float> weights;  // flat by Adapter::layout
};

// adapter_config.json: LoRA of that rank and alpha on the modules of the adapter, nothing else trained.
[[nodiscard]] std::string PeftConfigJson(const PeftAdapter& adapter);

// Makes `directory` with both files, for their owner alone, or nothing. It must not exist, or be empty.
// `store.io`, `store.disk_full`.
[[nodiscard]] Status WritePeftAdapter(const std::filesystem::path& directory, const PeftAdapter& adapter);

}  // namespace accord::model
