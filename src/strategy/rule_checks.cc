#include "strategy/rule_checks.h"

#include <cmath>
#include <string>

#include "base/errors.h"

namespace accord::strategy {

Status CheckPositive(const char* key, double value) {
  if (std::isfinite(value) && value > 0.0) return {};
  return Fail(errors::kJobInvalid, std::string(key) + " must be a finite number above 0");
}

Status CheckDecay(const char* key, double value) {
  if (value >= 0.0 && value < 1.0) return {};
  return Fail(errors::kJobInvalid, std::string(key) + " must be at least 0 and below 1");
}

}  // namespace accord::strategy
