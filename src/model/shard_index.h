// model.safetensors.index.json: which file of a checkpoint holds which tensor. Internal to checkpoint.cc.
// Pure; any thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "accord/status.h"

namespace accord::model {

inline constexpr std::size_t kMaxShards = 4'096;

// Files by name, each with its tensors. `safetensors.index` for anything but {"weight_map": {tensor: file}},
// beside which other keys are not looked at; for a name that is not that of a .safetensors file in the same
// directory; and for no or more than kMaxShards files.
[[nodiscard]] Result<std::map<std::string, std::set<std::string>>> ParseShardIndex(std::string_view json);

}  // namespace accord::model
