#include "cli/printer.h"

#include "base/errors.h"
#include "base/text.h"
#include "cli/json.h"
#include "cli/words.h"

namespace accord::cli {
ExitCode ExitOf(const Status& status) {
  if (status.error() == errors::kCliInterrupted.id) return ExitCode::kInterrupted;
  switch (status.code()) {
    case Code::kOk:
      return ExitCode::kOk;
    case Code::kInvalid:
      return ExitCode::kUsage;
    case Code::kDenied:
    case Code::kUnauthenticated:
    case Code::kUnavailable:
      return ExitCode::kConnection;
    case Code::kTimeout:
      return ExitCode::kTimeout;
    case Code::kInternal:
      return status.error() == errors::kInternal.id ? ExitCode::kBug : ExitCode::kFailed;
    case Code::kNotFound:
    case Code::kConflict:
    case Code::kExhausted:
    case Code::kCorrupt:
      return ExitCode::kFailed;
  }
  return ExitCode::kBug;
}

std::string ErrorText(const Status& status, const Style& style) {
  std::string out =
      Paint(style, Tone::kBad, "error:") + " " + PrintableLines(status.message(), "\n  ") + "\n";
  if (!status.hint().empty())
    out += Paint(style, Tone::kStrong, "hint:") + "  " + PrintableLines(status.hint(), "\n  ") + "\n";
  if (!status.error().empty())
    out += Paint(style, Tone::kFaint, "docs:") + "  docs/errors/" + Printable(status.error(), 64) + ".md\n";
  return out;
}

ExitCode Printer::Answer(const std::string& text, const std::string& data) {
  Item(text, data, true);
  return ExitCode::kOk;
}

void Printer::Item(const std::string& text, const std::string& data, bool last) {
  streams_.out << (json_ ? JsonAnswer(data, last) + "\n" : text) << std::flush;
}

void Printer::End() {
  if (json_) streams_.out << JsonAnswer("null", true) << std::endl;
}

ExitCode Printer::Failure(const Status& status) {
  if (json_) {
    streams_.out << JsonFailure(status) << std::endl;
  } else {
    streams_.out.flush();
    streams_.err << ErrorText(status, streams_.err_style) << std::flush;
  }
  return ExitOf(status);
}

void Printer::Warn(const std::string& text) {
  streams_.err << Paint(streams_.err_style, Tone::kWarn, "warning:") << " " << text << std::endl;
}

}  // namespace accord::cli
