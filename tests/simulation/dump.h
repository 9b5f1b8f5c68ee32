// Any state as text: aggregates by their members, without naming them, so that a field that is added later is
// compared, too. For comparing states that have no operator==, and for looking at them when they differ.
//
// Counts the members of an aggregate by how many initialisers it takes, then binds them (as Boost.PFR does).
#pragma once

#include <chrono>
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

#include "accord/clock.h"
#include "accord/ids.h"
#include "base/text.h"

namespace accord::simulation {

struct Any {
  template <class T>
  operator T() const;  // NOLINT: never called
};

template <class T, std::size_t... I>
constexpr bool TakesThat(std::index_sequence<I...>) {
  return requires { T{((void)I, Any{})...}; };
}
template <class T, std::size_t N = 19>
constexpr std::size_t Members() {
  if constexpr (N == 0 || TakesThat<T>(std::make_index_sequence<N>())) {
    return N;
  } else {
    return Members<T, N - 1>();
  }
}

template <class T>
auto Tie(const T& value) {
  constexpr std::size_t kMembers = Members<T>();
  static_assert(kMembers <= 18, "one more case, please");
  // clang-format off
  if constexpr (kMembers == 0) return std::tuple<>();
  else if constexpr (kMembers == 1) { const auto& [a] = value; return std::tie(a); }
  else if constexpr (kMembers == 2) { const auto& [a, b] = value; return std::tie(a, b); }
  else if constexpr (kMembers == 3) { const auto& [a, b, c] = value; return std::tie(a, b, c); }
  else if constexpr (kMembers == 4) { const auto& [a, b, c, d] = value; return std::tie(a, b, c, d); }
  else if constexpr (kMembers == 5) { const auto& [a, b, c, d, e] = value;
    return std::tie(a, b, c, d, e); }
  else if constexpr (kMembers == 6) { const auto& [a, b, c, d, e, f] = value;
    return std::tie(a, b, c, d, e, f); }
  else if constexpr (kMembers == 7) { const auto& [a, b, c, d, e, f, g] = value;
    return std::tie(a, b, c, d, e, f, g); }
  else if constexpr (kMembers == 8) { const auto& [a, b, c, d, e, f, g, h] = value;
    return std::tie(a, b, c, d, e, f, g, h); }
  else if constexpr (kMembers == 9) { const auto& [a, b, c, d, e, f, g, h, i] = value;
    return std::tie(a, b, c, d, e, f, g, h, i); }
  else if constexpr (kMembers == 10) { const auto& [a, b, c, d, e, f, g, h, i, j] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j); }
  else if constexpr (kMembers == 11) { const auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k); }
  else if constexpr (kMembers == 12) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l); }
  else if constexpr (kMembers == 13) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m); }
  else if constexpr (kMembers == 14) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n); }
  else if constexpr (kMembers == 15) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o); }
  else if constexpr (kMembers == 16) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p); }
  else if constexpr (kMembers == 17) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q); }
  else if constexpr (kMembers == 18) { const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r); }
  // clang-format on
}

template <class T>
void Dump(const T& value, std::string& out);

template <class T>
void DumpAll(const T& values, std::string& out) {
  out += '[';
  for (const auto& value : values) Dump(value, out);
  out += ']';
}

template <class T>
struct Dumper {
  static void Put(const T& value, std::string& out) {
    out += '{';
    std::apply([&](const auto&... member) { (Dump(member, out), ...); }, Tie(value));
    out += '}';
  }
};
template <class Tag, std::size_t N>
struct Dumper<FixedBytes<Tag, N>> {
  static void Put(const FixedBytes<Tag, N>& value, std::string& out) {
    out.append(value.View().substr(0, 8)) += ' ';  // enough to tell them apart
  }
};
template <class R, class P>
struct Dumper<std::chrono::duration<R, P>> {
  static void Put(const std::chrono::duration<R, P>& value, std::string& out) { Dump(value.count(), out); }
};
template <>
struct Dumper<TimePoint> {
  static void Put(const TimePoint& value, std::string& out) { Dump(value.time_since_epoch(), out); }
};
template <>
struct Dumper<std::string> {
  static void Put(const std::string& value, std::string& out) { out += value; }
};
template <>
struct Dumper<Bytes> {
  static void Put(const Bytes& value, std::string& out) { (out += 'b').append(AsText(value)); }
};
template <class T>
struct Dumper<std::vector<T>> {
  static void Put(const std::vector<T>& value, std::string& out) { DumpAll(value, out); }
};
template <class T>
struct Dumper<std::set<T>> {
  static void Put(const std::set<T>& value, std::string& out) { DumpAll(value, out); }
};
template <class K, class V>
struct Dumper<std::map<K, V>> {
  static void Put(const std::map<K, V>& value, std::string& out) { DumpAll(value, out); }
};
template <class A, class B>
struct Dumper<std::pair<A, B>> {
  static void Put(const std::pair<A, B>& value, std::string& out) {
    Dump(value.first, out);
    out += ':';
    Dump(value.second, out);
  }
};
template <class T>
struct Dumper<std::optional<T>> {
  static void Put(const std::optional<T>& value, std::string& out) {
    value ? Dump(*value, out) : static_cast<void>(out += '-');
  }
};
template <class T>
struct Dumper<std::shared_ptr<T>> {
  static void Put(const std::shared_ptr<T>& value, std::string& out) {
    value ? Dump(*value, out) : static_cast<void>(out += '-');
  }
};
template <class... T>
struct Dumper<std::variant<T...>> {
  static void Put(const std::variant<T...>& value, std::string& out) {
    (out += '#') += std::to_string(value.index());
    std::visit([&](const auto& held) { Dump(held, out); }, value);
  }
};

template <class T>
void Dump(const T& value, std::string& out) {
  if constexpr (std::is_enum_v<T>) {
    (out += std::to_string(static_cast<long long>(value))) += ' ';
  } else if constexpr (std::is_arithmetic_v<T>) {
    (out += std::to_string(value)) += ' ';
  } else {
    Dumper<T>::Put(value, out);
  }
}

template <class T>
[[nodiscard]] std::string DumpOf(const T& value) {
  std::string out;
  Dump(value, out);
  return out;
}

}  // namespace accord::simulation
