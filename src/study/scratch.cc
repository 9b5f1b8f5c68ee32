#include "study/scratch.h"

#include <stdlib.h>

#include <string>

#include "base/errors.h"

namespace accord::study {

Result<std::unique_ptr<Scratch>> Scratch::Make() {
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "accord-sim-XXXXXX").string();
  if (none || ::mkdtemp(name.data()) == nullptr)
    return Fail(errors::kStoreIo, "no directory can be made for what a run leaves in between",
                "Set TMPDIR to a directory that can be written.");
  return std::make_unique<Scratch>(name);
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace accord::study
