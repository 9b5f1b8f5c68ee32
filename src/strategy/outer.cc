#include "strategy/outer.h"

#include <array>

#include "base/errors.h"
#include "base/text.h"
#include "strategy/fedavg.h"

namespace accord::strategy {
namespace {

using Maker = Result<std::unique_ptr<const OuterRule>> (*)(const OuterSpec&);
struct Entry {
  std::string_view name;
  Maker make;
};
// Sorted by name. A new rule is one file and one line here.
constexpr std::array kRules = {Entry{"fedavg", MakeFedAvg}};

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
