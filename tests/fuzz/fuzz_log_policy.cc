// fuzz-deps: accord_ledger
// Policies of trusted logs and witnesses: no input crashes, and what parses lets no note pass that no log of
// it has signed.
#include <cstdint>

#include "base/check.h"
#include "ledger/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = accord::AsText({data, size});
  if (const auto policy = accord::ledger::Policy::Parse(input); policy.ok()) {
    const accord::ledger::Note unsigned_note{.text = "fed.example/log\n0\n\n", .signatures = {}};
    ACCORD_CHECK(!policy->Check(unsigned_note).ok());
    for (const accord::ledger::VerifierKey& witness : policy->witnesses()) {
      ACCORD_CHECK(witness.type() == accord::ledger::KeyType::kCosignature);
    }
  }
  return 0;
}
