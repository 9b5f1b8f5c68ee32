// What a command works with: the outside world, handed in so that tests can replace it, and the way from
// "which context?" to an open connection. One thread.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <stop_token>
#include <string>

#include "accord/clock.h"
#include "accord/status.h"
#include "cli/backend.h"
#include "cli/context_store.h"
#include "cli/printer.h"
#include "crypto/zeroizing.h"

namespace accord::cli {

struct Environment {
  const Variables& variables;
  std::istream& in;
  Printer::Streams streams;
  Network& network;
  const Clock& clock;
  // Waits that long, or until stop is asked for: false then.
  std::function<bool(Millis, const std::stop_token&)> sleep;
  // From the first call on, Ctrl-C asks this token to stop instead of ending the program.
  std::function<std::stop_token()> interrupts;
  // Runs the program for models with these words, on the same terminal, in this one's place: it returns with
  // an exit code in tests alone. `cli.no_helper`.
  std::function<Result<int>(const std::vector<std::string>& words)> helper;
  // The same beside this one: returns with its exit code.
  std::function<Result<int>(const std::vector<std::string>& words)> helper_beside;
  // Asks the person at the terminal for a line that nobody may see. `cli.usage` where there is no terminal.
  std::function<Result<crypto::ZeroizingBytes>(const std::string& prompt)> ask_secret;
};

// Options that every command has.
struct GlobalOptions {
  bool json = false;
  std::string context;  // --context; else ACCORD_CONTEXT, else the current one
};

class Session {
 public:
  Session(Environment& environment, GlobalOptions options);

  [[nodiscard]] Environment& environment() { return environment_; }
  [[nodiscard]] const GlobalOptions& options() const { return options_; }
  [[nodiscard]] Printer& printer() { return printer_; }
  [[nodiscard]] TimePoint Now() const { return environment_.clock.Now(); }
  [[nodiscard]] Result<ContextStore> Contexts() const;
  // The name of the context in force; empty when there is none.
  [[nodiscard]] Result<std::string> ContextName() const;
  // `context.none`, `context.not_found`.
  [[nodiscard]] Result<Context> ContextInForce() const;
  // HomeDirectory (context_store.h).
  [[nodiscard]] Result<std::filesystem::path> Home() const { return HomeDirectory(environment_.variables); }
  // The coordinator of the context in force. Renews the certificate when more than half of its time is over,
  // and warns when that fails and little is left. `context.none`, `context.not_found`, `auth.expired`, and
  // what Network::Connect says.
  [[nodiscard]] Result<std::unique_ptr<Backend>> Connect();

 private:
  Environment& environment_;
  GlobalOptions options_;
  Printer printer_;
};

[[nodiscard]] inline Status StatusOf(const Status& status) { return status; }
template <class T>
[[nodiscard]] Status StatusOf(const Result<T>& result) {
  return result.status();
}

// Runs `call` again after short waits while the coordinator is not reachable or does not answer: for calls
// that may be repeated. Three attempts in all.
template <class Call>
[[nodiscard]] auto WithRetries(Environment& environment, const Call& call) {
  auto result = call();
  for (Millis wait{300}; wait <= Millis(600); wait *= 2) {
    const Code code = StatusOf(result).code();
    if (code != Code::kUnavailable && code != Code::kTimeout) break;
    if (!environment.sleep(wait, {})) break;
    result = call();
  }
  return result;
}

}  // namespace accord::cli
