// fuzz-deps: accord_ledger
// Requests to a witness, and answers of one, from the network: whatever parses has exactly those bytes, and a
// witness that has cosigned another head of this size never signs.
#include <cstdint>
#include <optional>
#include <string>

#include "base/check.h"
#include "ledger/witness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = accord::AsText({data, size});
  using accord::ledger::WitnessVerdict;
  if (const auto request = accord::ledger::AddCheckpoint::Parse(input); request.ok()) {
    ACCORD_CHECK(request->Format() == input);
  }
  if (const auto known = accord::ledger::ParseKnownSize(input); known.ok()) {
    ACCORD_CHECK(std::to_string(*known) + "\n" == input);
  }
  accord::ledger::WitnessedLog log{
      .keys = {accord::ledger::VerifierKey::Parse(
                   "fed.example/log+d7d7abcf+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
                   .value()},
      .head = {}};
  const auto find = [&log](std::string_view) { return std::optional(log); };
  (void)accord::ledger::DecideAddCheckpoint(input, find);
  log.head = {.size = 7, .root = {}};
  ACCORD_CHECK(accord::ledger::DecideAddCheckpoint(input, find).verdict != WitnessVerdict::kCosign);
  (void)accord::ledger::TakeCosignatures(input, "text\n", log.keys);
  return 0;
}
