// Models as GGUF files, version 3 (ggml's docs/gguf.md): one file with weights, shape and tokens, which
// llama.cpp and what is built on it run. Called by whoever exports a model; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "model/vocabulary.h"

namespace accord::model {

// The numbers of ggml_type. Of every model norms stay f32, as readers expect; with kQ8_0 so does nothing
// else, but matrices whose rows are no multiple of 32 are f16.
enum class GgufType : std::uint32_t { kF32 = 0, kF16 = 1, kQ8_0 = 8 };

struct GgufModel {
  const LlamaSpec& spec;           // resolved
  std::span<const float> weights;  // flat, by the layout of `spec`
  const Vocabulary& vocabulary;    // of spec.vocab_size pieces
  std::string name;                // for people
  std::string description = {};    // likewise; may be empty
};

// Writes the file whole, synced and renamed, or not at all (base/atomic_file.h), without a copy of the
// weights. Rows of q_proj and k_proj are permuted: a head's pairs, which Hugging Face has half a head apart,
// stand side by side in GGUF. Tied embeddings are written once. llama.cpp cuts texts as SentencePiece does,
// with two exceptions: with kBpe it knows no charsmap and leaves white space as it is; with kUnigram a
// character without a piece is <unk> there, never its bytes. Fails with
//   model.vocabulary   when the vocabulary has another number of pieces than the model
//   model.values       a weight that is not finite in that type, with tensor and element
//   model.too_large    a dimension of 2^32 or more
//   store.io, store.disk_full
[[nodiscard]] Status WriteGguf(const std::filesystem::path& path, GgufType type, const GgufModel& model);

}  // namespace accord::model
