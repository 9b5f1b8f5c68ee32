#include "strategy/outer.h"

#include <array>

#include "base/errors.h"
#include "base/text.h"
#include "strategy/fedavg.h"
#include "strategy/fedopt.h"
#include "strategy/momentum.h"

namespace accord::strategy {
namespace {

using Maker = Result<std::unique_ptr<const OuterRule>> (*)(const OuterSpec&);
struct Entry {
  std::string_view name;
  Maker make;
};
// Sorted by name. A new rule is one file and one line here.
constexpr std::array kRules = {
    Entry{"diloco", MakeDiLoCo},
    Entry{"fedadagrad", MakeFedOpt},
    Entry{"fedadagrad-flower", MakeFedOpt},
    Entry{"fedadam", MakeFedOpt},
    Entry{"fedadam-flower", MakeFedOpt},
    Entry{"fedavg", MakeFedAvg},
    Entry{"fedavgm", MakeFedAvgM},
    Entry{"fedyogi", MakeFedOpt},
    Entry{"fedyogi-flower", MakeFedOpt},
};

}  // namespace

Result<std::unique_ptr<const OuterRule>> MakeOuterRule(const OuterSpec& spec) {
  for (const Entry& entry : kRules) {
    if (entry.name == spec.rule) return entry.make(spec);
  }
  std::string known;
  for (const Entry& entry : kRules) {
    if (!known.empty()) known += ", ";
    known += entry.name;
  }
  return Fail(errors::kOuterUnknown,
              "no outer rule is called \"" + Printable(spec.rule, 64) + "\"; there is " + known);
}

std::vector<std::string_view> OuterRuleNames() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kRules) names.push_back(entry.name);
  return names;
}

}  // namespace accord::strategy
