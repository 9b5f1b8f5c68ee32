// A llama as a TorchScript module: one file that PyTorch and libtorch run with nothing of ours. Called by
// whoever exports a model; any thread. No torch in this header.
#pragma once

#include <filesystem>
#include <span>

#include "accord/job_spec.h"
#include "accord/status.h"

namespace accord::trainer {

// Writes the module whole, synced and renamed, or not at all. Its forward takes tokens, int64 [batch, length]
// with a length up to the model's positions, and gives logits, f32 [batch, length, vocab_size]; each position
// sees itself and those before it. Parameters have Hugging Face's names, in modules of theirs, so that
// state_dict() is a checkpoint. `weights` in the order of the layout of `spec`. Fails with `model.shape` when
// they do not fit it, `store.io`, `store.disk_full`, `trainer.failed`.
[[nodiscard]] Status WriteTorchScript(const std::filesystem::path& path, const LlamaSpec& spec,
                                      std::span<const float> weights);

}  // namespace accord::trainer
