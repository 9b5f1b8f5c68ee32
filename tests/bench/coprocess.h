// A program of another language that takes its turns in a bench: one line to it, one number back. Not for
// threads.
#pragma once

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>

#include "base/check.h"

namespace accord::bench {

class Coprocess {
 public:
  // Starts `command` in a shell. A program that cannot start shows as no answer.
  explicit Coprocess(const std::string& command) {
    int ends[2];
    ACCORD_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    child_ = ::fork();
    ACCORD_CHECK(child_ >= 0);
    if (child_ == 0) {
      ::dup2(ends[1], STDIN_FILENO);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    socket_ = ends[0];
    answers_ = ::fdopen(socket_, "r");
  }
  ~Coprocess() {
    std::fclose(answers_);  // the end of its input ends it
    ::waitpid(child_, nullptr, 0);
  }
  Coprocess(const Coprocess&) = delete;
  Coprocess& operator=(const Coprocess&) = delete;

  // One turn; nullopt when the program has gone.
  std::optional<double> Ask() {
    double answer = 0.0;
    if (::send(socket_, "\n", 1, MSG_NOSIGNAL) != 1) return std::nullopt;
    if (std::fscanf(answers_, "%lf", &answer) != 1) return std::nullopt;
    return answer;
  }

 private:
  pid_t child_ = -1;
  int socket_ = -1;
  std::FILE* answers_ = nullptr;
};

}  // namespace accord::bench
