#include "config/load.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "config/schemas.h"

extern char** environ;

namespace accord::config {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1ULL << 20;

// Sections of every program, so that one machine may run them all with one environment.
constexpr std::array<std::string_view, 11> kSections{
    "data", "federation", "http", "limits", "log", "node", "policy", "rpc", "store", "uploads", "security"};

void Append(Document& to, Document from) {
  std::move(from.entries.begin(), from.entries.end(), std::back_inserter(to.entries));
  std::move(from.problems.begin(), from.problems.end(), std::back_inserter(to.problems));
}

}  // namespace

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> out;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !text.starts_with("ACCORD_")) continue;
    out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::optional<HostPort> ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.size() > 300) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool good = std::all_of(host.begin(), host.end(), [&](char c) {
    const bool name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    return name || (bracketed ? c == ':' || c == '%' : c == '-' || c == '_');
  });
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (host.empty() || !good || error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  return HostPort{std::string(host), number};
}

Document ReadSources(const Sources& sources) {
  Document document;
  if (sources.file) {
    const std::string name = sources.file->string();
    if (const auto bytes = ReadFile(*sources.file, kMaxFileBytes); bytes.ok()) {
      document = ReadToml(AsText(*bytes), name);
    } else {
      document.problems.push_back({{name, 0, 0}, bytes.status().message()});
    }
  }
  Append(document, ReadEnvironment(sources.environment));
  Append(document, ReadFlags(sources.flags));
  return document;
}

void ApplySources(Schema& schema, Document document) {
  std::erase_if(document.entries, [&](const Entry& entry) {
    const bool variable = entry.from_text && entry.place.source.starts_with("variable ");
    return variable && !schema.HasSection({entry.keys.front()}) &&
           std::find(kSections.begin(), kSections.end(), entry.keys.front()) != kSections.end();
  });
  schema.Apply(document);
}

std::set<std::string> Ids(const Document& document, std::string_view section) {
  std::set<std::string> ids;
  for (const Entry& entry : document.entries) {
    if (entry.keys.size() < 2 || entry.keys.front() != section) continue;
    const bool table = std::holds_alternative<TableMark>(entry.value.held);
    if (table || entry.keys.size() > 2) ids.insert(entry.keys[1]);
  }
  return ids;
}

std::string NameOf(const Sources& sources) {
  return sources.file ? sources.file->string() : "the configuration";
}

void LogSection(Schema& schema, LogConfig& log) {
  schema.Section({"log"}, "Log lines go to stderr.");
  schema.Key("format", Choice(log.format, {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}),
             "text for people, json for collectors");
  schema.Key("level",
             Choice(log.level, {{"debug", LogLevel::kDebug},
                                {"info", LogLevel::kInfo},
                                {"warn", LogLevel::kWarn},
                                {"error", LogLevel::kError}}),
             "the least severe lines that are written");
}

}  // namespace accord::config
