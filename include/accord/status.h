// Status and Result<T>: how the environment's failures travel (files, peers, input of people).
// A bug is ACCORD_CHECK, a protocol refusal is a value of its machine; neither is a Status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace accord {

// The kinds of failure. Each maps to one gRPC code (src/rpc/status_map) and to one exit code of the CLI.
enum class Code : std::uint8_t {
  kOk = 0,
  kInvalid,          // the request or file is wrong and stays wrong
  kNotFound,         // what was named does not exist
  kConflict,         // it exists already, or the state does not allow it now
  kDenied,           // known, but not allowed
  kUnauthenticated,  // not known, or its credentials do not count (any more)
  kUnavailable,      // not reachable now; trying again may help
  kTimeout,          // took longer than its bound
  kExhausted,        // out of disk, memory, budget or slots
  kCorrupt,          // bytes do not match their checksum or format
  kInternal,         // a bug, or something nobody foresaw
};

// Success, or a failure with a stable dotted `error` id ("upload.checksum", see docs/errors), what happened
// in this case, and what a person can do about it.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string error, std::string message, std::string hint = {})
      : code_(code), error_(std::move(error)), message_(std::move(message)), hint_(std::move(hint)) {}

  [[nodiscard]] bool ok() const { return code_ == Code::kOk; }
  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }

  friend bool operator==(const Status&, const Status&) = default;

 private:
  Code code_ = Code::kOk;
  std::string error_;
  std::string message_;
  std::string hint_;
};

// A T or the Status that says why there is none. value() on a failure is a bug and throws
// std::bad_variant_access.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}         // NOLINT: implicit by design
  Result(Status status) : held_(std::in_place_index<1>, std::move(status)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const { return held_.index() == 0; }
  [[nodiscard]] Status status() const { return ok() ? Status() : std::get<1>(held_); }
  [[nodiscard]] T& value() & { return std::get<0>(held_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(held_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(held_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> held_;
};

}  // namespace accord

// Returns the Status of `expression` from the enclosing function when it is a failure.
#define ACCORD_RETURN_IF_ERROR(expression)                                                           \
  do {                                                                                               \
    if (::accord::Status accord_status_ = (expression); !accord_status_.ok()) return accord_status_; \
  } while (false)

#define ACCORD_CONCAT_INNER_(a, b) a##b
#define ACCORD_CONCAT_(a, b) ACCORD_CONCAT_INNER_(a, b)
// ACCORD_ASSIGN_OR_RETURN(auto x, F()): x from the Result of F(), or returns its Status.
#define ACCORD_ASSIGN_OR_RETURN(lhs, expression) \
  ACCORD_ASSIGN_OR_RETURN_(ACCORD_CONCAT_(accord_result_, __LINE__), lhs, expression)
#define ACCORD_ASSIGN_OR_RETURN_(result, lhs, expression) \
  auto result = (expression);                             \
  if (!result.ok()) return result.status();               \
  lhs = std::move(result).value()
