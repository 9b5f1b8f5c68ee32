// How long a command that follows a job bears a coordinator that is away: Ctrl-C and a time limit in one stop
// token, and growing waits between attempts. Used by src/cli/follow and src/cli/follow_logs, one thread.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "accord/clock.h"
#include "accord/status.h"
#include "cli/session.h"

namespace accord::cli {

// What a person is told then: "lost the coordinator, trying again: ...".
[[nodiscard]] std::string LostWords(const Status& status);
// What a command ends with that may not try again.
[[nodiscard]] Status EndedStream(const Status& status);

class Patience {
 public:
  Patience(Environment& environment, std::optional<Millis> timeout);

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  // `cli.interrupted` or `cli.timeout` once it is over; else ok.
  [[nodiscard]] Status Verdict() const;
  // Something came from the coordinator.
  void Answered();
  // Waits before the next attempt. False when `status` is no lost connection, the coordinator never answered,
  // or two minutes of trying are over. `lost` is told once each time the connection is lost. An ok status is
  // a stream that ended early: a coordinator that drains.
  [[nodiscard]] bool Again(const Status& status, const std::function<void(const Status&)>& lost);

 private:
  static constexpr Millis kFirstWait{500};

  void Run(Millis limit, const std::stop_token& quit);

  Environment& environment_;
  std::stop_source source_;
  std::stop_token interrupts_;
  std::stop_callback<std::function<void()>> on_interrupt_;
  std::jthread timer_;
  bool answered_ = false;
  Millis wait_{kFirstWait};
  Millis waited_{0};  // since the last answer
};

}  // namespace accord::cli
