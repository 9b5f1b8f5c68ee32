#include "coordinator/log_hold.h"

#include <system_error>

#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"

namespace accord::coordinator {
namespace {

std::filesystem::path MarkOf(const std::filesystem::path& state) { return state / "log.restored"; }

}  // namespace

Status LogHold::Place(const std::filesystem::path& state) {
  return WriteFileAtomic(MarkOf(state), ByteView(), FileMode::kPrivate);
}

LogHold::LogHold(const std::filesystem::path& state) : mark_(MarkOf(state)) {
  std::error_code ignored;
  holds_ = std::filesystem::exists(mark_, ignored);
}

Status LogHold::Check() const {
  if (!holds_) return {};
  return Fail(errors::kLogHeld, "the log was restored, and too few of its witnesses have cosigned it since");
}

// A mark that stays costs no more than asking once more.
void LogHold::Release() {
  if (!holds_) return;
  holds_ = false;
  std::error_code error;
  std::filesystem::remove(mark_, error);
  LogInfo("log.whole", {{"why", "a quorum of its witnesses has cosigned the restored log"}});
}

}  // namespace accord::coordinator
