// A field of a settings struct as a schema sees it: what it accepts, how it is set, how it is shown. Each
// function binds one member; its present value is the default, so that a default is written once, in the
// struct. Pure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accord/clock.h"
#include "config/document.h"

namespace accord::config {

// Checks a text; the empty string when it is good, else what is wrong ("must be ...").
using TextCheck = std::function<std::string(const std::string&)>;

struct Field {
  std::string type;                              // for people: "whole number from 1 to 16"
  std::function<std::string(const Entry&)> set;  // assigns; else says what is wrong, and assigns nothing
  std::function<std::string()> show;             // the value as TOML
};

[[nodiscard]] Field Text(std::string& value, std::string type = "text", TextCheck check = {});
[[nodiscard]] Field Name(std::string& value);     // IsName
[[nodiscard]] Field Address(std::string& value);  // host:port, or empty where that is the default
// A relative path is relative to the file that holds the key, else to the working directory.
[[nodiscard]] Field FilePath(std::filesystem::path& value);
[[nodiscard]] Field Bool(bool& value);
[[nodiscard]] Field Duration(Millis& value, Millis least, Millis most);
[[nodiscard]] Field Day(std::optional<Date>& value);  // 2027-06-30; none: no such day
[[nodiscard]] Field Size(std::uint64_t& value, std::uint64_t least);
[[nodiscard]] Field TextList(std::vector<std::string>& value, TextCheck check = {});
[[nodiscard]] Field WholeList(std::vector<std::uint64_t>& value, std::uint64_t least, std::uint64_t most);

// The largest whole number that TOML can hold.
inline constexpr std::uint64_t kMaxWhole = std::numeric_limits<std::int64_t>::max();

namespace internal {
[[nodiscard]] Field WholeField(std::function<void(std::uint64_t)> assign, std::function<std::uint64_t()> get,
                               std::uint64_t least, std::uint64_t most);
[[nodiscard]] Field ChoiceField(std::vector<std::string_view> names, std::function<void(std::size_t)> assign,
                                std::function<std::size_t()> get);
[[nodiscard]] Field ChoicesField(std::vector<std::string_view> names,
                                 std::function<void(std::vector<std::size_t>)> assign,
                                 std::function<std::vector<std::size_t>()> get);
}  // namespace internal

template <class T>
[[nodiscard]] Field Whole(T& value, std::uint64_t least,
                          std::uint64_t most = std::min<std::uint64_t>(kMaxWhole,
                                                                       std::numeric_limits<T>::max())) {
  return internal::WholeField([&value](std::uint64_t v) { value = static_cast<T>(v); },
                              [&value] { return value; }, least, most);
}

// A finite number in a range; NaN and infinities are refused always.
struct Range {
  double low = -std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::max();
  bool low_open = false, high_open = false;  // the end itself is outside
};
[[nodiscard]] Field Number(double& value, Range range);

// One word of a set, each with its enumerator.
template <class E>
using Words = std::vector<std::pair<std::string_view, E>>;

template <class E>
[[nodiscard]] Field Choice(E& value, const Words<E>& words);
// A list of distinct words.
template <class E>
[[nodiscard]] Field Choices(std::vector<E>& value, const Words<E>& words);

// Implementation of the templates.
namespace internal {
template <class E>
std::vector<std::string_view> Names(const Words<E>& words) {
  std::vector<std::string_view> names;
  for (const auto& [name, e] : words) names.push_back(name);
  return names;
}
template <class E>
std::size_t IndexOf(const Words<E>& words, const E& value) {
  std::size_t i = 0;
  while (i < words.size() && words[i].second != value) ++i;
  return i;
}
}  // namespace internal

template <class E>
Field Choice(E& value, const Words<E>& words) {
  return internal::ChoiceField(
      internal::Names(words), [&value, words](std::size_t i) { value = words[i].second; },
      [&value, words] { return internal::IndexOf(words, value); });
}

template <class E>
Field Choices(std::vector<E>& value, const Words<E>& words) {
  return internal::ChoicesField(
      internal::Names(words),
      [&value, words](const std::vector<std::size_t>& chosen) {
        value.clear();
        for (const std::size_t i : chosen) value.push_back(words[i].second);
      },
      [&value, words] {
        std::vector<std::size_t> chosen;
        for (const E& e : value) chosen.push_back(internal::IndexOf(words, e));
        return chosen;
      });
}

}  // namespace accord::config
