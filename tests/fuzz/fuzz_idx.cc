// fuzz-deps: accord_data
// An IDX file: whatever is accepted is whole, and its elements convert or are refused.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "data/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  accord::data::MemoryInput input("fuzz", {data, size});
  const auto array = accord::data::ReadIdx(input);
  if (!array.ok()) return 0;
  ACCORD_CHECK(size == 4 + 4 * array->shape.size() + array->bytes.size());
  (void)accord::data::IdxFloats(*array, "fuzz");
  const auto labels = accord::data::IdxLabels(*array, 10, "fuzz");
  ACCORD_CHECK(!labels.ok() || labels->size() == array->shape[0]);
  return 0;
}
