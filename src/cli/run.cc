#include "cli/run.h"

#include <algorithm>
#include <exception>

#include "base/errors.h"
#include "cli/commands.h"

namespace accord::cli {
namespace {

ExitCode Dispatch(const std::vector<std::string>& arguments, Environment& environment) {
  const Result<Arguments> parsed = ParseArguments(arguments);
  if (!parsed.ok()) {  // a script that asked for JSON gets its error as JSON
    const bool json = std::ranges::find(arguments, "--json") != arguments.end();
    return Printer(environment.streams, json).Failure(parsed.status());
  }
  Session session(environment, parsed->options);
  return std::visit([&](const auto& command) { return Run(command, session); }, parsed->command);
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments, Environment& environment) {
  ExitCode code = ExitCode::kBug;
  try {
    code = Dispatch(arguments, environment);
  } catch (const std::exception& error) {
    code = Printer(environment.streams, false).Failure(Fail(errors::kInternal, error.what()));
  }
  environment.streams.out.flush();
  return static_cast<int>(code);
}

}  // namespace accord::cli
