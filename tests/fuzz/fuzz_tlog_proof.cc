// fuzz-deps: accord_ledger
// Proof files: whatever parses has exactly those bytes, and proves no entry that is not in the log.
#include <cstdint>

#include "base/check.h"
#include "ledger/tlog_proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = accord::AsText({data, size});
  static const accord::ledger::Policy kPolicy =
      accord::ledger::Policy::Parse(
          "log fed.example/log+d7d7abcf+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\nquorum none\n")
          .value();
  if (const auto proof = accord::ledger::TlogProof::Parse(input); proof.ok()) {
    ACCORD_CHECK(proof->Format() == input);
    ACCORD_CHECK(
        !accord::ledger::ProofVerifier(kPolicy).Verify(*proof, accord::AsBytes("no such entry")).ok());
  }
  return 0;
}
