// fuzz-deps: accord_ledger
// Signed notes, and lines of signatures alone, from the network: whatever parses has exactly those bytes, and
// whoever is unknown stays so.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "ledger/note.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = accord::AsText({data, size});
  static const std::vector<accord::ledger::VerifierKey> kKnown{
      accord::ledger::VerifierKey::Parse(
          "fed.example/log+d7d7abcf+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
          .value(),
      accord::ledger::VerifierKey::Parse(
          "fed.example/node/ke+1b5ab9ad+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X")
          .value()};
  if (const auto note = accord::ledger::Note::Parse(input); note.ok()) {
    ACCORD_CHECK(note->Format() == input);
    ACCORD_CHECK(!accord::ledger::CheckSignatures(*note, {}).ok());
    // Nobody here signs: only the text of the seed can be vouched for.
    const bool vouched = accord::ledger::CheckSignatures(*note, kKnown).ok();
    ACCORD_CHECK(!vouched || note->text.starts_with(
                                 "fed.example/log\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n"));
  }
  if (const auto signatures = accord::ledger::Note::ParseSignatures(input); signatures.ok()) {
    std::string again;
    for (const accord::ledger::NoteSignature& signature : *signatures) again += signature.Format();
    ACCORD_CHECK(again == input);
  }
  return 0;
}
