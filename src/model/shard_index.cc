#include "model/shard_index.h"

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "base/text.h"

namespace accord::model {
namespace {

Status BadIndex(const std::string& what) { return Fail(errors::kSafetensorsIndex, what); }

// A file beside the index: whoever wrote the index has no say over other directories.
bool IsShardName(const std::string& name) {
  return name.size() <= 255 && name.ends_with(".safetensors") && name.front() != '.' &&
         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

}  // namespace

Result<std::map<std::string, std::set<std::string>>> ParseShardIndex(std::string_view json) {
  const nlohmann::json object = nlohmann::json::parse(json, nullptr, false);
  const auto map = object.is_object() ? object.find("weight_map") : object.end();
  if (map == object.end() || !map->is_object()) return BadIndex("the index has no weight_map");
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& [tensor, file] : map->items()) {
    if (!file.is_string() || !IsShardName(file.get<std::string>())) {
      return BadIndex("tensor " + Printable(tensor, 128) +
                      " is not said to be in a .safetensors file beside the index");
    }
    shards[file.get<std::string>()].insert(tensor);
  }
  if (shards.empty()) return BadIndex("the weight_map is empty");
  if (shards.size() > kMaxShards) {
    return BadIndex("the weight_map names " + std::to_string(shards.size()) + " files; at most " +
                    std::to_string(kMaxShards) + " are accepted");
  }
  return shards;
}

}  // namespace accord::model
