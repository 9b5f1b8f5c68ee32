// fuzz-deps: accord_publish
// Translations of the public pages, which anybody may send: whatever parses is written as something that
// parses to the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "publish/texts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using accord::publish::Texts;
  const auto parsed = Texts::Parse(accord::AsText({data, size}), "texts.toml");
  if (!parsed.ok()) return 0;
  const std::string text = parsed->Format();
  const auto again = Texts::Parse(text, "texts.toml");
  ACCORD_CHECK(again.ok() && again->Format() == text);
  return 0;
}
