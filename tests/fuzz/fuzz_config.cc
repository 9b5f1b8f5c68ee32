// fuzz-deps: accord_config
// Job files come from researchers and the wire, configurations from people: no bytes may crash or hang a
// parser, and settings that load must show as a text that loads to the same. The first byte picks what the
// rest is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/document.h"
#include "config/job_file.h"
#include "config/schemas.h"

namespace {

using namespace accord::config;  // NOLINT(google-build-using-namespace): a fuzz target is one function

void Check(bool holds) {
  if (!holds) std::abort();
}

// Reads `text` as a node's configuration, as a file would be.
std::string LoadAndShow(std::string_view text, bool& good) {
  NodeConfig config;
  accord::config::Document document = ReadToml(text, "/f");
  for (const std::string& id : Ids(document, "data")) config.data[id].id = id;
  Schema schema = NodeSchema(config);
  schema.Apply(document);
  good = schema.Finish(accord::errors::kConfigInvalid, "f").ok();
  return good ? ShowConfig(config) : "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: {
      const auto job = ParseJob(text, "job.toml");
      Check(job.ok() || job.status().error() == "job.invalid");
      break;
    }
    case 1: {
      bool good = false;
      const std::string shown = LoadAndShow(text, good);
      if (good) {
        Check(LoadAndShow(shown, good) == shown);
        Check(good);
      }
      break;
    }
    default: {
      const std::size_t cut = text.find('\n');
      const auto config = LoadCoordinatorConfig(
          {.file = {},
           .environment = {{"ACCORD_RPC__NAMES", std::string(text.substr(0, cut))}},
           .flags = {cut == std::string_view::npos ? std::string() : std::string(text.substr(cut + 1))}});
      Check(config.ok() || config.status().error() == "config.invalid");
    }
  }
  return 0;
}
