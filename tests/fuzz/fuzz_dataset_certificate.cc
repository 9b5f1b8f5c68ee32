// fuzz-deps: accord_dataset
// Certificates of data: whatever parses is written as something that parses to the same, and no stranger's
// key vouches for it.
#include <cstdint>

#include "base/check.h"
#include "dataset/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::dataset;
  if (const auto parsed = ParseCertificate({data, size}); parsed.ok()) {
    const auto again = ParseCertificate(Encode(*parsed));
    ACCORD_CHECK(again.ok() && *again == *parsed);
    const accord::ledger::Envelope envelope{std::string(kCertificateType), {data, data + size}, {}};
    ACCORD_CHECK(!CheckCertificate(envelope, *parsed, {}, parsed->not_before).ok());
  }
  return 0;
}
