#include "strategy/momentum.h"

#include <cstddef>

#include "base/check.h"
#include "strategy/rule_checks.h"

namespace accord::strategy {
namespace {

class Momentum final : public OuterRule {
 public:
  // lr (keep b' + fresh G) is what a step takes off.
  struct Factors {
    double lr;
    double momentum;
    double keep;
    double fresh;
  };
  explicit Momentum(const Factors& factors) : factors_(factors) { needs_.state = {{"momentum"}}; }

  [[nodiscard]] const OuterNeeds& Needs() const override { return needs_; }

  void Step(const OuterRound& /*round*/, const OuterTile& tile) const override {
    ACCORD_CHECK(tile.means.size() == 1 && tile.state.size() == 1);
    const std::span<const double> delta = tile.means[0];
    const std::span<float> momentum = tile.state[0];
    ACCORD_CHECK(delta.size() == tile.weights.size() && momentum.size() == tile.weights.size());
    const auto [lr, mu, keep, fresh] = factors_;
    for (std::size_t i = 0; i < delta.size(); ++i) {
      const double gradient = -delta[i];
      const double b = mu * static_cast<double>(momentum[i]) + gradient;
      const double step = keep * b + fresh * gradient;
      tile.weights[i] = static_cast<float>(static_cast<double>(tile.weights[i]) - lr * step);
      momentum[i] = static_cast<float>(b);
    }
  }

 private:
  Factors factors_;
  OuterNeeds needs_;
};

Result<std::unique_ptr<const OuterRule>> Make(const Momentum::Factors& factors) {
  ACCORD_RETURN_IF_ERROR(CheckPositive("outer.lr", factors.lr));
  ACCORD_RETURN_IF_ERROR(CheckDecay("outer.momentum", factors.momentum));
  return std::unique_ptr<const OuterRule>(std::make_unique<Momentum>(factors));
}

}  // namespace

Result<std::unique_ptr<const OuterRule>> MakeFedAvgM(const OuterSpec& spec) {
  return Make({.lr = spec.lr, .momentum = spec.momentum, .keep = 1.0, .fresh = 0.0});
}

Result<std::unique_ptr<const OuterRule>> MakeDiLoCo(const OuterSpec& spec) {
  return Make({.lr = spec.lr, .momentum = spec.momentum, .keep = spec.momentum, .fresh = 1.0});
}

}  // namespace accord::strategy
