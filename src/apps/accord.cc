// accord: the command line of researchers, operators and members. Joins src/cli to the process.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
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

// This process becomes accord-sim, the one beside this program or else where PATH finds it: its output, its
// signals and its end are then this program's own, with nothing in between. Returns where there is none.
accord::Result<int> RunHelper(const std::vector<std::string>& words) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string program = (self.parent_path() / "accord-sim").string();
  if (error || access(program.c_str(), X_OK) != 0) program = "accord-sim";
  std::vector<char*> arguments{program.data()};
  std::vector<std::string> copies(words);
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::cout.flush();
  execvp(program.c_str(), arguments.data());
  return accord::Fail(accord::errors::kCliNoHelper, "The program accord-sim cannot be started.");
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
                               .ask_secret = cli::AskOnTerminal};
  return cli::RunProgram({argv + 1, argv + argc}, environment);
}
