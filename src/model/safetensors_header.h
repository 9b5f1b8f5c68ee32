// The JSON header of a safetensors file, as it stands there. Internal to safetensors.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"

namespace accord::model {

struct HeaderTensor {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;  // two: begin and end in bytes, from the end of the header
};

// The tensors in the header's order. `safetensors.header` for anything but
//   {"__metadata__": {text: text ...}, name: {"dtype": text, "shape": [n ...], "data_offsets": [begin, end]}
//   ...}
// with whole numbers and each key once. Sizes and offsets are not looked at.
[[nodiscard]] Result<std::vector<HeaderTensor>> ParseSafetensorsHeader(std::string_view json);

}  // namespace accord::model
