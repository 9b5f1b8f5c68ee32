#include "config/document.h"

// As the packaged shared library, whose assertions are off: header-only, a debug build of toml++ 3.3 would
// abort on some malformed texts that the library answers with an error (tests/fuzz/corpus/config).
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/overloaded.h"
#include "base/text.h"

namespace accord::config {
namespace {

Value Convert(const toml::node& node) {
  if (const auto* v = node.as_boolean()) return {v->get()};
  if (const auto* v = node.as_integer()) return {v->get()};
  if (const auto* v = node.as_floating_point()) return {v->get()};
  if (const auto* v = node.as_string()) return {v->get()};
  if (const auto* v = node.as_date()) return {Date{v->get().year, v->get().month, v->get().day}};
  if (node.is_table()) return {TableMark{}};
  if (const auto* v = node.as_array()) {
    List list;
    for (const toml::node& item : *v) list.push_back(Convert(item));
    return {std::move(list)};
  }
  return {Other{}};
}

class Flattener {
 public:
  Flattener(Document& out, std::string_view source) : out_(out), source_(source) {}

  void Table(const toml::table& table) {
    for (const auto& [key, node] : table) {
      keys_.emplace_back(key.str());
      // A table's own region is its header; a value is best found by its key.
      const toml::source_position at = node.is_table() ? node.source().begin : key.source().begin;
      const Place place{std::string(source_), at.line, at.column};
      if (keys_.size() > kMaxDepth) {
        out_.problems.push_back({place, "tables are nested deeper than " + std::to_string(kMaxDepth)});
      } else {
        const auto* list = node.as_array();
        const bool tables = list != nullptr && !list->empty() && list->is_homogeneous<toml::table>();
        out_.entries.push_back(
            {keys_, tables ? Value{TableList{list->size()}} : Convert(node), place, false});
        if (const auto* inner = node.as_table()) Table(*inner);
        if (tables) Tables(*list);
      }
      keys_.pop_back();
    }
  }

 private:
  void Tables(const toml::array& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      keys_.push_back(std::to_string(i));
      const toml::source_position at = list[i].source().begin;
      const Place place{std::string(source_), at.line, at.column};
      if (keys_.size() > kMaxDepth) {
        out_.problems.push_back({place, "tables are nested deeper than " + std::to_string(kMaxDepth)});
      } else {
        out_.entries.push_back({keys_, {TableMark{}}, place, false});
        Table(*list[i].as_table());
      }
      keys_.pop_back();
    }
  }

  Document& out_;
  std::string_view source_;
  std::vector<std::string> keys_;
};

// toml++ recurses once a part of a dotted key, so a key of thousands of parts would overflow the stack:
// refuse such a line before the parser sees it. A line that begins with '#' never holds a key. With toml++'s
// own bound of 256 nested values the depth stays under 10,000. Returns the line's number, 0 when there is
// none.
constexpr int kMaxDots = 32;
std::uint32_t LineOfEndlessKey(std::string_view toml) {
  std::uint32_t line = 1;
  while (!toml.empty()) {
    const std::string_view text = toml.substr(0, toml.find('\n'));
    const std::size_t first = text.find_first_not_of(" \t");
    const bool comment = first != std::string_view::npos && text[first] == '#';
    if (!comment && std::count(text.begin(), text.end(), '.') > kMaxDots) return line;
    toml.remove_prefix(std::min(toml.size(), text.size() + 1));
    ++line;
  }
  return 0;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

}  // namespace

std::string TypeName(const Value& value) {
  return std::visit(
      overloaded{[](const TableMark&) { return "a table"; },
                 [](const TableList&) { return "a list of tables"; }, [](const Date&) { return "a date"; },
                 [](const Other&) { return "a time"; }, [](const bool&) { return "true or false"; },
                 [](const std::int64_t&) { return "a whole number"; },
                 [](const double&) { return "a number"; }, [](const std::string&) { return "text"; },
                 [](const List&) { return "a list"; }},
      value.held);
}

std::string Place::Text() const {
  if (line == 0) return source;
  return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Entry::Path() const { return JoinPath(keys); }

std::string JoinPath(const std::vector<std::string>& keys) {
  std::string path;
  for (const std::string& key : keys) {
    if (!path.empty()) path += '.';
    const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
      return c < 0x80 && (std::isalnum(c) != 0 || c == '_' || c == '-');
    });
    path += bare ? key : '"' + Printable(key, 64) + '"';
  }
  return path;
}

Document ReadToml(std::string_view toml, std::string_view name) {
  Document out;
  if (const std::uint32_t line = LineOfEndlessKey(toml); line != 0) {
    out.problems.push_back({{std::string(name), line, 1},
                            "more than " + std::to_string(kMaxDots) + " dots in one line; break it"});
    return out;
  }
  try {
    Flattener(out, name).Table(toml::parse(toml, name));
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    out.problems.push_back(
        {{std::string(name), at.line, at.column}, "not TOML: " + Printable(error.description())});
  }
  return out;
}

Document ReadEnvironment(const std::map<std::string, std::string>& environment) {
  constexpr std::string_view kPrefix = "ACCORD_";
  Document out;
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(kPrefix) || name.find("__") == std::string::npos) continue;
    Entry entry{{}, {text}, {"variable " + name, 0, 0}, true};
    std::string rest = Lower(std::string_view(name).substr(kPrefix.size()));
    for (std::size_t cut; (cut = rest.find("__")) != std::string::npos; rest.erase(0, cut + 2)) {
      entry.keys.push_back(rest.substr(0, cut));
    }
    entry.keys.push_back(rest);
    out.entries.push_back(std::move(entry));
  }
  return out;
}

Document ReadFlags(const std::vector<std::string>& flags) {
  Document out;
  for (const std::string& flag : flags) {
    const Place place{"flag " + Printable(flag.substr(0, flag.find('=')), 100), 0, 0};
    const std::size_t equals = flag.find('=');
    const Document key =
        equals == std::string::npos ? Document{} : ReadToml(flag.substr(0, equals) + " = 0", "");
    if (key.entries.empty()) {
      out.problems.push_back({place, "expected section.key=value"});
      continue;
    }
    out.entries.push_back({key.entries.back().keys, {flag.substr(equals + 1)}, place, true});
  }
  return out;
}

bool ReadValue(std::string_view text, Value& value) {
  const Document document = ReadToml("v = " + std::string(text), "");
  if (document.entries.size() != 1) return false;
  value = document.entries.front().value;
  return true;
}

}  // namespace accord::config
