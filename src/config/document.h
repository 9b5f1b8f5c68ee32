// Settings as flat entries: a TOML text, variables or flags become (key path, value, place). The only file
// that knows toml++ is its .cc. Used by schema.h. Pure.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace accord::config {

struct Value;
using List = std::vector<Value>;
struct TableMark {};  // a table: its keys are entries of their own
struct TableList {    // tables under one key, [[key]]: each is a table at key.0, key.1, ...
  std::size_t count = 0;
};
struct Date {  // of the calendar: TOML sees to that
  std::uint16_t year = 0;
  std::uint8_t month = 0, day = 0;

  friend auto operator<=>(const Date&, const Date&) = default;
};
struct Other {};  // a time: no key of Accord takes one
struct Value {
  std::variant<TableMark, TableList, Date, Other, bool, std::int64_t, double, std::string, List> held;
};

// For messages: "a whole number", "text", ...
[[nodiscard]] std::string TypeName(const Value& value);

// Where an entry was written. line 0: not in a file, and `source` is the variable or flag.
struct Place {
  std::string source;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  [[nodiscard]] std::string Text() const;  // "job.toml:3:7"
};

struct Entry {
  std::vector<std::string> keys;  // {"round", "count"}
  Value value;
  Place place;
  bool from_text = false;  // a variable or flag: `value` is text still to be read as the key's type
  [[nodiscard]] std::string Path() const;
};

struct Problem {
  Place place;
  std::string text;
};

// {"data", "a b"} -> data."a b": as TOML writes it, so that different keys never look alike.
[[nodiscard]] std::string JoinPath(const std::vector<std::string>& keys);

struct Document {
  std::vector<Entry> entries;  // tables before their keys
  std::vector<Problem> problems;
};

// Nesting of tables deeper than this is refused: no key of Accord is deeper than three.
inline constexpr std::size_t kMaxDepth = 8;

// Reads the whole text; a syntax error is one problem and ends it there.
[[nodiscard]] Document ReadToml(std::string_view toml, std::string_view name);
// ACCORD_ROUND__COUNT -> round.count. Variables without "__" are not settings and are left alone.
[[nodiscard]] Document ReadEnvironment(const std::map<std::string, std::string>& environment);
// "round.count=3" -> round.count.
[[nodiscard]] Document ReadFlags(const std::vector<std::string>& flags);
// A value written as in TOML ("3", "[1, 2]"), or for lists also "a,b". False when it is none.
[[nodiscard]] bool ReadValue(std::string_view text, Value& value);

}  // namespace accord::config
