// An adapter as llama.cpp's LoRA file: GGUF of the type "adapter", which is loaded beside a GGUF of the
// frozen model (llama-cli --lora). Called by whoever exports one; any thread.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "base/file.h"
#include "model/gguf.h"
#include "model/partition.h"

namespace accord::model {

struct GgufAdapter {
  const LlamaSpec& spec;           // of the frozen model, resolved
  const Adapter& adapter;          // beside matrices of it
  std::span<const float> weights;  // flat by Adapter::layout
  std::string name;                // for people
};

// Writes the file whole, synced and renamed, or not at all. Each matrix W is there as <W>.lora_a [rank, in]
// and <W>.lora_b [out, rank], whose rows are permuted as those of W are (gguf.h); adapter.lora.alpha is scale
// * rank, which the reader divides by the rank again. `type` is kF32 or kF16. Fails with
//   model.unknown   an adapted matrix that is no part of a llama
//   model.values    a weight that is not finite in that type
//   store.io, store.disk_full
[[nodiscard]] Status WriteGgufAdapter(const std::filesystem::path& path, GgufType type,
                                      const GgufAdapter& adapter, FileMode mode = FileMode::kShared);

}  // namespace accord::model
