// fuzz-deps: accord_ledger
// Files of members' keys: whatever parses has exactly those bytes.
#include <cstdint>

#include "base/check.h"
#include "ledger/signer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = accord::AsText({data, size});
  if (const auto file = accord::ledger::KeyFile::Parse(text); file.ok()) ACCORD_CHECK(file->Format() == text);
  return 0;
}
