#include "cli/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/check.h"

namespace accord::cli {
namespace {

std::array<int, 2> pipe_ends{-1, -1};  // a signal handler can reach nothing else

extern "C" void OnSignal(int) {
  const int saved = errno;
  const char stop = 1;
  [[maybe_unused]] const ssize_t put = write(pipe_ends[1], &stop, 1);
  errno = saved;
}

void Install(int signal_number) {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(signal_number, &action, nullptr);
}

}  // namespace

Interrupts::Interrupts() {
  ACCORD_CHECK(pipe2(pipe_ends.data(), O_CLOEXEC) == 0);
  waiter_ = std::thread([this] {
    char asked = 0;
    ssize_t got = 0;
    do {
      got = read(pipe_ends[0], &asked, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1 && asked == 1) source_.request_stop();
  });
  Install(SIGINT);
  Install(SIGTERM);
}

Interrupts::~Interrupts() {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  const char quit = 0;
  [[maybe_unused]] const ssize_t put = write(pipe_ends[1], &quit, 1);
  waiter_.join();
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

}  // namespace accord::cli
