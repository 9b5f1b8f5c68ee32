// fuzz-deps: accord_dataset
// Lines of manifests: whatever parses has exactly that line, and a path that stays below its directory.
#include <cstdint>

#include "base/check.h"
#include "dataset/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line = accord::AsText({data, size});
  if (const auto entry = accord::dataset::ParseEntry(line)) {
    ACCORD_CHECK(accord::dataset::FormatEntry(*entry) == std::string(line) + "\n");
    ACCORD_CHECK(LeafOf(*entry).size() == 16 + 2 + entry->path.size() + 8 + 32);
    ACCORD_CHECK(entry->path.front() != '/' && ("/" + entry->path + "/").find("/../") == std::string::npos);
  }
  return 0;
}
