// fuzz-deps: accord_dataset
// What members say of their data: whatever parses makes a description that is read back; an answer to a
// question makes a line of the file or none.
#include <cstdint>

#include "base/check.h"
#include "dataset/croissant.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::dataset;
  const std::string_view text = accord::AsText({data, size});
  if (const auto parsed = ParseDescription(text, "about.toml"); parsed.ok()) {
    const auto facts = ReadCroissant(accord::AsBytes(FormatCroissant(*parsed, {})));
    ACCORD_CHECK(facts.ok() && facts->languages == parsed->languages);
  }
  for (const Question& question : Questions()) {
    const auto line = LineOf(question, text.substr(0, text.find('\n')));
    ACCORD_CHECK(!line || line->find('\n') == line->size() - 1);
  }
  return 0;
}
