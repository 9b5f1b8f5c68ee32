#include "trainer/torchscript.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/export.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "model/layout.h"
#include "model/llama.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

namespace jit = torch::jit;

// One layer, as llama_layer.h has it. $ names are filled in: shapes are constants of the module.
constexpr std::string_view kLayer = R"(
def norm(self, x: Tensor, weight: Tensor) -> Tensor:
  return x * torch.rsqrt(torch.mean(x * x, [-1], True) + $epsilon) * weight

def turn(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  a, b = torch.chunk(x, 2, -1)
  return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

def forward(self, x: Tensor, cos: Tensor, sin: Tensor, later: Tensor) -> Tensor:
  batch = x.size(0)
  length = x.size(1)
  y = self.norm(x, self.input_layernorm.weight)
  q = torch.matmul(y, self.self_attn.q_proj.weight.t()).view([batch, length, $heads, $size]).transpose(1, 2)
  k = torch.matmul(y, self.self_attn.k_proj.weight.t()).view([batch, length, $shared, $size]).transpose(1, 2)
  v = torch.matmul(y, self.self_attn.v_proj.weight.t()).view([batch, length, $shared, $size]).transpose(1, 2)
  q = self.turn(q, cos, sin)
  k = torch.repeat_interleave(self.turn(k, cos, sin), $each, 1)
  v = torch.repeat_interleave(v, $each, 1)
  scores = torch.matmul(q, k.transpose(2, 3)) * $scale
  seen = torch.softmax(torch.masked_fill(scores, later, -1e38), -1)
  out = torch.matmul(seen, v).transpose(1, 2).reshape([batch, length, $heads * $size])
  x = x + torch.matmul(out, self.self_attn.o_proj.weight.t())
  y = self.norm(x, self.post_attention_layernorm.weight)
  gate = torch.silu(torch.matmul(y, self.mlp.gate_proj.weight.t()))
  up = torch.matmul(y, self.mlp.up_proj.weight.t())
  return x + torch.matmul(gate * up, self.mlp.down_proj.weight.t())
)";

// Angles as MakeRotary has them. $layers: a line for each.
constexpr std::string_view kModel = R"(
def forward(self, tokens: Tensor) -> Tensor:
  at = torch.arange(tokens.size(1), device=tokens.device)
  angles = torch.outer(at * 1.0, self.inv_freq)
  cos = torch.cos(angles)
  sin = torch.sin(angles)
  later = at.unsqueeze(0) > at.unsqueeze(1)
  x = torch.embedding(self.model.embed_tokens.weight, tokens)
$layers
  x = x * torch.rsqrt(torch.mean(x * x, [-1], True) + $epsilon) * self.model.norm.weight
  return torch.matmul(x, self.$head.weight.t())
)";

std::string Number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string Filled(std::string_view source,
                   const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string text(source);
  for (const auto& [name, value] : values) {
    for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size())
      text.replace(at, name.size(), value);
  }
  return text;
}

std::string LayerSource(const LlamaSpec& spec) {
  const std::uint64_t size = model::HeadSize(spec);
  return Filled(kLayer, {{"$epsilon", Number(spec.rms_norm_eps)},
                         {"$heads", std::to_string(spec.num_attention_heads)},
                         {"$shared", std::to_string(spec.num_key_value_heads)},
                         {"$size", std::to_string(size)},
                         {"$each", std::to_string(spec.num_attention_heads / spec.num_key_value_heads)},
                         {"$scale", Number(1.0 / std::sqrt(static_cast<double>(size)))}});
}

std::string ModelSource(const LlamaSpec& spec) {
  std::string layers;
  for (std::uint64_t i = 0; i < spec.num_hidden_layers; ++i) {
    layers += (i > 0 ? "\n" : "") + std::string("  x = getattr(self.model.layers, \"") + std::to_string(i) +
              "\").forward(x, cos, sin, later)";
  }
  return Filled(kModel, {{"$layers", layers},
                         {"$epsilon", Number(spec.rms_norm_eps)},
                         {"$head", spec.tie_word_embeddings ? "model.embed_tokens" : "lm_head"}});
}

// Modules by their path, "" the whole; made when first asked for.
class Modules {
 public:
  jit::Module Get(const std::string& path) {
    if (const auto found = modules_.find(path); found != modules_.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    const std::string name = dot == std::string::npos ? path : path.substr(dot + 1);
    const bool number = !name.empty() && name[0] >= '0' && name[0] <= '9';
    jit::Module made("__torch__.accord." + (name.empty() ? "llama" : number ? "layer" : name));
    made.register_attribute("training", c10::BoolType::get(), false);
    modules_.emplace(path, made);
    if (!path.empty())
      Get(dot == std::string::npos ? std::string() : path.substr(0, dot)).register_module(name, made);
    return made;
  }

 private:
  std::map<std::string, jit::Module> modules_;
};

// Borrows the weights.
jit::Module ModuleOf(const LlamaSpec& spec, const ModelLayout& layout, std::span<const float> weights) {
  Modules modules;
  for (const TensorSpec& tensor : layout.tensors) {
    const std::size_t dot = tensor.name.rfind('.');
    const std::vector<std::int64_t> shape(tensor.shape.begin(), tensor.shape.end());
    float* const values = const_cast<float*>(weights.data() + tensor.offset);  // they are only read
    modules.Get(tensor.name.substr(0, dot))
        .register_parameter(tensor.name.substr(dot + 1), at::from_blob(values, shape, at::kFloat), false);
  }
  for (std::uint64_t i = 0; i < spec.num_hidden_layers; ++i)
    modules.Get("model.layers." + std::to_string(i)).define(LayerSource(spec));
  const auto half = static_cast<std::int64_t>(model::HeadSize(spec) / 2);
  at::Tensor turns = at::empty({half}, at::kFloat);
  for (std::int64_t i = 0; i < half; ++i) {
    turns.data_ptr<float>()[i] =
        static_cast<float>(std::pow(spec.rope_theta, -static_cast<double>(i) / static_cast<double>(half)));
  }
  jit::Module whole = modules.Get("");
  whole.register_buffer("inv_freq", turns);
  whole.define(ModelSource(spec));
  return whole;
}

}  // namespace

Status WriteTorchScript(const std::filesystem::path& path, const LlamaSpec& spec,
                        std::span<const float> weights) {
  ACCORD_ASSIGN_OR_RETURN(const ModelSpec model, model::Resolve({.kind = "llama", .llama = spec}));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, model::BuildLayout(model));
  if (weights.size() != layout.size)
    return Fail(errors::kModelShape, "there are " + std::to_string(weights.size()) +
                                         " weights; the model has " + std::to_string(layout.size) +
                                         " parameters");
  ACCORD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, FileMode::kShared));
  Status written;
  const Status exported = Guard("exporting the model", [&]() -> Status {
    const jit::Module module = ModuleOf(model.llama, layout, weights);
    // All is taken, also after a failure: libtorch's writer throws of one in its destructor, where nobody
    // can catch it.
    jit::ExportModule(module, [&](const void* bytes, std::size_t size) -> std::size_t {
      if (written.ok()) written = file.Write({static_cast<const std::uint8_t*>(bytes), size});
      return size;
    });
    return {};
  });
  ACCORD_RETURN_IF_ERROR(written);
  ACCORD_RETURN_IF_ERROR(exported);
  return file.Commit();
}

}  // namespace accord::trainer
