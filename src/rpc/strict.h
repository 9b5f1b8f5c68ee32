// Reads the fields of one received message strictly and keeps the first thing that is wrong, as
// `rpc.malformed` with the field's name. For src/rpc/convert_*. One thread, lives for one message.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "accord/v1/types.pb.h"
#include "base/text.h"

namespace accord::rpc {

class Strict {
 public:
  // `message` is the name that errors carry: "Train" gives "Train.model_hash: ...".
  explicit Strict(std::string_view message) : message_(message) {}

  // Notes the first failure; later ones are its echo.
  void Refuse(std::string_view field, std::string_view what);
  void Require(bool good, std::string_view field, std::string_view what) {
    if (!good) Refuse(field, what);
  }

  // Exactly the bytes of the id; OrZero also takes none.
  template <class T>
  T Id(const std::string& raw, std::string_view field) {
    if (const auto id = T::FromBytes(raw)) return *id;
    Refuse(field, "has " + std::to_string(raw.size()) + " bytes instead of " + std::to_string(T::kSize));
    return T{};
  }
  template <class T>
  T IdOrZero(const std::string& raw, std::string_view field) {
    return raw.empty() ? T{} : Id<T>(raw, field);
  }
  // Node ids, 1 to 65,536 of them, strictly ascending.
  std::vector<NodeId> Cohort(const google::protobuf::RepeatedPtrField<std::string>& ids,
                             std::string_view field);
  // Rounds count from 1; OrZero where 0 has a meaning.
  RoundId Round(std::uint64_t value, std::string_view field);
  std::string Text(const std::string& text, std::size_t limit, std::string_view field);
  accord::Bytes Bytes(const std::string& raw, std::size_t limit, std::string_view field);
  TimePoint Time(std::uint64_t ms, std::string_view field);
  Millis Duration(std::uint64_t ms, std::string_view field);
  // An error with an id; `OrOk` also takes none.
  Status Error(const v1::Error& error, std::string_view field);
  Status ErrorOrOk(const v1::Error& error, std::string_view field);
  // The wire numbers every enum from 1, since 0 is "unspecified", and in the order of the domain's, unless
  // said otherwise. `last` is the last one of the domain.
  template <class T>
  T Enum(int wire, T last, std::string_view field) {
    if (wire >= 1 && wire <= static_cast<int>(last) + 1) return static_cast<T>(wire - 1);
    Refuse(field, "has the unknown value " + std::to_string(wire));
    return T{};
  }

  [[nodiscard]] const Status& status() const { return status_; }
  // The value that was read, or what was wrong with the message.
  template <class T>
  [[nodiscard]] Result<T> Give(T value) const {
    if (!status_.ok()) return status_;
    return value;
  }

 private:
  std::string_view message_;
  Status status_;
};

// Domain enum -> wire number, see Strict::Enum.
template <class Wire, class T>
[[nodiscard]] Wire ToWire(T value) {
  return static_cast<Wire>(static_cast<int>(value) + 1);
}
[[nodiscard]] inline std::uint64_t ToWireMs(TimePoint time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

}  // namespace accord::rpc
