// The models `mlp` and `cnn` as functions over one flat buffer. Used by the trainer; internal, knows ATen.
#pragma once

#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "trainer/aten.h"

namespace accord::trainer {

class Network {
 public:
  // `spec` resolved (model::Resolve) and `layout` that of it. Allocates layout.size f32 for the weights, all
  // zero, and as many for the gradients.
  Network(const ModelSpec& spec, const ModelLayout& layout, at::Device device);

  // The flat buffers. The parameters and their gradients alias them: writing one writes the other.
  [[nodiscard]] const at::Tensor& weights() const { return weights_; }
  [[nodiscard]] const at::Tensor& gradients() const { return gradients_; }

  // Logits [n, classes] of examples [n, ...].
  [[nodiscard]] at::Tensor Forward(const at::Tensor& examples) const;

 private:
  struct Layer {
    at::Tensor weight, bias;
  };

  at::Tensor weights_, gradients_;
  std::vector<Layer> convolutions_, dense_;
};

// The loss of each example ([n]; mean = false) or their mean (a scalar): cross entropy of the logits, binary
// with one class. `labels` i64 [n].
[[nodiscard]] at::Tensor Loss(const at::Tensor& logits, const at::Tensor& labels, bool mean);
// How many logits decide for their label: the greatest one, or with one class its sign.
[[nodiscard]] std::int64_t Correct(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace accord::trainer
