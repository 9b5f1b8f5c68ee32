#include "trainer/part.h"

#include <ATen/ATen.h>

#include "base/check.h"
#include "model/layout.h"

namespace accord::trainer {

Part::Part(const ModelLayout& whole, const ModelLayout& part) : size_(part.size) {
  for (const TensorSpec& tensor : part.tensors) {
    const TensorSpec* there = model::FindTensor(whole, tensor.name);
    ACCORD_CHECK(there != nullptr && there->size == tensor.size);
    const Run run{static_cast<std::int64_t>(there->offset), static_cast<std::int64_t>(tensor.offset),
                  static_cast<std::int64_t>(tensor.size)};
    if (!runs_.empty() && runs_.back().in_whole + runs_.back().size == run.in_whole) {
      runs_.back().size += run.size;
    } else {
      runs_.push_back(run);
    }
  }
}

void Part::Spread(const at::Tensor& part, const at::Tensor& whole) const {
  const at::NoGradGuard no_grad;
  for (const Run& run : runs_)
    whole.narrow(0, run.in_whole, run.size).copy_(part.narrow(0, run.in_part, run.size));
}

void Part::Gather(const at::Tensor& whole, const at::Tensor& part) const {
  const at::NoGradGuard no_grad;
  for (const Run& run : runs_)
    part.narrow(0, run.in_part, run.size).copy_(whole.narrow(0, run.in_whole, run.size));
}

void Part::AddDifference(const at::Tensor& whole, double factor, const at::Tensor& a,
                         const at::Tensor& b) const {
  const at::NoGradGuard no_grad;
  for (const Run& run : runs_) {
    whole.narrow(0, run.in_whole, run.size)
        .add_(a.narrow(0, run.in_whole, run.size), factor)
        .sub_(b.narrow(0, run.in_whole, run.size), factor);
  }
}

}  // namespace accord::trainer
