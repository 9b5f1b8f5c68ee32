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
// a directory with model.safetensors or else model.safetensors.index.json. `model` is what they are read for.
// Everything is checked before the buffer is allocated; the values while they are read. Fails with
//   model.config, .config_differs              as CheckConfigBeside
//   safetensors.header, .offsets, .truncated   a file that is damaged or lies about itself
//   safetensors.dtype                          a type other than those three
//   safetensors.index                          an index that is not one, a tensor that is not in the file
//                                              that the index says or that stands in two
//   safetensors.tensors                        a tensor that is missing, superfluous or of another shape
//   model.values                               NaN or an infinity, with tensor and element
//   store.io                                   a file that is missing or cannot be read
// and names the file. rotary_emb.inv_freq, which old checkpoints hold beside the weights, is passed over, as
// transformers does: it follows from rope_theta; and so is what an outer rule keeps (update/global_state.h),
// whose names begin with "~"; and, where embeddings are tied, an lm_head.weight that is equal to the table.
[[nodiscard]] Result<std::vector<float>> ReadCheckpoint(const std::filesystem::path& path,
                                                        const ModelLayout& layout, const ModelSpec& model);
// The tensors that a checkpoint has, without what is passed over; of tied embeddings it knows nothing.
[[nodiscard]] Result<ModelLayout> ReadCheckpointLayout(const std::filesystem::path& path);
// ReadCheckpoint of one file in memory, beside which nothing stands.
[[nodiscard]] Result<std::vector<float>> ReadCheckpoint(ByteView file, const ModelLayout& layout);

// The config.json that belongs to `path`, as ReadCheckpoint takes it: in the directory, or beside the file.
// Where none is, or one that names no model_type, it is of something else, and the path is empty.
[[nodiscard]] std::filesystem::path ConfigBeside(const std::filesystem::path& path);
// The resolved spec of a config.json: `model.config`, `store.io`, and as ResolveLlama does.
[[nodiscard]] Result<LlamaSpec> ReadCheckpointSpec(const std::filesystem::path& config);
// A config.json must say the same of the weights as `model`, where that is a llama: heads, eps, rope_theta
// and tied embeddings show in no shape, and weights read with others compute nothing. `model.config_differs`
// names the key; `model.config` a config.json that no llama here can be of. max_position_embeddings is the
// job's to choose.
[[nodiscard]] Status CheckConfig(const std::filesystem::path& config, const ModelSpec& model);
// The same of the one beside a checkpoint, if there is one.
[[nodiscard]] Status CheckConfigBeside(const std::filesystem::path& path, const ModelSpec& model);

}  // namespace accord::model
