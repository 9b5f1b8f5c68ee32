// The tensors of a GGUF file: what they are called there, and their values. Internal to gguf.cc and
// gguf_adapter.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"
#include "base/atomic_file.h"
#include "model/gguf.h"

namespace accord::model {

// A tensor of the file, and where its rows come from.
struct GgufTensor {
  std::string name;
  const TensorSpec* tensor;
  GgufType type;
  std::uint64_t head = 0;  // rows of a head whose pairs are to stand side by side; 0: rows stay as they are
};

// "blk.0.attn_q" of "model.layers.0.self_attn.q_proj", and so on; none of what is no part of a llama.
[[nodiscard]] std::optional<std::string> GgufName(std::string_view module);
// GgufTensor::head of a matrix.
[[nodiscard]] std::uint64_t PairedRows(const LlamaSpec& spec, std::string_view module);

[[nodiscard]] std::uint64_t BytesOf(const GgufTensor& tensor);
// The values, of `weights` by the tensor's offset, and zeros up to the alignment. `model.values`, and as
// AtomicFile::Write.
[[nodiscard]] Status WriteTensor(AtomicFile& file, const GgufTensor& tensor, std::span<const float> weights);

}  // namespace accord::model
