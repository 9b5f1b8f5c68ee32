#include "cli/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>

#include "base/errors.h"
#include "cli/signer.h"

namespace accord::cli {
namespace {

constexpr std::uint8_t kCtrlC = 0x03;

// A terminal that shows nothing and makes no signals of keys: a process that Ctrl-C ends would leave it so.
class Quiet {
 public:
  explicit Quiet(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    ok_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~Quiet() {
    if (ok_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  int fd_;
  termios before_{};
  bool ok_ = false;
};

void Say(int fd, std::string_view text) {
  if (::write(fd, text.data(), text.size()) < 0) return;  // who cannot see the question sees no answer either
}

}  // namespace

Result<crypto::ZeroizingBytes> AskOnTerminal(const std::string& prompt) {
  Result<crypto::ZeroizingBytes> answer = Fail(
      errors::kCliUsage, "There is no terminal to ask on: " + prompt.substr(0, prompt.rfind(':')),
      "Name a file that holds it: --passphrase-file FILE (of a release key: --release-passphrase-file), or "
      "/dev/fd/3 with 3<FILE");
  const int fd = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return answer;
  {
    const Quiet quiet(fd);
    if (quiet.ok()) {
      Say(fd, prompt);
      answer = ReadSecretLine(fd);
      Say(fd, "\n");
    }
  }
  ::close(fd);
  if (answer.ok() && std::ranges::find(answer->view(), kCtrlC) != answer->view().end())
    return Fail(errors::kCliInterrupted, "Stopped.");
  return answer;
}

}  // namespace accord::cli
