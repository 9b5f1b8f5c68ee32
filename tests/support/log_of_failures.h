// Log lines are printed only of tests that fail: a test of a whole federation writes hundreds, and the
// failure would drown in those of the others. PrintLogOfFailuresOnly() switches it on.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace accord::testing {

class LogOfFailures final : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo&) override {
    written_ = std::tmpfile();
    if (written_ == nullptr) return;  // then the lines go where they always go
    terminal_ = ::dup(STDERR_FILENO);
    ::dup2(::fileno(written_), STDERR_FILENO);
  }

  void OnTestEnd(const ::testing::TestInfo& test) override {
    if (written_ == nullptr) return;
    ::dup2(terminal_, STDERR_FILENO);
    ::close(terminal_);
    if (test.result()->Failed()) Print();
    std::fclose(written_);
    written_ = nullptr;
  }

 private:
  void Print() {
    std::rewind(written_);
    std::array<char, 4096> block{};
    for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), written_)) > 0;) {
      std::fwrite(block.data(), 1, got, stderr);
    }
  }

  std::FILE* written_ = nullptr;
  int terminal_ = -1;
};

// gtest owns the listener.
inline bool PrintLogOfFailuresOnly() {
  ::testing::UnitTest::GetInstance()->listeners().Append(new LogOfFailures);
  return true;
}

}  // namespace accord::testing
