#include "config/field.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "config/load.h"

namespace accord::config {
namespace {

std::string Expected(const std::string& type, const Value& found) {
  return "expected " + type + ", found " + TypeName(found);
}

// TOML basic string.
std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += std::string("\\u00") + kHex[(c >> 4) & 15] + kHex[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

// The shortest text that reads back as the same double, with a point so that TOML takes it as one.
std::string NumberText(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  std::string out(text, end);
  if (out.find_first_of(".en") == std::string::npos) out += ".0";
  return out;
}

std::string DateText(const Date& date) {
  const auto padded = [](unsigned number, std::size_t width) {
    const std::string digits = std::to_string(number);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
  };
  return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2);
}

// The entry's value, text of a variable or flag read as TOML where the field is not text itself.
Value ReadAs(const Entry& entry) {
  Value value = entry.value;
  if (const auto* text = std::get_if<std::string>(&entry.value.held); entry.from_text && text != nullptr) {
    if (Value read; ReadValue(*text, read)) value = std::move(read);
  }
  return value;
}

// As ReadAs, for lists: "a,b" is a list of two, of whole numbers where `whole` says so.
Value ReadAsList(const Entry& entry, bool whole) {
  const auto* text = std::get_if<std::string>(&entry.value.held);
  if (!entry.from_text || text == nullptr || text->starts_with('[')) return ReadAs(entry);
  List list;
  for (std::size_t begin = 0; begin <= text->size() && !text->empty();) {
    const std::size_t end = std::min(text->find(',', begin), text->size());
    Value item{text->substr(begin, end - begin)};
    if (Value read; whole && ReadValue(std::get<std::string>(item.held), read)) item = std::move(read);
    list.push_back(std::move(item));
    begin = end + 1;
  }
  return {std::move(list)};
}

template <class T, class Format>
std::string ShowList(const std::vector<T>& items, Format format) {
  std::string out;
  for (const T& item : items) out += (out.empty() ? "" : ", ") + format(item);
  return "[" + out + "]";
}

std::optional<std::uint64_t> WholeOf(const Value& value, std::uint64_t least, std::uint64_t most) {
  const auto* number = std::get_if<std::int64_t>(&value.held);
  if (number == nullptr || *number < 0) return std::nullopt;
  const auto unsigned_number = static_cast<std::uint64_t>(*number);
  if (unsigned_number < least || unsigned_number > most) return std::nullopt;
  return unsigned_number;
}

std::string WholeType(std::uint64_t least, std::uint64_t most) {
  if (most == kMaxWhole) return "whole number, at least " + std::to_string(least);
  return "whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::string RangeText(const Range& range) {
  constexpr double kMost = std::numeric_limits<double>::max();
  std::string text = "number";
  if (range.low > -kMost) text += (range.low_open ? " above " : " from ") + NumberText(range.low);
  if (range.high < kMost) text += (range.high_open ? " below " : " up to ") + NumberText(range.high);
  return text;
}

std::string OneOf(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : " | ") + Quote(name);
  return text;
}

std::string Shown(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.held)) return Quote(Printable(*text, 100));
  if (const auto* number = std::get_if<std::int64_t>(&value.held)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value.held)) return NumberText(*number);
  return TypeName(value);
}

}  // namespace

Field Text(std::string& value, std::string type, TextCheck check) {
  return {type,
          [&value, type, check](const Entry& entry) -> std::string {
            const auto* text = std::get_if<std::string>(&entry.value.held);
            if (text == nullptr) return Expected(type, entry.value);
            if (check) {
              if (std::string wrong = check(*text); !wrong.empty()) return wrong;
            }
            value = *text;
            return {};
          },
          [&value] { return Quote(value); }};
}

Field Name(std::string& value) {
  return Text(value, "name", [](const std::string& text) -> std::string {
    if (IsName(text)) return {};
    return Quote(Printable(text, 100)) +
           " is not a name: 1 to 64 of a-z 0-9 - _ . beginning with a letter or digit";
  });
}

Field Address(std::string& value) {
  return Text(value, "address host:port",
              [may_be_empty = value.empty()](const std::string& text) -> std::string {
                if (ParseHostPort(text) || (text.empty() && may_be_empty)) return {};
                return Quote(Printable(text, 100)) + " is not host:port, as 127.0.0.1:7443 or [::1]:7443";
              });
}

Field FilePath(std::filesystem::path& value) {
  return {"path",
          [&value](const Entry& entry) -> std::string {
            const auto* text = std::get_if<std::string>(&entry.value.held);
            if (text == nullptr) return Expected("a path", entry.value);
            if (text->empty()) return "must not be empty";
            if (text->find('\0') != std::string::npos) return "must not hold a zero byte";
            const std::filesystem::path path(*text);
            const bool in_file = entry.place.line != 0;
            value = in_file ? std::filesystem::path(entry.place.source).parent_path() / path : path;
            return {};
          },
          [&value] { return Quote(value.string()); }};
}

Field Bool(bool& value) {
  return {"true or false",
          [&value](const Entry& entry) -> std::string {
            const Value read = ReadAs(entry);
            const auto* flag = std::get_if<bool>(&read.held);
            if (flag == nullptr) return Expected("true or false", read);
            value = *flag;
            return {};
          },
          [&value] { return std::string(value ? "true" : "false"); }};
}

Field Duration(Millis& value, Millis least, Millis most) {
  const std::string type = "duration from " + FormatDuration(least) + " to " + FormatDuration(most);
  return Field{
      type,
      [&value, least, most](const Entry& entry) -> std::string {
        const auto* text = std::get_if<std::string>(&entry.value.held);
        if (text == nullptr) return Expected("a duration in quotes, as \"2h\"", entry.value);
        const auto parsed = ParseDuration(*text);
        if (!parsed)
          return Quote(Printable(*text, 100)) + " is no duration: a whole number and d, h, m, s or ms";
        if (*parsed < least || *parsed > most) {
          return Quote(*text) + " is outside " + FormatDuration(least) + " to " + FormatDuration(most);
        }
        value = *parsed;
        return {};
      },
      [&value] { return Quote(FormatDuration(value)); }};
}

Field Day(std::optional<Date>& value) {
  return {.type = "a date",
          .set = [&value](const Entry& entry) -> std::string {
            const Value found = ReadAs(entry);
            const auto* day = std::get_if<Date>(&found.held);
            if (day == nullptr) return Expected("a date, as 2027-06-30", found);
            value = *day;
            return "";
          },
          .show = [&value] { return value ? DateText(*value) : std::string("none"); }};
}

Field Size(std::uint64_t& value, std::uint64_t least) {
  return {"size",
          [&value, least](const Entry& entry) -> std::string {
            std::optional<std::uint64_t> size = WholeOf(entry.value, 0, kMaxWhole);
            if (const auto* text = std::get_if<std::string>(&entry.value.held)) size = ParseBytes(*text);
            if (!size)
              return Shown(entry.value) + " is no size: as \"256MiB\", \"8GiB\" or a number of bytes";
            if (*size < least) return "must be at least " + FormatBytes(least);
            value = *size;
            return {};
          },
          [&value] {
            for (const auto& [unit, name] :
                 {std::pair{1ULL << 30, "GiB"}, {1ULL << 20, "MiB"}, {1ULL << 10, "KiB"}}) {
              if (value >= unit && value % unit == 0) return Quote(std::to_string(value / unit) + name);
            }
            return std::to_string(value);
          }};
}

Field TextList(std::vector<std::string>& value, TextCheck check) {
  return {"list of text",
          [&value, check](const Entry& entry) -> std::string {
            const Value read = ReadAsList(entry, false);
            const auto* list = std::get_if<List>(&read.held);
            if (list == nullptr) return Expected("a list of text", read);
            std::vector<std::string> texts;
            for (const Value& item : *list) {
              const auto* text = std::get_if<std::string>(&item.held);
              if (text == nullptr) return "expected a list of text, found " + TypeName(item) + " in it";
              if (check) {
                if (std::string wrong = check(*text); !wrong.empty()) return wrong;
              }
              texts.push_back(*text);
            }
            value = std::move(texts);
            return {};
          },
          [&value] { return ShowList(value, [](const std::string& text) { return Quote(text); }); }};
}

Field WholeList(std::vector<std::uint64_t>& value, std::uint64_t least, std::uint64_t most) {
  return {"list of whole numbers",
          [&value, least, most](const Entry& entry) -> std::string {
            const Value read = ReadAsList(entry, true);
            const auto* list = std::get_if<List>(&read.held);
            if (list == nullptr) return Expected("a list of whole numbers", read);
            std::vector<std::uint64_t> numbers;
            for (const Value& item : *list) {
              const auto number = WholeOf(item, least, most);
              if (!number) return Shown(item) + " is not a " + WholeType(least, most);
              numbers.push_back(*number);
            }
            value = std::move(numbers);
            return {};
          },
          [&value] { return ShowList(value, [](std::uint64_t number) { return std::to_string(number); }); }};
}

Field Number(double& value, Range range) {
  const std::string type = RangeText(range);
  return {type,
          [&value, range, type](const Entry& entry) -> std::string {
            const Value read = ReadAs(entry);
            double number = 0.0;
            if (const auto* whole = std::get_if<std::int64_t>(&read.held)) {
              number = static_cast<double>(*whole);
            } else if (const auto* real = std::get_if<double>(&read.held)) {
              number = *real;
            } else {
              return Expected("a " + type, read);
            }
            const bool inside = std::isfinite(number) && number >= range.low && number <= range.high &&
                                !(range.low_open && number == range.low) &&
                                !(range.high_open && number == range.high);
            if (!inside) return Shown(read) + " is not a finite " + type;
            value = number;
            return {};
          },
          [&value] { return NumberText(value); }};
}

namespace internal {

Field WholeField(std::function<void(std::uint64_t)> assign, std::function<std::uint64_t()> get,
                 std::uint64_t least, std::uint64_t most) {
  const std::string type = WholeType(least, most);
  return {type,
          [assign, least, most, type](const Entry& entry) -> std::string {
            const Value read = ReadAs(entry);
            if (!std::holds_alternative<std::int64_t>(read.held)) return Expected("a " + type, read);
            const auto number = WholeOf(read, least, most);
            if (!number) return Shown(read) + " is not a " + type;
            assign(*number);
            return {};
          },
          [get] { return std::to_string(get()); }};
}

Field ChoiceField(std::vector<std::string_view> names, std::function<void(std::size_t)> assign,
                  std::function<std::size_t()> get) {
  return {OneOf(names),
          [names, assign](const Entry& entry) -> std::string {
            const auto* text = std::get_if<std::string>(&entry.value.held);
            if (text == nullptr) return Expected(OneOf(names), entry.value);
            const auto found = std::find(names.begin(), names.end(), *text);
            if (found == names.end())
              return Shown(entry.value) + " is unknown; this version has " + OneOf(names);
            assign(static_cast<std::size_t>(found - names.begin()));
            return {};
          },
          [names, get] { return Quote(names[get()]); }};
}

Field ChoicesField(std::vector<std::string_view> names, std::function<void(std::vector<std::size_t>)> assign,
                   std::function<std::vector<std::size_t>()> get) {
  return {"list of " + OneOf(names),
          [names, assign](const Entry& entry) -> std::string {
            const Value read = ReadAsList(entry, false);
            const auto* list = std::get_if<List>(&read.held);
            if (list == nullptr) return Expected("a list of " + OneOf(names), read);
            std::vector<std::size_t> chosen;
            for (const Value& item : *list) {
              const auto* text = std::get_if<std::string>(&item.held);
              const auto found = text == nullptr ? names.end() : std::find(names.begin(), names.end(), *text);
              if (found == names.end()) return Shown(item) + " is unknown; this version has " + OneOf(names);
              const auto index = static_cast<std::size_t>(found - names.begin());
              if (std::find(chosen.begin(), chosen.end(), index) != chosen.end())
                return Shown(item) + " is named twice";
              chosen.push_back(index);
            }
            assign(std::move(chosen));
            return {};
          },
          [names, get] { return ShowList(get(), [&](std::size_t i) { return Quote(names[i]); }); }};
}

}  // namespace internal
}  // namespace accord::config
