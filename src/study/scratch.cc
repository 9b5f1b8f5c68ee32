#include "study/scratch.h"

#include <stdlib.h>

#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/errors.h"

namespace accord::study {
namespace {

struct Paths {
  std::mutex mutex;
  std::set<std::filesystem::path> paths;
};

Paths& All() {
  static auto* const all = new Paths;  // a thread that waits for a signal outlives static objects
  return *all;
}

}  // namespace

Result<std::unique_ptr<Scratch>> Scratch::Make() {
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "accord-sim-XXXXXX").string();
  if (none || ::mkdtemp(name.data()) == nullptr)
    return Fail(errors::kStoreIo, "no directory can be made for what a run leaves in between",
                "Set TMPDIR to a directory that can be written.");
  return std::make_unique<Scratch>(name);
}

Scratch::Scratch(std::filesystem::path path) : path_(std::move(path)) {
  const std::lock_guard lock(All().mutex);
  All().paths.insert(path_);
}

void Scratch::RemoveAll() {
  const std::lock_guard lock(All().mutex);
  std::error_code ignored;
  for (const std::filesystem::path& path : All().paths) {
    // Under another name nothing new is written to it.
    const std::filesystem::path gone = path.string() + ".gone";
    std::filesystem::rename(path, gone, ignored);
    std::filesystem::remove_all(ignored ? path : gone, ignored);
  }
}

Scratch::~Scratch() {
  {
    const std::lock_guard lock(All().mutex);
    All().paths.erase(path_);
  }
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace accord::study
