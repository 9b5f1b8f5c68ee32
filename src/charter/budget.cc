#include "charter/budget.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/errors.h"

namespace accord::charter {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t Plus(std::uint64_t a, std::uint64_t b) { return a > kMost - b ? kMost : a + b; }

std::uint64_t Whole(double milli) {
  if (!(milli > 0.0)) return 0;
  constexpr double kTwoTo64 = 18'446'744'073'709'551'616.0;
  return milli >= kTwoTo64 ? kMost : static_cast<std::uint64_t>(milli);
}

// People write decimals: 1.001 is 1001 thousandths, although 1.001 * 1000 is a little less in binary.
std::optional<double> Meant(double milli) {
  const double nearest = std::round(milli);
  const bool is_meant = std::abs(milli - nearest) <= 1e-12 * std::max(1.0, std::abs(milli));
  return is_meant ? std::optional(nearest) : std::nullopt;
}

std::string Epsilons(std::uint64_t milli) {
  const std::string digits = std::to_string(milli % 1'000);
  return std::to_string(milli / 1'000) + "." + std::string(3 - digits.size(), '0') + digits;
}

}  // namespace

std::uint64_t MilliAsked(double epsilon) {
  if (std::isnan(epsilon)) return kMost;
  const double milli = epsilon * 1'000.0;
  return Whole(Meant(milli).value_or(std::ceil(milli)));
}

std::uint64_t MilliAllowed(double epsilon) {
  const double milli = epsilon * 1'000.0;
  return Whole(Meant(milli).value_or(std::floor(milli)));
}

std::uint64_t BudgetEntry::Epsilon() const {
  return open ? std::max(epsilon_milli, epsilon_spent_milli) : epsilon_spent_milli;
}

std::uint64_t BudgetEntry::Wall() const { return open ? std::max(wall_ms, wall_spent_ms) : wall_spent_ms; }

std::uint64_t EpsilonOf(std::span<const BudgetEntry> ledger, const Digest& certificate, const Digest& but) {
  std::uint64_t sum = 0;
  for (const BudgetEntry& one : ledger) {
    if (one.job != but && std::ranges::find(one.certificates, certificate) != one.certificates.end())
      sum = Plus(sum, one.Epsilon());
  }
  return sum;
}

std::uint64_t WallOf(std::span<const BudgetEntry> ledger, const std::string& rule, const Digest& but) {
  std::uint64_t sum = 0;
  for (const BudgetEntry& one : ledger) {
    if (one.job != but && one.rule == rule) sum = Plus(sum, one.Wall());
  }
  return sum;
}

Result<BudgetEntry> Grant(std::span<const BudgetEntry> ledger, const BudgetEntry& asked,
                          const BudgetCeilings& ceilings) {
  BudgetEntry granted = asked;
  granted.open = true;
  const auto known = std::ranges::find(ledger, asked.job, &BudgetEntry::job);
  granted.epsilon_spent_milli = known == ledger.end() ? 0 : known->epsilon_spent_milli;
  granted.wall_spent_ms = known == ledger.end() ? 0 : known->wall_spent_ms;
  for (const Digest& one : granted.certificates) {
    const auto ceiling = ceilings.epsilon_milli.find(one);
    const std::uint64_t others = EpsilonOf(ledger, one, asked.job);
    const std::uint64_t allowed = ceiling == ceilings.epsilon_milli.end() ? 0 : ceiling->second;
    if (granted.Epsilon() > 0 && Plus(others, granted.Epsilon()) > allowed)
      return Fail(errors::kPolicyBudget, "epsilon " + Epsilons(granted.Epsilon()) +
                                             " is asked for, and of the certificate " + one.Hex() + " " +
                                             Epsilons(others) + " of " + Epsilons(allowed) +
                                             " is promised to other jobs or spent");
  }
  const std::uint64_t others = WallOf(ledger, asked.rule, asked.job);
  if (ceilings.wall_ms && Plus(others, granted.Wall()) > *ceilings.wall_ms)
    return Fail(errors::kPolicyBudget,
                std::to_string(granted.Wall() / 1'000) + " s of training are asked for, and under the rule " +
                    asked.rule + " " + std::to_string(others / 1'000) + " of " +
                    std::to_string(*ceilings.wall_ms / 1'000) + " s are promised to other jobs or spent");
  return granted;
}

}  // namespace accord::charter
