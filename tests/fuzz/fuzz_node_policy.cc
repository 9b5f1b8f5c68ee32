// fuzz-deps: accord_charter
// Files of labs' policies: whatever parses is judged, and what it cannot know of is denied.
#include <cstdint>

#include "base/check.h"
#include "charter/node_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto policy = accord::charter::ParsePolicy({data, size}, "policy.toml"); policy.ok()) {
    const auto verdict = accord::charter::Judge(*policy, {});  // a job that says nothing of itself
    ACCORD_CHECK(!verdict.allowed && !verdict.reason.empty());
    ACCORD_CHECK(policy->rule_otherwise == "deny");
  }
  return 0;
}
