// How a check of FSA-1 ends: with a value, or with a refusal that has a name of section 7 and the node that
// it concerns. Used by both sides.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/errors.h"

namespace accord::secagg {

struct Refusal {
  Status status;    // never ok; error() is "secagg." and the name of section 7
  NodeId concerns;  // zeros: nobody

  // The name as an Abort carries it: "bad_share".
  [[nodiscard]] std::string Name() const {
    constexpr std::string_view kPrefix = "secagg.";
    const std::string& id = status.error();
    return id.starts_with(kPrefix) ? id.substr(kPrefix.size()) : id;
  }
};

// Nothing, or why not.
using Verdict = std::optional<Refusal>;

[[nodiscard]] inline Refusal Refuse(const ErrorInfo& error, std::string what, const NodeId& concerns = {}) {
  return {.status = Fail(error, std::move(what)), .concerns = concerns};
}
// A failure that names nobody yet.
[[nodiscard]] inline Refusal Refuse(Status status, const NodeId& concerns = {}) {
  return {.status = std::move(status), .concerns = concerns};
}

// A T or a Refusal. value() of a refusal is a bug and throws std::bad_variant_access.
template <class T>
class [[nodiscard]] Checked {
 public:
  Checked(T value) : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Checked(Refusal refusal) : held_(std::in_place_index<1>, std::move(refusal)) {}  // NOLINT: as above

  [[nodiscard]] bool ok() const { return held_.index() == 0; }
  [[nodiscard]] const Refusal& refusal() const { return std::get<1>(held_); }
  [[nodiscard]] T& operator*() & { return std::get<0>(held_); }
  [[nodiscard]] const T& operator*() const& { return std::get<0>(held_); }
  [[nodiscard]] T&& operator*() && { return std::get<0>(std::move(held_)); }
  [[nodiscard]] T* operator->() { return &std::get<0>(held_); }
  [[nodiscard]] const T* operator->() const { return &std::get<0>(held_); }

 private:
  std::variant<T, Refusal> held_;
};

}  // namespace accord::secagg
