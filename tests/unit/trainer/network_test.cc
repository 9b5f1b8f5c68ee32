#include "trainer/network.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "model/init.h"
#include "model/layout.h"

namespace accord::trainer {
namespace {

// A network with initial weights, and its parameters once more as leaves of their own for a reference.
class NetworkTest : public ::testing::Test {
 protected:
  Network Make(const ModelSpec& asked) {
    spec_ = model::Resolve(asked).value();
    layout_ = model::BuildLayout(spec_).value();
    Network network(spec_, layout_, at::kCPU);
    model::InitialWeights(layout_, 3, {network.weights().data_ptr<float>(), layout_.size});
    return network;
  }
  at::Tensor& Leaf(const Network& network, const std::string& name) {
    at::Tensor& leaf = leaves_[name];
    if (!leaf.defined()) {
      leaf = Part(network.weights(), name).clone().set_requires_grad(true);
    }
    return leaf;
  }
  at::Tensor Part(const at::Tensor& flat, const std::string& name) {
    const TensorSpec* spec = model::FindTensor(layout_, name);
    EXPECT_NE(spec, nullptr) << name;
    const std::vector<std::int64_t> shape(spec->shape.begin(), spec->shape.end());
    return flat.narrow(0, static_cast<std::int64_t>(spec->offset), static_cast<std::int64_t>(spec->size))
        .view(shape);
  }
  // Loss and every gradient of `network` are those of the reference.
  void ExpectSame(const Network& network, const at::Tensor& x, const at::Tensor& y,
                  const at::Tensor& logits) {
    const at::Tensor ours = network.Forward(x);
    EXPECT_TRUE(ours.allclose(logits, 1e-5, 1e-6)) << ours << logits;
    Loss(ours, y, true).backward();
    Loss(logits, y, true).backward();
    EXPECT_EQ(leaves_.size(), layout_.tensors.size());
    for (const auto& [name, leaf] : leaves_) {
      EXPECT_TRUE(Part(network.gradients(), name).allclose(leaf.grad(), 1e-4, 1e-6)) << name;
    }
  }

  ModelSpec spec_;
  ModelLayout layout_;
  std::map<std::string, at::Tensor> leaves_;
};

TEST_F(NetworkTest, CnnIsTheTextbookOne) {
  const Network network =
      Make({.kind = "cnn", .input = {2, 11, 9}, .classes = 4, .hidden = {7}, .channels = {3, 5}});
  const at::Tensor x = at::rand({6, 2, 11, 9}), y = at::randint(0, 4, {6}, at::kLong);
  const auto w = [&](const char* name) { return Leaf(network, name); };
  at::Tensor h = at::max_pool2d(at::relu(at::conv2d(x, w("conv1.weight"), w("conv1.bias"), 1, 2)), 2);
  h = at::max_pool2d(at::relu(at::conv2d(h, w("conv2.weight"), w("conv2.bias"), 1, 2)), 2).flatten(1);
  h = at::relu(at::linear(h, w("fc1.weight"), w("fc1.bias")));
  ExpectSame(network, x, y, at::linear(h, w("fc2.weight"), w("fc2.bias")));
}

TEST_F(NetworkTest, MlpIsTheTextbookOne) {
  const Network network = Make({.kind = "mlp", .input = {5}, .classes = 3, .hidden = {4, 6}});
  const at::Tensor x = at::rand({7, 5}), y = at::randint(0, 3, {7}, at::kLong);
  const auto w = [&](const char* name) { return Leaf(network, name); };
  at::Tensor h = at::relu(at::linear(x, w("layers.0.weight"), w("layers.0.bias")));
  h = at::relu(at::linear(h, w("layers.1.weight"), w("layers.1.bias")));
  ExpectSame(network, x, y, at::linear(h, w("layers.2.weight"), w("layers.2.bias")));
}

TEST_F(NetworkTest, MlpFlattensImages) {
  const Network network = Make({.kind = "mlp", .input = {2, 3}, .classes = 3});
  const at::Tensor x = at::rand({4, 2, 3});
  EXPECT_TRUE(network.Forward(x).equal(network.Forward(x.flatten(1))));
}

TEST(LossTest, OneLogitIsBinaryCrossEntropy) {
  const at::Tensor logits = at::tensor({0.0F, 2.0F, -1.0F}).view({3, 1});
  const at::Tensor labels = at::tensor({1, 1, 0}, at::kLong);
  const at::Tensor each = Loss(logits, labels, false);
  EXPECT_NEAR(each[0].item<double>(), std::log(2.0), 1e-6);
  EXPECT_NEAR(each[1].item<double>(), std::log1p(std::exp(-2.0)), 1e-6);
  EXPECT_NEAR(each[2].item<double>(), std::log1p(std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(Loss(logits, labels, true).item<double>(), each.mean().item<double>(), 1e-6);
  EXPECT_EQ(Correct(logits, labels), 2);
}

TEST(LossTest, SeveralLogitsAreCrossEntropy) {
  const at::Tensor logits = at::tensor({0.0F, 0.0F, 0.0F, 5.0F, 0.0F, 0.0F}).view({2, 3});
  const at::Tensor labels = at::tensor({2, 0}, at::kLong);
  const at::Tensor each = Loss(logits, labels, false);
  EXPECT_NEAR(each[0].item<double>(), std::log(3.0), 1e-6);
  EXPECT_NEAR(each[1].item<double>(), std::log1p(2 * std::exp(-5.0)), 1e-6);
  EXPECT_EQ(Correct(logits, labels), 1);
}

}  // namespace
}  // namespace accord::trainer
