// Tensors of one flat buffer that are the whole of another: what is exchanged, or stays, of what is trained.
// Used by the trainer on its thread; internal, knows ATen.
#pragma once

#include <cstdint>
#include <vector>

#include "accord/model.h"
#include "trainer/aten.h"

namespace accord::trainer {

class Part {
 public:
  // Every tensor of `part` is in `whole`.
  Part(const ModelLayout& whole, const ModelLayout& part);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Between flat f32 buffers [size()] and [whole], on any device.
  void Spread(const at::Tensor& part, const at::Tensor& whole) const;
  void Gather(const at::Tensor& whole, const at::Tensor& part) const;
  // Of the part's tensors: whole += factor * (a - b), all three flat by the whole.
  void AddDifference(const at::Tensor& whole, double factor, const at::Tensor& a, const at::Tensor& b) const;

 private:
  struct Run {  // of neighbours in both
    std::int64_t in_whole, in_part, size;
  };
  std::vector<Run> runs_;
  std::uint64_t size_;
};

}  // namespace accord::trainer
