// fuzz-deps: accord_model
// A checkpoint of an unknown author: one file in any of the three formats. What has a sound frame can be
// read, but for numbers that are none.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "model/checkpoint.h"
#include "model/safetensors_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const accord::ByteView file(data, size);
  const auto stored = accord::model::ReadStoredTensors(accord::model::MemorySource(file));
  if (!stored.ok()) return 0;
  const auto weights = accord::model::ReadCheckpoint(file, stored->layout);
  if (!weights.ok()) {
    const std::string error = weights.status().error();
    ACCORD_CHECK(error == "model.values" || error == "safetensors.tensors");
    return 0;
  }
  ACCORD_CHECK(weights->size() == stored->layout.size);
  for (const float x : *weights) ACCORD_CHECK(std::isfinite(x));
  return 0;
}
