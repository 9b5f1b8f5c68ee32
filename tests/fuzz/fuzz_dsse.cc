// fuzz-deps: accord_ledger
// Envelopes of signed documents, as they stand in logs and come with jobs: whatever parses is written as
// something that parses to the same, and none of it is signed by a key that signed nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "ledger/dsse.h"
#include "ledger/vkey.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::ledger;
  static const std::vector<VerifierKey> kKnown{
      *VerifierKey::Parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")};
  const auto parsed = ParseEnvelope({data, size});
  if (!parsed.ok()) {
    ACCORD_CHECK(parsed.status().error() == "ledger.malformed");
    return 0;
  }
  const std::string text = EncodeEnvelope(*parsed);
  const auto again = ParseEnvelope(accord::AsBytes(text));
  ACCORD_CHECK(again.ok() && *again == *parsed);
  ACCORD_CHECK(SignersOf(*parsed, kKnown).empty());
  return 0;
}
