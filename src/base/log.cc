#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <utility>

#include "base/errors.h"
#include "base/text.h"

namespace accord {
namespace {

std::atomic<LogFormat> g_format{LogFormat::kText};

spdlog::level::level_enum Level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

// Never destroyed: threads of gRPC may log while the process ends.
spdlog::logger& Logger() {
  static const auto* const kLogger = [] {
    auto made = spdlog::stderr_color_mt("accord");
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return new std::shared_ptr<spdlog::logger>(std::move(made));
  }();
  return **kLogger;
}

constexpr std::size_t kMaxValueBytes = 4096;

// A string of JSON, and of the text form: printable UTF-8, quotes and backslashes escaped.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : Printable(text, kMaxValueBytes)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

std::string JsonLine(std::string_view time, LogLevel level, std::string_view event, LogFields fields) {
  std::string line = R"({"time":)";
  AppendQuoted(line, time);
  line += R"(,"level":)";
  AppendQuoted(line, Name(level));
  line += R"(,"event":)";
  AppendQuoted(line, event);
  for (const auto& [key, value] : fields) {
    line += ',';
    AppendQuoted(line, key);
    line += ':';
    AppendQuoted(line, value);
  }
  return line + "}";
}

std::string TextLine(std::string_view time, LogLevel level, std::string_view event, LogFields fields) {
  std::string line(time);
  line += ' ';
  line += Name(level);
  line += ' ';
  line += event;
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string::npos;
    if (plain) {
      line += Printable(value, kMaxValueBytes);
    } else {
      AppendQuoted(line, value);
    }
  }
  return line;
}

}  // namespace

void SetupLog(LogFormat format, LogLevel level) {
  g_format = format;
  Logger().set_level(Level(level));
}

Result<LogLevel> ParseLogLevel(std::string_view text) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    if (Name(level) == text) return level;
  }
  return Fail(errors::kConfigInvalid,
              "log level '" + Printable(text) + "' is none of debug, info, warn, error");
}

void Log(LogLevel level, std::string_view event, LogFields fields) {
  spdlog::logger& logger = Logger();
  if (!logger.should_log(Level(level))) return;
  const std::string time = FormatTime(std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()));
  const std::string line = g_format == LogFormat::kJson ? JsonLine(time, level, event, fields)
                                                        : TextLine(time, level, event, fields);
  logger.log(Level(level), "{}", line);
}

}  // namespace accord
