#include "model/layout.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/text.h"
#include "model/llama.h"
#include "model/unigram.h"

namespace accord::model {
namespace {

constexpr std::size_t kMaxLayers = 256;
constexpr std::size_t kMaxName = 512;

std::optional<std::uint64_t> Product(std::span<const std::uint64_t> factors) {
  std::uint64_t product = 1;
  for (const std::uint64_t factor : factors) {
    if (__builtin_mul_overflow(product, factor, &product)) return std::nullopt;
  }
  return product;
}

// "1000000 x 1000000".
std::string Times(std::span<const std::uint64_t> shape) {
  std::string text;
  for (const std::uint64_t n : shape) text += (text.empty() ? "" : " x ") + std::to_string(n);
  return text;
}

Status TooLarge(const std::string& what) {
  return Fail(errors::kModelTooLarge,
              what + "; the limit is 2^36 = " + std::to_string(kMaxParameters) + " parameters");
}

bool HasZero(std::span<const std::uint64_t> values) {
  return std::find(values.begin(), values.end(), 0) != values.end();
}

Status Shape(const std::string& what) { return Fail(errors::kModelShape, what); }

// Fit to stand in a safetensors header as it is, and not the header's own key.
bool IsTensorName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName && name != "__metadata__" &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

Result<ModelSpec> ResolveMlp(ModelSpec spec) {
  if (!spec.channels.empty()) return Shape("an mlp has no model.channels");
  const std::optional<std::uint64_t> features = Product(spec.input);
  if (!features) return TooLarge("model.input is " + Times(spec.input) + ", more than 2^64 features");
  spec.input = {*features};
  return spec;
}

Result<ModelSpec> ResolveCnn(ModelSpec spec) {
  if (spec.input.size() == 2) spec.input.insert(spec.input.begin(), 1);
  if (spec.input.size() != 3) {
    return Shape("model.input of a cnn is [height, width] or [channels, height, width], not " +
                 std::to_string(spec.input.size()) + " dimensions");
  }
  if (spec.channels.empty()) spec.channels = {16, 32};
  if (spec.hidden.empty()) spec.hidden = {128};
  // Each pooling halves the image; 64 halvings leave nothing of any image.
  const std::uint64_t shorter = std::min(spec.input[1], spec.input[2]);
  if (spec.channels.size() >= 64 || shorter >> spec.channels.size() == 0) {
    return Shape("an image of " + std::to_string(spec.input[1]) + " x " + std::to_string(spec.input[2]) +
                 " cannot be halved " + std::to_string(spec.channels.size()) +
                 " times; give fewer model.channels");
  }
  return spec;
}

// Collects the layers of a model: a weight of shape {out, in...} and its bias.
class Builder {
 public:
  void Layer(const std::string& name, std::vector<std::uint64_t> weight) {
    // fan_in in binary64: a shape whose product overflows is refused by MakeLayout, its bound never used.
    double fan_in = 1.0;
    for (std::size_t i = 1; i < weight.size(); ++i) fan_in *= static_cast<double>(weight[i]);
    const TensorInit init{.bound = 1.0 / std::sqrt(fan_in)};
    tensors_.push_back({.name = name + ".bias", .shape = {weight[0]}, .init = init});
    tensors_.push_back({.name = name + ".weight", .shape = std::move(weight), .init = init});
  }
  // Dense layers in -> widths... -> out, named by prefix and a number from `first`.
  void Dense(const std::string& prefix, int first, std::uint64_t in, std::span<const std::uint64_t> widths,
             std::uint64_t out) {
    for (const std::uint64_t width : widths) {
      Layer(prefix + std::to_string(first++), {width, in});
      in = width;
    }
    Layer(prefix + std::to_string(first), {out, in});
  }
  std::vector<TensorSpec> Take() && { return std::move(tensors_); }

 private:
  std::vector<TensorSpec> tensors_;
};

Result<std::vector<TensorSpec>> CnnTensors(const ModelSpec& spec) {
  Builder builder;
  std::uint64_t in = spec.input[0];
  for (std::size_t i = 0; i < spec.channels.size(); ++i) {
    builder.Layer("conv" + std::to_string(i + 1), {spec.channels[i], in, kConvKernel, kConvKernel});
    in = spec.channels[i];
  }
  const std::uint64_t flat[] = {in, spec.input[1] >> spec.channels.size(),
                                spec.input[2] >> spec.channels.size()};
  const std::optional<std::uint64_t> features = Product(flat);
  if (!features) return TooLarge("the last convolution gives " + Times(flat) + " features, more than 2^64");
  builder.Dense("fc", 1, *features, spec.hidden, spec.classes);
  return std::move(builder).Take();
}

// Examples are up to max_position_embeddings tokens, and each token is one of vocab_size classes.
Result<ModelSpec> ResolveKindLlama(ModelSpec spec) {
  if (!spec.hidden.empty()) return Shape("a llama has no model.hidden; its width is model.hidden_size");
  if (!spec.channels.empty()) return Shape("a llama has no model.channels");
  ACCORD_ASSIGN_OR_RETURN(spec.llama, ResolveLlama(spec.llama));
  const std::vector<std::uint64_t> input = {spec.llama.max_position_embeddings};
  if (!spec.input.empty() && spec.input != input) {
    return Shape("a llama has no model.input; its length is model.max_position_embeddings");
  }
  if (spec.classes != 0 && spec.classes != spec.llama.vocab_size) {
    return Shape("a llama has no model.classes; its tokens are model.vocab_size");
  }
  spec.input = input;
  spec.classes = spec.llama.vocab_size;
  return spec;
}

// Its weights are the frequencies of a vocabulary's pieces.
Result<ModelSpec> ResolveUnigram(ModelSpec spec) {
  if (!spec.input.empty() || !spec.hidden.empty() || !spec.channels.empty())
    return Shape("a unigram has neither model.input nor layers");
  if (spec.llama.vocab_size < 2) return Shape("model.vocab_size must be at least 2");
  if (spec.classes != 0 && spec.classes != spec.llama.vocab_size)
    return Shape("a unigram has no model.classes; its pieces are model.vocab_size");
  spec.classes = spec.llama.vocab_size;
  return spec;
}

}  // namespace

Result<ModelSpec> Resolve(const ModelSpec& spec) {
  if (spec.kind == "llama") return ResolveKindLlama(spec);
  if (spec.kind == "unigram") return ResolveUnigram(spec);
  const bool mlp = spec.kind == "mlp";
  if (!mlp && spec.kind != "cnn") {
    return Fail(errors::kModelUnknown, "no model kind is called \"" + Printable(spec.kind, 64) +
                                           "\"; there are cnn, llama, mlp, unigram");
  }
  if (spec.input.empty()) return Shape("model.input is missing");
  if (spec.classes == 0) return Shape("model.classes must be at least 1");
  if (HasZero(spec.input)) return Shape("model.input has a dimension of 0");
  if (HasZero(spec.hidden)) return Shape("model.hidden has a width of 0");
  if (HasZero(spec.channels)) return Shape("model.channels has an entry of 0");
  if (spec.hidden.size() > kMaxLayers) {
    return Shape("model.hidden has " + std::to_string(spec.hidden.size()) + " layers; the limit is " +
                 std::to_string(kMaxLayers));
  }
  return mlp ? ResolveMlp(spec) : ResolveCnn(spec);
}

Result<ModelLayout> BuildLayout(const ModelSpec& spec) {
  ACCORD_ASSIGN_OR_RETURN(const ModelSpec resolved, Resolve(spec));
  if (resolved.kind == "cnn") {
    ACCORD_ASSIGN_OR_RETURN(std::vector<TensorSpec> tensors, CnnTensors(resolved));
    return MakeLayout(std::move(tensors));
  }
  if (resolved.kind == "llama") return MakeLayout(LlamaTensors(resolved.llama));
  if (resolved.kind == "unigram") {
    const double equal = 1.0 / static_cast<double>(resolved.classes);
    return MakeLayout(
        {{.name = std::string(kFrequencies), .shape = {resolved.classes}, .init = {.constant = equal}}});
  }
  Builder builder;
  builder.Dense("layers.", 0, resolved.input[0], resolved.hidden, resolved.classes);
  return MakeLayout(std::move(builder).Take());
}

Result<ModelLayout> MakeLayout(std::vector<TensorSpec> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorSpec& a, const TensorSpec& b) { return a.name < b.name; });
  ModelLayout layout;
  for (TensorSpec& tensor : tensors) {
    const std::string name = Printable(tensor.name, 128);
    if (!IsTensorName(tensor.name)) return Shape("\"" + name + "\" is not a name for a tensor");
    if (!layout.tensors.empty() && layout.tensors.back().name == tensor.name) {
      return Shape("tensor " + name + " is given twice");
    }
    if (HasZero(tensor.shape)) return Shape("tensor " + name + " has a dimension of 0");
    const std::optional<std::uint64_t> size = Product(tensor.shape);
    if (!size || *size > kMaxParameters) {
      return TooLarge("tensor " + name + " has " + Times(tensor.shape) + " = " +
                      (size ? std::to_string(*size) : "more than 2^64") + " parameters");
    }
    tensor.size = *size;
    tensor.offset = layout.size;
    layout.size += *size;
    if (layout.size > kMaxParameters) {
      return TooLarge("up to tensor " + name + " (" + Times(tensor.shape) + ") the model has " +
                      std::to_string(layout.size) + " parameters");
    }
    layout.tensors.push_back(std::move(tensor));
  }
  return layout;
}

const TensorSpec* FindTensor(const ModelLayout& layout, std::string_view name) {
  const auto found = std::lower_bound(
      layout.tensors.begin(), layout.tensors.end(), name,
      [](const TensorSpec& tensor, std::string_view wanted) { return tensor.name < wanted; });
  return found != layout.tensors.end() && found->name == name ? &*found : nullptr;
}

}  // namespace accord::model
