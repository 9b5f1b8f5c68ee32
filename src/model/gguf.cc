#include "model/gguf.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/check.h"
#include "base/errors.h"
#include "model/encode.h"
#include "model/gguf_header.h"
#include "model/layout.h"
#include "model/llama.h"

namespace accord::model {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;

// A tensor of the file, and where its rows come from.
struct Entry {
  std::string name;
  const TensorSpec* tensor;
  GgufType type;
  std::uint64_t head =
      0;  // rows of a head whose pairs are to stand side by side; 0: rows stay where they are
};

std::uint64_t RowLength(const TensorSpec& tensor) { return tensor.shape.back(); }

GgufType TypeOf(const TensorSpec& tensor, GgufType wanted) {
  if (tensor.shape.size() == 1) return GgufType::kF32;
  const bool whole_blocks = RowLength(tensor) % kQ8Block == 0;
  return wanted == GgufType::kQ8_0 && !whole_blocks ? GgufType::kF16 : wanted;
}

std::uint64_t BytesOf(const Entry& entry) {
  if (entry.type == GgufType::kQ8_0) return entry.tensor->size / kQ8Block * kQ8BlockBytes;
  return entry.tensor->size * (entry.type == GgufType::kF32 ? 4 : 2);
}

// The tensors in llama.cpp's own order: the table, the norm and the last layer, then layer by layer.
std::vector<Entry> Entries(const ModelLayout& layout, const LlamaSpec& spec, GgufType type) {
  std::vector<Entry> entries;
  const auto add = [&](const std::string& name, const std::string& hf, std::uint64_t head = 0) {
    const TensorSpec* tensor = FindTensor(layout, hf + ".weight");
    entries.push_back({name + ".weight", tensor, TypeOf(*tensor, type), head});
  };
  add("token_embd", "model.embed_tokens");
  add("output_norm", "model.norm");
  if (!spec.tie_word_embeddings) add("output", "lm_head");
  for (std::uint64_t i = 0; i < spec.num_hidden_layers; ++i) {
    const std::string ours = "blk." + std::to_string(i) + ".";
    const std::string hf = "model.layers." + std::to_string(i) + ".";
    add(ours + "attn_norm", hf + "input_layernorm");
    add(ours + "attn_q", hf + "self_attn.q_proj", HeadSize(spec));
    add(ours + "attn_k", hf + "self_attn.k_proj", HeadSize(spec));
    add(ours + "attn_v", hf + "self_attn.v_proj");
    add(ours + "attn_output", hf + "self_attn.o_proj");
    add(ours + "ffn_norm", hf + "post_attention_layernorm");
    add(ours + "ffn_gate", hf + "mlp.gate_proj");
    add(ours + "ffn_up", hf + "mlp.up_proj");
    add(ours + "ffn_down", hf + "mlp.down_proj");
  }
  return entries;
}

void AddShape(GgufHeader& header, const LlamaSpec& spec) {
  const auto u32 = [&](const char* key, std::uint64_t value) {
    header.U32(key, static_cast<std::uint32_t>(value));
  };
  u32("llama.vocab_size", spec.vocab_size);
  u32("llama.context_length", spec.max_position_embeddings);
  u32("llama.embedding_length", spec.hidden_size);
  u32("llama.block_count", spec.num_hidden_layers);
  u32("llama.feed_forward_length", spec.intermediate_size);
  u32("llama.rope.dimension_count", HeadSize(spec));
  u32("llama.attention.head_count", spec.num_attention_heads);
  u32("llama.attention.head_count_kv", spec.num_key_value_heads);
  header.F32("llama.attention.layer_norm_rms_epsilon", static_cast<float>(spec.rms_norm_eps));
  header.F32("llama.rope.freq_base", static_cast<float>(spec.rope_theta));
}

void AddVocabulary(GgufHeader& header, const Vocabulary& vocabulary) {
  std::vector<std::string> texts;
  std::vector<float> scores;
  std::vector<std::int32_t> types;
  for (const Piece& piece : vocabulary.pieces) {
    texts.push_back(piece.text);
    scores.push_back(piece.score);
    types.push_back(static_cast<std::int32_t>(piece.type));
  }
  const bool unigram = vocabulary.segmenter == Segmenter::kUnigram;
  header.Text("tokenizer.ggml.model", unigram ? "t5" : "llama");  // llama.cpp's names of the two segmenters
  header.Text("tokenizer.ggml.pre", "default");
  header.Texts("tokenizer.ggml.tokens", texts);
  header.F32s("tokenizer.ggml.scores", scores);
  header.I32s("tokenizer.ggml.token_type", types);
  header.U32("tokenizer.ggml.bos_token_id", vocabulary.bos);
  header.U32("tokenizer.ggml.eos_token_id", vocabulary.eos);
  header.U32("tokenizer.ggml.unknown_token_id", vocabulary.unknown);
  header.Bool("tokenizer.ggml.add_bos_token", vocabulary.add_bos);
  header.Bool("tokenizer.ggml.add_eos_token", false);
  header.Bool("tokenizer.ggml.add_space_prefix", vocabulary.add_space_prefix);
  if (!unigram) return;  // the other one does nothing of this
  header.Bool("tokenizer.ggml.remove_extra_whitespaces", vocabulary.remove_extra_whitespaces);
  if (!vocabulary.charsmap.empty()) {
    header.U8s("tokenizer.ggml.precompiled_charsmap", AsBytes(vocabulary.charsmap));
  }
}

Bytes HeaderOf(const GgufModel& model, GgufType type, const std::vector<Entry>& entries) {
  GgufHeader header;
  header.Text("general.architecture", "llama");
  header.Text("general.type", "model");
  header.Text("general.name", model.name);
  if (!model.description.empty()) header.Text("general.description", model.description);
  header.U32("general.alignment", kGgufAlignment);
  // LLAMA_FTYPE_ALL_F32, _MOSTLY_F16, _MOSTLY_Q8_0; 2 is the only version of the blocks' layout.
  header.U32("general.file_type", type == GgufType::kF32 ? 0 : type == GgufType::kF16 ? 1 : 7);
  if (type == GgufType::kQ8_0) header.U32("general.quantization_version", 2);
  AddShape(header, model.spec);
  AddVocabulary(header, model.vocabulary);
  for (const Entry& entry : entries) {
    header.Tensor(entry.name, entry.tensor->shape, static_cast<std::uint32_t>(entry.type), BytesOf(entry));
  }
  return header.Finish();
}

// Row `r` of the file is this row of ours: (head, pair, half) there is (head, half, pair) here.
std::uint64_t OurRow(const Entry& entry, std::uint64_t r) {
  if (entry.head == 0) return r;
  const std::uint64_t in_head = r % entry.head;
  return r - in_head + in_head % 2 * (entry.head / 2) + in_head / 2;
}

Status WriteTensor(AtomicFile& file, const Entry& entry, std::span<const float> weights) {
  const std::uint64_t length = RowLength(*entry.tensor);
  const auto values = weights.subspan(entry.tensor->offset, entry.tensor->size);
  const FloatFormat format = entry.type == GgufType::kF16 ? FloatFormat::kF16 : FloatFormat::kF32;
  Bytes buffer;
  for (std::uint64_t r = 0; r < values.size() / length; ++r) {
    const std::uint64_t first = OurRow(entry, r) * length;
    const auto row = values.subspan(first, length);
    const std::optional<std::size_t> bad =
        entry.type == GgufType::kQ8_0 ? AppendQ8(row, buffer) : AppendFloats(format, row, buffer);
    if (bad) return BadValue(*entry.tensor, first + *bad, row[*bad]);
    if (buffer.size() < kFlushBytes) continue;
    ACCORD_RETURN_IF_ERROR(file.Write(buffer));
    buffer.clear();
  }
  buffer.resize(buffer.size() + GgufPadding(BytesOf(entry)));
  return file.Write(buffer);
}

Status CheckModel(const GgufModel& model) {
  if (model.vocabulary.pieces.size() != model.spec.vocab_size) {
    return Fail(errors::kModelVocabulary, "the tokenizer has " +
                                              std::to_string(model.vocabulary.pieces.size()) +
                                              " tokens, the model " + std::to_string(model.spec.vocab_size));
  }
  for (const std::uint64_t n : {model.spec.max_position_embeddings, model.spec.hidden_size,
                                model.spec.intermediate_size, model.spec.vocab_size}) {
    if (n > std::numeric_limits<std::uint32_t>::max()) {
      return Fail(errors::kModelTooLarge, "a dimension of " + std::to_string(n) + " does not fit into GGUF");
    }
  }
  return {};
}

}  // namespace

Status WriteGguf(const std::filesystem::path& path, GgufType type, const GgufModel& model) {
  ACCORD_RETURN_IF_ERROR(CheckModel(model));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, MakeLayout(LlamaTensors(model.spec)));
  ACCORD_CHECK(model.weights.size() == layout.size);
  const std::vector<Entry> entries = Entries(layout, model.spec, type);
  ACCORD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, FileMode::kShared));
  ACCORD_RETURN_IF_ERROR(file.Write(HeaderOf(model, type, entries)));
  for (const Entry& entry : entries) ACCORD_RETURN_IF_ERROR(WriteTensor(file, entry, model.weights));
  return file.Commit();
}

}  // namespace accord::model
