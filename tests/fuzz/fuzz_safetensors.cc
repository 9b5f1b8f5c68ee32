// fuzz-deps: accord_model
// A safetensors file of an unknown author. What is accepted must read back to the very bytes that the writer
// makes of it, if its tensors stand in the writer's order.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const accord::ByteView file(data, size);
  const auto layout = accord::model::ReadSafetensorsLayout(file);
  if (!layout.ok()) return 0;
  const auto weights = accord::model::ReadSafetensors(file, *layout);
  ACCORD_CHECK(weights.ok() && weights->size() == layout->size);
  accord::Bytes again = accord::model::SafetensorsPrefix(*layout);
  const accord::ByteView bytes = accord::model::WeightBytes(*weights);
  again.insert(again.end(), bytes.begin(), bytes.end());
  const auto reread = accord::model::ReadSafetensorsLayout(again);
  ACCORD_CHECK(reread.ok() && reread->size == layout->size);
  return 0;
}
