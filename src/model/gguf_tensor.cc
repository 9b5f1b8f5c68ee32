#include "model/gguf_tensor.h"

#include <array>
#include <utility>

#include "model/encode.h"
#include "model/gguf_header.h"
#include "model/llama.h"

namespace accord::model {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;
constexpr std::string_view kLayers = "model.layers.";

using Names = std::pair<std::string_view, std::string_view>;  // Hugging Face's, llama.cpp's
constexpr std::array<Names, 3> kOutside = {
    {{"model.embed_tokens", "token_embd"}, {"model.norm", "output_norm"}, {"lm_head", "output"}}};
constexpr std::array<Names, 9> kOfLayer = {{{"input_layernorm", "attn_norm"},
                                            {"self_attn.q_proj", "attn_q"},
                                            {"self_attn.k_proj", "attn_k"},
                                            {"self_attn.v_proj", "attn_v"},
                                            {"self_attn.o_proj", "attn_output"},
                                            {"post_attention_layernorm", "ffn_norm"},
                                            {"mlp.gate_proj", "ffn_gate"},
                                            {"mlp.up_proj", "ffn_up"},
                                            {"mlp.down_proj", "ffn_down"}}};

// Row `r` of the file is this row of ours: (head, pair, half) there is (head, half, pair) here.
std::uint64_t OurRow(const GgufTensor& tensor, std::uint64_t r) {
  if (tensor.head == 0) return r;
  const std::uint64_t in_head = r % tensor.head;
  return r - in_head + in_head % 2 * (tensor.head / 2) + in_head / 2;
}

}  // namespace

std::optional<std::string> GgufName(std::string_view module) {
  for (const auto& [theirs, name] : kOutside) {
    if (module == theirs) return std::string(name);
  }
  if (!module.starts_with(kLayers)) return {};
  module.remove_prefix(kLayers.size());
  const std::size_t dot = module.find('.');
  if (dot == std::string_view::npos) return {};
  for (const auto& [theirs, name] : kOfLayer) {
    if (module.substr(dot + 1) == theirs)
      return "blk." + std::string(module.substr(0, dot)) + "." + std::string(name);
  }
  return {};
}

std::uint64_t PairedRows(const LlamaSpec& spec, std::string_view module) {
  return module.ends_with(".q_proj") || module.ends_with(".k_proj") ? HeadSize(spec) : 0;
}

std::uint64_t BytesOf(const GgufTensor& tensor) {
  if (tensor.type == GgufType::kQ8_0) return tensor.tensor->size / kQ8Block * kQ8BlockBytes;
  return tensor.tensor->size * (tensor.type == GgufType::kF32 ? 4 : 2);
}

Status WriteTensor(AtomicFile& file, const GgufTensor& tensor, std::span<const float> weights) {
  const std::uint64_t length = tensor.tensor->shape.back();
  const auto values = weights.subspan(tensor.tensor->offset, tensor.tensor->size);
  const FloatFormat format = tensor.type == GgufType::kF16 ? FloatFormat::kF16 : FloatFormat::kF32;
  Bytes buffer;
  for (std::uint64_t r = 0; r < values.size() / length; ++r) {
    const std::uint64_t first = OurRow(tensor, r) * length;
    const auto row = values.subspan(first, length);
    const std::optional<std::size_t> bad =
        tensor.type == GgufType::kQ8_0 ? AppendQ8(row, buffer) : AppendFloats(format, row, buffer);
    if (bad) return BadValue(*tensor.tensor, first + *bad, row[*bad]);
    if (buffer.size() < kFlushBytes) continue;
    ACCORD_RETURN_IF_ERROR(file.Write(buffer));
    buffer.clear();
  }
  buffer.resize(buffer.size() + GgufPadding(BytesOf(tensor)));
  return file.Write(buffer);
}

}  // namespace accord::model
