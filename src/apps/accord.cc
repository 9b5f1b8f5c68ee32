// accord: the command line of researchers, operators and members. Joins src/cli to the process.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <optional>

#include "base/errors.h"
#include "cli/interrupt.h"
#include "cli/rpc_backend.h"
#include "cli/run.h"
#include "cli/terminal.h"
#include "rpc/process.h"

namespace {

namespace cli = accord::cli;

class SystemClock final : public accord::Clock {
 public:
  [[nodiscard]] accord::TimePoint Now() const override {
    return std::chrono::time_point_cast<accord::Millis>(std::chrono::system_clock::now());
  }
};

bool Sleep(accord::Millis time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

// accord-sim, the one beside this program or else where PATH finds it, with these words.
class Helper {
 public:
  explicit Helper(const std::vector<std::string>& words) : words_(words) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string beside = (self.parent_path() / "accord-sim").string();
    if (!error && access(beside.c_str(), X_OK) == 0) program_ = beside;
    arguments_.push_back(program_.data());
    for (std::string& word : words_) arguments_.push_back(word.data());
    arguments_.push_back(nullptr);
    std::cout.flush();
  }
  [[nodiscard]] const char* program() const { return program_.c_str(); }
  [[nodiscard]] char* const* arguments() const { return arguments_.data(); }

 private:
  std::string program_ = "accord-sim";
  std::vector<std::string> words_;
  std::vector<char*> arguments_;
};

accord::Status NoHelper() {
  return accord::Fail(accord::errors::kCliNoHelper, "The program accord-sim cannot be started.");
}

// This process becomes it: its output, its signals and its end are then this program's own, with nothing in
// between. Returns where there is none.
accord::Result<int> RunHelper(const std::vector<std::string>& words) {
  const Helper helper(words);
  execvp(helper.program(), helper.arguments());
  return NoHelper();
}

accord::Result<int> RunHelperBeside(const std::vector<std::string>& words) {
  const Helper helper(words);
  posix_spawnattr_t as_new;  // Ctrl-C ends it, whatever this program makes of it
  posix_spawnattr_init(&as_new);
  sigset_t none, interrupt;
  sigemptyset(&none);
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  posix_spawnattr_setsigmask(&as_new, &none);
  posix_spawnattr_setsigdefault(&as_new, &interrupt);
  posix_spawnattr_setflags(&as_new, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, helper.program(), nullptr, &as_new, helper.arguments(), environ);
  posix_spawnattr_destroy(&as_new);
  if (failed != 0) return NoHelper();
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(cli::ExitCode::kFailed);
}

cli::Variables ProcessVariables() {
  cli::Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (const std::size_t equals = text.find('='); equals != std::string::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit of files fails as one on a full disk
  accord::rpc::ForceTls13();
  std::ios::sync_with_stdio(false);
  const cli::Variables variables = ProcessVariables();
  const SystemClock clock;
  cli::RpcNetwork network;
  std::optional<cli::Interrupts> interrupts;
  cli::Environment environment{.variables = variables,
                               .in = std::cin,
                               .streams = {.out = std::cout,
                                           .err = std::cerr,
                                           .out_style = cli::DetectStyle(STDOUT_FILENO, variables),
                                           .err_style = cli::DetectStyle(STDERR_FILENO, variables)},
                               .network = network,
                               .clock = clock,
                               .sleep = Sleep,
                               .interrupts =
                                   [&] {
                                     if (!interrupts) interrupts.emplace();
                                     return interrupts->token();
                                   },
                               .helper = RunHelper,
                               .helper_beside = RunHelperBeside,
                               .ask_secret = cli::AskOnTerminal};
  return cli::RunProgram({argv + 1, argv + argc}, environment);
}
