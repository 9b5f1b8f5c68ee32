#include "strategy/fedopt.h"

#include <cmath>
#include <cstddef>

#include "base/check.h"
#include "base/errors.h"
#include "strategy/rule_checks.h"

namespace accord::strategy {
namespace {

enum class Second { kAdagrad, kAdam, kYogi };

// base^n by squaring: only products, which every machine rounds alike; std::pow is not.
double Power(double base, std::uint64_t n) {
  double power = 1.0;
  for (; n > 0; n >>= 1U, base *= base) {
    if ((n & 1U) != 0) power *= base;
  }
  return power;
}

template <Second kSecond>
double NextSecond(double v, double square, double beta2) {
  if constexpr (kSecond == Second::kAdagrad) return v + square;
  if constexpr (kSecond == Second::kAdam) return beta2 * v + (1.0 - beta2) * square;
  const double change = (1.0 - beta2) * square;
  return v > square ? v - change : v < square ? v + change : v;
}

template <Second kSecond>
class FedOpt final : public OuterRule {
 public:
  FedOpt(const OuterSpec& spec, bool flower) : spec_(spec), correct_(flower && kSecond == Second::kAdam) {
    needs_.state = {{"m", 0.0}, {"v", flower ? 0.0 : spec.tau * spec.tau}};
  }

  [[nodiscard]] const OuterNeeds& Needs() const override { return needs_; }

  void Step(const OuterRound& round, const OuterTile& tile) const override {
    ACCORD_CHECK(tile.means.size() == 1 && tile.state.size() == 2);
    const std::span<const double> delta = tile.means[0];
    const std::span<float> first = tile.state[0];
    const std::span<float> second = tile.state[1];
    const std::size_t n = tile.weights.size();
    ACCORD_CHECK(delta.size() == n && first.size() == n && second.size() == n);
    const double lr = RateOf(round.round);
    const double beta1 = spec_.beta1;
    const double beta2 = spec_.beta2;
    const double tau = spec_.tau;
    for (std::size_t i = 0; i < n; ++i) {
      const double d = delta[i];
      const double m = beta1 * static_cast<double>(first[i]) + (1.0 - beta1) * d;
      const double v = NextSecond<kSecond>(static_cast<double>(second[i]), d * d, beta2);
      tile.weights[i] =
          static_cast<float>(static_cast<double>(tile.weights[i]) + lr * m / (std::sqrt(v) + tau));
      first[i] = static_cast<float>(m);
      second[i] = static_cast<float>(v);
    }
  }

 private:
  [[nodiscard]] double RateOf(std::uint64_t step) const {
    if (!correct_) return spec_.lr;
    return spec_.lr * std::sqrt(1.0 - Power(spec_.beta2, step + 1)) / (1.0 - Power(spec_.beta1, step + 1));
  }

  OuterSpec spec_;
  bool correct_;
  OuterNeeds needs_;
};

}  // namespace

Result<std::unique_ptr<const OuterRule>> MakeFedOpt(const OuterSpec& spec) {
  ACCORD_RETURN_IF_ERROR(CheckPositive("outer.lr", spec.lr));
  ACCORD_RETURN_IF_ERROR(CheckDecay("outer.beta1", spec.beta1));
  ACCORD_RETURN_IF_ERROR(CheckDecay("outer.beta2", spec.beta2));
  ACCORD_RETURN_IF_ERROR(CheckPositive("outer.tau", spec.tau));
  const auto start = static_cast<float>(spec.tau * spec.tau);
  if (!std::isfinite(start) || start == 0.0F) {
    return Fail(errors::kJobInvalid, "the square of outer.tau, where the second moment starts, is no f32");
  }
  const bool flower = spec.rule.ends_with("-flower");
  std::unique_ptr<const OuterRule> rule;
  if (spec.rule.starts_with("fedadagrad")) {
    rule = std::make_unique<FedOpt<Second::kAdagrad>>(spec, flower);
  } else if (spec.rule.starts_with("fedadam")) {
    rule = std::make_unique<FedOpt<Second::kAdam>>(spec, flower);
  } else {
    ACCORD_CHECK(spec.rule.starts_with("fedyogi"));
    rule = std::make_unique<FedOpt<Second::kYogi>>(spec, flower);
  }
  return rule;
}

}  // namespace accord::strategy
