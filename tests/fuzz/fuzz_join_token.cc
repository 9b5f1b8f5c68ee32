// fuzz-deps: accord_crypto
// Join tokens that people paste: whatever parses is exactly what would have been printed.
#include <cstdint>

#include "base/check.h"
#include "crypto/join_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = accord::AsText({data, size});
  if (const auto token = accord::crypto::ParseJoinToken(text); token.ok()) {
    ACCORD_CHECK(accord::AsText(accord::crypto::FormatJoinToken(*token).view()) == text);
  }
  if (const auto id = accord::crypto::SpiffeId::Parse(text); id.ok()) ACCORD_CHECK(id->Format() == text);
  return 0;
}
