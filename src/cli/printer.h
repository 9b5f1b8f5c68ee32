// Where a command's words go: data to stdout, everything else to stderr; text for people, or with --json one
// object (a line each for streams) that scripts can rely on. One thread.
#pragma once

#include <ostream>
#include <string>

#include "accord/status.h"
#include "cli/style.h"

namespace accord::cli {

enum class ExitCode : std::uint8_t {
  kOk = 0,
  kFailed = 1,      // the job, or the coordinator's answer
  kConnection = 2,  // not reached, not known, not allowed
  kTimeout = 3,
  kUsage = 4,  // what was typed, or the file named, is wrong
  kBug = 5,
  kInterrupted = 130,  // by Ctrl-C, as shells count it
};

// By the kind of failure; see docs/cli.md.
[[nodiscard]] ExitCode ExitOf(const Status& status);
// "error: what happened", "hint: what to do", "docs: docs/errors/<id>.md", a line each.
[[nodiscard]] std::string ErrorText(const Status& status, const Style& style);

class Printer {
 public:
  struct Streams {
    std::ostream& out;
    std::ostream& err;
    Style out_style;
    Style err_style;
  };
  Printer(const Streams& streams, bool json) : streams_(streams), json_(json) {}

  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] const Style& style() const { return streams_.out_style; }
  [[nodiscard]] const Style& err_style() const { return streams_.err_style; }
  [[nodiscard]] std::ostream& out() { return streams_.out; }
  [[nodiscard]] std::ostream& err() { return streams_.err; }

  // The answer of a command: `text` to people, `data` (JSON) to scripts.
  ExitCode Answer(const std::string& text, const std::string& data);
  // One item of a stream; `last` closes it for scripts.
  void Item(const std::string& text, const std::string& data, bool last = false);
  // Any stream of --json ends with this when no item was the last.
  void End();
  // The failure of a command, to stderr; with --json as the last object on stdout.
  ExitCode Failure(const Status& status);
  // A remark beside the answer, to stderr, also with --json.
  void Warn(const std::string& text);

 private:
  Streams streams_;
  bool json_;
};

}  // namespace accord::cli
