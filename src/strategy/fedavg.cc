#include "strategy/fedavg.h"

#include <cstddef>

#include "base/check.h"
#include "strategy/rule_checks.h"

namespace accord::strategy {
namespace {

class FedAvg final : public OuterRule {
 public:
  explicit FedAvg(double lr) : lr_(lr) {}

  [[nodiscard]] const OuterNeeds& Needs() const override { return needs_; }

  void Step(const OuterRound& /*round*/, const OuterTile& tile) const override {
    ACCORD_CHECK(tile.means.size() == 1 && tile.state.empty());
    const std::span<const double> delta = tile.means[0];
    ACCORD_CHECK(delta.size() == tile.weights.size());
    for (std::size_t i = 0; i < delta.size(); ++i) {
      tile.weights[i] = static_cast<float>(static_cast<double>(tile.weights[i]) + lr_ * delta[i]);
    }
  }

 private:
  double lr_;
  OuterNeeds needs_;
};

}  // namespace

Result<std::unique_ptr<const OuterRule>> MakeFedAvg(const OuterSpec& spec) {
  ACCORD_RETURN_IF_ERROR(CheckPositive("outer.lr", spec.lr));
  return std::unique_ptr<const OuterRule>(std::make_unique<FedAvg>(spec.lr));
}

}  // namespace accord::strategy
