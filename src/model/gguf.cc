#include "model/gguf.h"

#include <limits>
#include <vector>

#include "base/atomic_file.h"
#include "base/check.h"
#include "base/errors.h"
#include "model/encode.h"
#include "model/gguf_header.h"
#include "model/gguf_tensor.h"
#include "model/layout.h"
#include "model/llama.h"

namespace accord::model {
namespace {

GgufType TypeOf(const TensorSpec& tensor, GgufType wanted) {
  if (tensor.shape.size() == 1) return GgufType::kF32;
  const bool whole_blocks = tensor.shape.back() % kQ8Block == 0;
  return wanted == GgufType::kQ8_0 && !whole_blocks ? GgufType::kF16 : wanted;
}

// The tensors in llama.cpp's own order: the table, the norm and the last layer, then layer by layer.
std::vector<GgufTensor> TensorsOf(const ModelLayout& layout, const LlamaSpec& spec, GgufType type) {
  std::vector<GgufTensor> tensors;
  const auto add = [&](const std::string& module) {
    const TensorSpec* tensor = FindTensor(layout, module + ".weight");
    tensors.push_back(
        {*GgufName(module) + ".weight", tensor, TypeOf(*tensor, type), PairedRows(spec, module)});
  };
  add("model.embed_tokens");
  add("model.norm");
  if (!spec.tie_word_embeddings) add("lm_head");
  for (std::uint64_t i = 0; i < spec.num_hidden_layers; ++i) {
    for (const char* module :
         {"input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
          "post_attention_layernorm", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"})
      add("model.layers." + std::to_string(i) + "." + module);
  }
  return tensors;
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

Bytes HeaderOf(const GgufModel& model, GgufType type, const std::vector<GgufTensor>& tensors) {
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
  for (const GgufTensor& tensor : tensors) {
    header.Tensor(tensor.name, tensor.tensor->shape, static_cast<std::uint32_t>(tensor.type),
                  BytesOf(tensor));
  }
  return header.Finish();
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
  const std::vector<GgufTensor> tensors = TensorsOf(layout, model.spec, type);
  ACCORD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, FileMode::kShared));
  ACCORD_RETURN_IF_ERROR(file.Write(HeaderOf(model, type, tensors)));
  for (const GgufTensor& tensor : tensors) ACCORD_RETURN_IF_ERROR(WriteTensor(file, tensor, model.weights));
  return file.Commit();
}

}  // namespace accord::model
