// fuzz-deps: accord_model
// The two JSON files beside a checkpoint of an unknown author. A config.json that is accepted, written by us
// and read again says the same; an index that is accepted names files of its own directory only.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/text.h"
#include "model/hf_config.h"
#include "model/llama.h"
#include "model/shard_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = accord::AsText({data, size});
  if (const auto spec = accord::model::ParseHfConfig(text); spec.ok()) {
    const std::string json = accord::model::HfConfigJson(*spec, {});
    const auto again = accord::model::ParseHfConfig(json);
    ACCORD_CHECK(again.ok() && accord::model::HfConfigJson(*again, {}) == json);
    ACCORD_CHECK(accord::model::HeadSize(*spec) % 2 == 0);
  }
  if (const auto shards = accord::model::ParseShardIndex(text); shards.ok()) {
    ACCORD_CHECK(!shards->empty() && shards->size() <= accord::model::kMaxShards);
    for (const auto& [file, tensors] : *shards) {
      ACCORD_CHECK(!tensors.empty() && file.find('/') == std::string::npos && file != "..");
    }
  }
  return 0;
}
