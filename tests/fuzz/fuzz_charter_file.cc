// fuzz-deps: accord_charter
// Drafts of charters, which members send one another: whatever parses is a charter that contradicts itself
// nowhere, and is written as a draft of the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "charter/charter_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::charter;
  const auto parsed = ParseCharterFile({data, size}, "charter.toml", {});
  if (!parsed.ok()) return 0;
  ACCORD_CHECK(Check(*parsed).ok());
  const std::string text = FormatCharterFile(*parsed);
  const auto again = ParseCharterFile(accord::AsBytes(text), "charter.toml", {});
  ACCORD_CHECK(again.ok() && *again == *parsed);
  return 0;
}
