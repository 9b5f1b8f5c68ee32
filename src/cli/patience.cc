#include "cli/patience.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/errors.h"
#include "base/text.h"

namespace accord::cli {
namespace {

constexpr Millis kLongestWait{5'000};
constexpr Millis kLongest{120'000};  // without any answer

bool IsLostConnection(const Status& status) {
  return status.ok() || status.code() == Code::kUnavailable || status.code() == Code::kTimeout;
}

}  // namespace

std::string LostWords(const Status& status) {
  return "lost the coordinator, trying again: " +
         (status.ok() ? "it ended the stream" : Printable(status.message()));
}

Status EndedStream(const Status& status) {
  return status.ok() ? Fail(errors::kNetUnreachable, "The coordinator ended the stream.") : status;
}

Patience::Patience(Environment& environment, std::optional<Millis> timeout)
    : environment_(environment),
      interrupts_(environment.interrupts()),
      on_interrupt_(interrupts_, [this] { source_.request_stop(); }) {
  if (timeout)
    timer_ = std::jthread([this, limit = *timeout](const std::stop_token& quit) { Run(limit, quit); });
}

Status Patience::Verdict() const {
  if (interrupts_.stop_requested()) return Fail(errors::kCliInterrupted, "Stopped by Ctrl-C.");
  if (source_.stop_requested()) return Fail(errors::kCliTimeout, "The time to wait is over.");
  return {};
}

void Patience::Answered() {
  answered_ = true;
  wait_ = kFirstWait;
  waited_ = Millis(0);
}

bool Patience::Again(const Status& status, const std::function<void(const Status&)>& lost) {
  if (!answered_ || !IsLostConnection(status) || waited_ >= kLongest) return false;
  if (waited_ == Millis(0)) lost(status);
  if (environment_.sleep(wait_, token())) waited_ += wait_;
  wait_ = std::min(wait_ * 2, kLongestWait);
  return true;
}

void Patience::Run(Millis limit, const std::stop_token& quit) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, quit, limit, [] { return false; });
  if (!quit.stop_requested()) source_.request_stop();
}

}  // namespace accord::cli
