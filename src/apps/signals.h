// Signals as events: a thread that waits for them and calls back. Made first in main, so that every later
// thread has them blocked.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace accord::apps {

class Signals {
 public:
  // Blocks SIGTERM and SIGINT in this thread and those made after it; ignores SIGPIPE and SIGXFSZ.
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Calls `on_signal(count)` on a thread of its own for each SIGTERM or SIGINT: 1, 2, ... Once.
  void Watch(std::function<void(int)> on_signal);

 private:
  sigset_t set_;
  std::jthread thread_;
};

}  // namespace accord::apps
