#include "apps/signals.h"

#include <ctime>
#include <utility>

namespace accord::apps {

Signals::Signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit of files fails as one on a full disk
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

Signals::~Signals() = default;

void Signals::Watch(std::function<void(int)> on_signal) {
  thread_ = std::jthread([this, on_signal = std::move(on_signal)](const std::stop_token& stop) {
    int count = 0;
    while (!stop.stop_requested()) {
      const timespec patience{0, 200'000'000};
      if (sigtimedwait(&set_, nullptr, &patience) > 0) on_signal(++count);
    }
  });
}

}  // namespace accord::apps
