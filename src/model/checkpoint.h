// A Hugging Face checkpoint as weights to begin from: F32, F16 or BF16, in one file or in several with an
// index. Read into the flat buffer tensor by tensor, so that it is never in memory twice. Called by whoever
// starts a job from a checkpoint or exports one; any thread.
#pragma once

#include <filesystem>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"
#include "base/text.h"

namespace accord::model {

// The weights of `layout`, in its order, as f32. `path` is a .safetensors file, a .safetensors.index.json, or
// a directory with model.safetensors or else model.safetensors.index.json. Everything is checked before the
// buffer is allocated; the values while they are read. Fails with
//   safetensors.header, .offsets, .truncated   a file that is damaged or lies about itself
//   safetensors.dtype                          a type other than those three
//   safetensors.index                          an index that is not one, a tensor that is not in the file
//                                              that the index says or that stands in two
//   safetensors.tensors                        a tensor that is missing, superfluous or of another shape
//   model.values                               NaN or an infinity, with tensor and element
//   store.io                                   a file that is missing or cannot be read
// and names the file. rotary_emb.inv_freq, which old checkpoints hold beside the weights, is passed over, as
// transformers does: it follows from rope_theta; and so is what an outer rule keeps (update/global_state.h),
// whose names begin with "~".
[[nodiscard]] Result<std::vector<float>> ReadCheckpoint(const std::filesystem::path& path,
                                                        const ModelLayout& layout);
// The same for one file in memory.
[[nodiscard]] Result<std::vector<float>> ReadCheckpoint(ByteView file, const ModelLayout& layout);

// The resolved spec of `directory`/config.json: `model.config`, `store.io`, and as ResolveLlama does.
[[nodiscard]] Result<LlamaSpec> ReadCheckpointSpec(const std::filesystem::path& directory);

}  // namespace accord::model
