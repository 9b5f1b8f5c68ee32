// fuzz-deps: accord_dataset
// Descriptions of data sets as any tool may write them: read, or refused with a reason.
#include <cstdint>

#include "base/check.h"
#include "dataset/croissant.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto facts = accord::dataset::ReadCroissant({data, size});
  ACCORD_CHECK(facts.ok() || facts.status().error() == "dataset.croissant");
  return 0;
}
