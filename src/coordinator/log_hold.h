// A log that went back to a backup may be behind what witnesses have cosigned of it. An entry more would then
// contradict them, and two heads that do convict the log for ever; so a restored log takes nothing until a
// quorum of its witnesses has cosigned its head as it is.
//
//   <state>/log.restored   there until then
//
// One thread at a time; waits for the disk.
#pragma once

#include <filesystem>

#include "accord/status.h"

namespace accord::coordinator {

class LogHold {
 public:
  // Of a state that is being restored.
  [[nodiscard]] static Status Place(const std::filesystem::path& state);

  explicit LogHold(const std::filesystem::path& state);
  // `log.held` while it holds.
  [[nodiscard]] Status Check() const;
  // The witnesses have said that the log is whole.
  void Release();

 private:
  std::filesystem::path mark_;
  bool holds_ = false;
};

}  // namespace accord::coordinator
