// Whether two states are the same: member by member, to the bit, without naming the members (dump.h). For
// states that have no operator==. A state that is shared is the same without a look.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "tests/simulation/dump.h"

namespace accord::simulation {

template <class T>
[[nodiscard]] bool Same(const T& a, const T& b);

struct SameItems {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return Same(a, b);
  }
};

template <class T>
struct Comparer {
  static bool Compare(const T& a, const T& b) {
    return [&]<std::size_t... I>(const auto& left, const auto& right, std::index_sequence<I...>) {
      return (Same(std::get<I>(left), std::get<I>(right)) && ...);
    }
    (Tie(a), Tie(b), std::make_index_sequence<Members<T>()>());
  }
};
template <class Tag, std::size_t N>
struct Comparer<FixedBytes<Tag, N>> {
  static bool Compare(const FixedBytes<Tag, N>& a, const FixedBytes<Tag, N>& b) { return a == b; }
};
template <class R, class P>
struct Comparer<std::chrono::duration<R, P>> {
  static bool Compare(std::chrono::duration<R, P> a, std::chrono::duration<R, P> b) { return a == b; }
};
template <>
struct Comparer<TimePoint> {
  static bool Compare(TimePoint a, TimePoint b) { return a == b; }
};
template <>
struct Comparer<std::string> {
  static bool Compare(const std::string& a, const std::string& b) { return a == b; }
};
template <>
struct Comparer<Bytes> {
  static bool Compare(const Bytes& a, const Bytes& b) { return a == b; }
};
template <class T>
concept Collection = requires(const T& items) {
  items.begin();
};
template <Collection T>
struct Comparer<T> {
  static bool Compare(const T& a, const T& b) { return std::ranges::equal(a, b, SameItems()); }
};
template <class A, class B>
struct Comparer<std::pair<A, B>> {
  static bool Compare(const std::pair<A, B>& a, const std::pair<A, B>& b) {
    return Same(a.first, b.first) && Same(a.second, b.second);
  }
};
template <class T>
struct Comparer<std::optional<T>> {
  static bool Compare(const std::optional<T>& a, const std::optional<T>& b) {
    return a.has_value() == b.has_value() && (!a || Same(*a, *b));
  }
};
template <class T>
struct Comparer<std::shared_ptr<T>> {
  static bool Compare(const std::shared_ptr<T>& a, const std::shared_ptr<T>& b) {
    return a == b || (a && b && Same(*a, *b));
  }
};
template <class... T>
struct Comparer<std::variant<T...>> {
  static bool Compare(const std::variant<T...>& a, const std::variant<T...>& b) {
    if (a.index() != b.index()) return false;
    return std::visit([&]<class Held>(const Held& held) { return Same(held, *std::get_if<Held>(&b)); }, a);
  }
};

template <class T>
bool Same(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    return a == b;
  } else {
    return Comparer<T>::Compare(a, b);
  }
}

}  // namespace accord::simulation
