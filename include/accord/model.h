// The shape of a model: named tensors over one flat buffer of f32. No tensor library.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace accord {

// How a tensor starts: uniform in [-bound, bound] from the counter-based generator of src/model/init, or
// constant.
struct TensorInit {
  double bound = 0.0;     // > 0: uniform in [-bound, bound]
  double constant = 0.0;  // used when bound is 0
};

struct TensorSpec {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::uint64_t offset = 0;  // in elements, from the start of the flat buffer
  std::uint64_t size = 0;    // product of shape
  TensorInit init;
};

// Tensors sorted by name (bytes), contiguous: offset of each is the sum of the sizes before it. The flat
// buffer is therefore the data section of the model's safetensors file.
struct ModelLayout {
  std::vector<TensorSpec> tensors;
  std::uint64_t size = 0;  // elements in all
};

}  // namespace accord
