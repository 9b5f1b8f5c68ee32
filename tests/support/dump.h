// Any value of the pure machines as text, with every field: for comparing two states whole, and for failures
// that can be read. A field that is added to a struct is in it by itself. Test only.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "accord/ids.h"

namespace accord::testing {

template <class T>
std::string Dump(const T& value);

namespace dump_internal {

struct Anything {
  template <class T>
  operator T() const;  // NOLINT: never defined, only asked whether it would do
};

// How many fields the aggregate T has.
template <class T, class... Given>
consteval std::size_t Fields() {
  if constexpr (requires { T{std::declval<Given>()..., Anything{}}; }) {
    return Fields<T, Given..., Anything>();
  } else {
    return sizeof...(Given);
  }
}

template <class T>
auto Tie(const T& v) {
  constexpr std::size_t kFields = Fields<T>();
  static_assert(kFields <= 18, "one line more, please");
  // clang-format off
  if constexpr (kFields == 0) { return std::tie(); }
  else if constexpr (kFields == 1) { const auto& [a] = v; return std::tie(a); }
  else if constexpr (kFields == 2) { const auto& [a, b] = v; return std::tie(a, b); }
  else if constexpr (kFields == 3) { const auto& [a, b, c] = v; return std::tie(a, b, c); }
  else if constexpr (kFields == 4) { const auto& [a, b, c, d] = v; return std::tie(a, b, c, d); }
  else if constexpr (kFields == 5) { const auto& [a, b, c, d, e] = v; return std::tie(a, b, c, d, e); }
  else if constexpr (kFields == 6) { const auto& [a, b, c, d, e, f] = v; return std::tie(a, b, c, d, e, f); }
  else if constexpr (kFields == 7) { const auto& [a, b, c, d, e, f, g] = v; return std::tie(a, b, c, d, e, f, g); }
  else if constexpr (kFields == 8) { const auto& [a, b, c, d, e, f, g, h] = v; return std::tie(a, b, c, d, e, f, g, h); }
  else if constexpr (kFields == 9) { const auto& [a, b, c, d, e, f, g, h, i] = v; return std::tie(a, b, c, d, e, f, g, h, i); }
  else if constexpr (kFields == 10) { const auto& [a, b, c, d, e, f, g, h, i, j] = v; return std::tie(a, b, c, d, e, f, g, h, i, j); }
  else if constexpr (kFields == 11) { const auto& [a, b, c, d, e, f, g, h, i, j, k] = v; return std::tie(a, b, c, d, e, f, g, h, i, j, k); }
  else if constexpr (kFields == 12) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = v; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l); }
  else if constexpr (kFields == 13) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = v; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m); }
  else if constexpr (kFields == 14) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = v; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n); }
  else if constexpr (kFields == 15) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = v; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o); }
  else if constexpr (kFields == 16) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = v; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p); }
  else if constexpr (kFields == 17) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = v; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q); }
  else { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = v; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r); }
  // clang-format on
}

template <class Tag, std::size_t N>
std::string Text(const FixedBytes<Tag, N>& v) {
  return v.IsZero() ? "0" : v.Hex().substr(0, 16);
}
inline std::string Text(const std::string& v) { return '"' + v + '"'; }
inline std::string Text(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%a", v);
  return text;
}
template <class T>
requires std::is_integral_v<T> || std::is_enum_v<T> std::string Text(T v) {
  return std::to_string(static_cast<std::int64_t>(v));
}
template <class R, class P>
std::string Text(const std::chrono::duration<R, P>& v) {
  return std::to_string(v.count());
}
template <class C, class D>
std::string Text(const std::chrono::time_point<C, D>& v) {
  return "@" + Text(v.time_since_epoch());
}
template <class A, class B>
std::string Text(const std::pair<A, B>& v) {
  return Dump(v.first) + ":" + Dump(v.second);
}
template <class T>
std::string Text(const std::optional<T>& v) {
  return v ? Dump(*v) : "none";
}
template <class T>
std::string Text(const std::shared_ptr<T>& v) {
  return v ? Dump(*v) : "none";
}
template <class C>
std::string List(const C& values) {
  std::string text = "[";
  for (const auto& value : values) text += (text.size() > 1 ? " " : "") + Dump(value);
  return text + "]";
}
template <class T>
std::string Text(const std::vector<T>& v) {
  return List(v);
}
template <class T>
std::string Text(const std::set<T>& v) {
  return List(v);
}
template <class K, class V>
std::string Text(const std::map<K, V>& v) {
  return List(v);
}
template <class... T>
std::string Text(const std::variant<T...>& v) {
  return "#" + std::to_string(v.index()) + std::visit([](const auto& held) { return Dump(held); }, v);
}

}  // namespace dump_internal

template <class T>
std::string Dump(const T& value) {
  if constexpr (requires { dump_internal::Text(value); }) {
    return dump_internal::Text(value);
  } else {
    static_assert(std::is_aggregate_v<T>);
    std::string text = "{";
    std::apply([&](const auto&... field) { ((text += (text.size() > 1 ? " " : "") + Dump(field)), ...); },
               dump_internal::Tie(value));
    return text + "}";
  }
}

}  // namespace accord::testing
