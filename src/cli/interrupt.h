// Ctrl-C as a stop token: the first one asks, a second one ends the program as usual. For the process's main;
// at most one at a time.
#pragma once

#include <stop_token>
#include <thread>

namespace accord::cli {

class Interrupts {
 public:
  // From here on SIGINT and SIGTERM ask token() to stop, once.
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::thread waiter_;  // reads what the signal handler wrote
};

}  // namespace accord::cli
