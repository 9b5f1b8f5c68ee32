// fuzz-deps: accord_data
// A CSV file as a table: what is accepted is rectangular, and becomes finite features.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "data/table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::data;
  for (const char* target : {"y", "1"}) {
    MemoryInput input("fuzz", {data, size});
    const auto table = ReadTable(input, {.target = target, .missing = "?", .classes = 3});
    if (!table.ok()) continue;
    ACCORD_CHECK(table->cells.size() == table->labels.size() * table->features.size());
    const std::vector<bool> none(table->labels.size(), false);
    const Examples examples = Standardise(*table, FitColumns(*table, none), none, false);
    std::vector<float> features(examples.size() * examples.width());
    examples.Copy(0, features);
    for (const float x : features) ACCORD_CHECK(std::isfinite(x));
  }
  return 0;
}
