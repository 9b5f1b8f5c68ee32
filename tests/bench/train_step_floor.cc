#include "tests/bench/train_step_floor.h"

#include <ATen/core/ivalue.h>  // first, for clang 14 in C++20
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>
#include <torch/optim/sgd.h>
#include <torch/types.h>

#include <chrono>
#include <vector>

namespace accord::bench {
namespace {

torch::nn::Sequential MakeCnn() {
  using namespace torch::nn;  // NOLINT: ten module names
  return Sequential(Conv2d(Conv2dOptions(1, 16, 5).padding(2)), ReLU(), MaxPool2d(2),
                    Conv2d(Conv2dOptions(16, 32, 5).padding(2)), ReLU(), MaxPool2d(2), Flatten(),
                    Linear(32 * 7 * 7, 128), ReLU(), Linear(128, 10));
}

}  // namespace

struct PlainLoop::Impl {
  torch::nn::Sequential model = MakeCnn();
  torch::optim::SGD optimizer;
  std::vector<torch::Tensor> images, labels;
  std::size_t next = 0;
  int threads;

  Impl(double rate, int thread_count)
      : optimizer(model->parameters(), torch::optim::SGDOptions(rate).momentum(0.9)), threads(thread_count) {}
};

PlainLoop::PlainLoop(std::span<const float> images, std::span<const std::int64_t> labels, std::int64_t batch,
                     double rate, int threads)
    : impl_(std::make_unique<Impl>(rate, threads)) {
  const auto count = static_cast<std::int64_t>(labels.size());
  const auto all_images =
      torch::from_blob(const_cast<float*>(images.data()), {count, 1, 28, 28}, torch::kFloat);
  const auto all_labels = torch::from_blob(const_cast<std::int64_t*>(labels.data()), {count}, torch::kLong);
  for (std::int64_t first = 0; first + batch <= count; first += batch) {
    impl_->images.push_back(all_images.narrow(0, first, batch).clone());
    impl_->labels.push_back(all_labels.narrow(0, first, batch).clone());
  }
}

PlainLoop::~PlainLoop() = default;

double PlainLoop::Run(std::uint64_t steps) {
  at::set_num_threads(impl_->threads);
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t step = 0; step < steps; ++step) {
    const std::size_t i = impl_->next++ % impl_->images.size();
    impl_->optimizer.zero_grad();
    torch::Tensor logits = impl_->model->forward(impl_->images[i]);
    torch::nn::functional::cross_entropy(logits, impl_->labels[i]).backward();
    impl_->optimizer.step();
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace accord::bench
