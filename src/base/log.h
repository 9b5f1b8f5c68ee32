// Structured log lines: an event name, then key=value pairs; JSON lines or text. The only place that knows
// spdlog. Never log a secret, a data value, or a figure computed from a nation's data.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "accord/status.h"

namespace accord {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kText, kJson };
using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

// Writes to stderr from now on. Thread-safe; may be called again to change level or format while running.
void SetupLog(LogFormat format, LogLevel level);
[[nodiscard]] Result<LogLevel> ParseLogLevel(std::string_view text);

// Log("round.committed", {{"job", id}, {"round", "3"}}) at info. Thread-safe.
void Log(LogLevel level, std::string_view event, LogFields fields = {});
inline void LogInfo(std::string_view event, LogFields fields = {}) { Log(LogLevel::kInfo, event, fields); }
inline void LogWarn(std::string_view event, LogFields fields = {}) { Log(LogLevel::kWarn, event, fields); }
inline void LogError(std::string_view event, LogFields fields = {}) { Log(LogLevel::kError, event, fields); }
inline void LogDebug(std::string_view event, LogFields fields = {}) { Log(LogLevel::kDebug, event, fields); }

}  // namespace accord
