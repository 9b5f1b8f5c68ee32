// A directory of one run, readable by its owner alone, that goes with it.
#pragma once

#include <filesystem>
#include <memory>

#include "accord/status.h"

namespace accord::study {

class Scratch {
 public:
  // In TMPDIR; `store.io` when none can be made.
  [[nodiscard]] static Result<std::unique_ptr<Scratch>> Make();
  explicit Scratch(std::filesystem::path path);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  // Removes every directory that is there now, also while other threads write to it: for a program that a
  // signal ends, whose destructors will not run.
  static void RemoveAll();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

}  // namespace accord::study
