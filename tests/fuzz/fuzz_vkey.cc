// fuzz-deps: accord_ledger
// Verifier keys out of charters and policies: whatever parses has exactly those bytes, and verifies nothing
// that nobody signed.
#include <cstdint>

#include "base/check.h"
#include "ledger/vkey.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = accord::AsText({data, size});
  if (const auto key = accord::ledger::VerifierKey::Parse(input); key.ok()) {
    ACCORD_CHECK(key->Format() == input);
    ACCORD_CHECK(accord::ledger::IsKeyName(key->name()));
    accord::Bytes forged(key->type() == accord::ledger::KeyType::kCosignature ? 8 + 64 : 64);
    forged[forged.size() - 64] = 1;  // R the neutral element, S zero: good under keys of small order
    for (const char* text : {"text\n", "another\n", "a third\n"}) ACCORD_CHECK(!key->Verify(text, forged));
  }
  return 0;
}
