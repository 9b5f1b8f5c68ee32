// A child process that works until it is killed, and tells what it did through a pipe: whatever it told must
// hold after it was killed at a random instant.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <vector>

namespace accord::testing {

// The numbers that `work(tell)` told until it was killed, after as many as `kill_after` (0: it kills itself).
// `work` is the child's and must not return; `tell(number)` ends the child when the parent is gone.
template <class Work>
std::vector<std::uint64_t> RunAndKill(std::uint64_t kill_after, const Work& work) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work([&](std::uint64_t number) {
      if (::write(ends[1], &number, sizeof number) != sizeof number) ::_exit(4);
    });
    ::_exit(5);
  }
  ::close(ends[1]);
  std::vector<std::uint64_t> told;
  for (std::uint64_t number = 0; ::read(ends[0], &number, sizeof number) == sizeof number;) {
    told.push_back(number);
    if (told.size() == kill_after) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return told;
}

}  // namespace accord::testing
