// The one canonical codec (secagg.md 7.1): big-endian integers, fixed bytes, length-value. Everything that is
// hashed, signed or journalled goes through it, so that equal values have equal bytes in every language and
// version.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "accord/ids.h"
#include "base/text.h"

namespace accord {

// Appends to an owned buffer. Never fails.
class Writer {
 public:
  Writer& U8(std::uint8_t v) { return BigEndian(v); }
  Writer& U16(std::uint16_t v) { return BigEndian(v); }
  Writer& U32(std::uint32_t v) { return BigEndian(v); }
  Writer& U64(std::uint64_t v) { return BigEndian(v); }
  Writer& I64(std::int64_t v) { return BigEndian(static_cast<std::uint64_t>(v)); }
  Writer& Bool(bool v) { return U8(v ? 1 : 0); }
  // The IEEE bits of a finite double; any other is a bug, since no Reader would take it.
  Writer& F64(double v);
  // Unix milliseconds, from 1970 to the year 9999.
  Writer& Time(TimePoint v) { return I64(v.time_since_epoch().count()); }
  // u32 length and the bytes; at most 65,536 bytes (kMaxLv), longer is a bug.
  Writer& Lv(ByteView bytes);
  Writer& Lv(std::string_view text) { return Lv(AsBytes(text)); }
  // u64 length and the bytes, for journal payloads that may be longer than an LV.
  Writer& Long(ByteView bytes);
  Writer& Raw(ByteView bytes);
  Writer& Raw(std::string_view text) { return Raw(AsBytes(text)); }
  template <class Tag, std::size_t N>
  Writer& Fixed(const FixedBytes<Tag, N>& value) {
    return Raw(ByteView(value.bytes));
  }

  [[nodiscard]] const Bytes& bytes() const& { return bytes_; }
  [[nodiscard]] Bytes Take() && { return std::move(bytes_); }

 private:
  template <std::unsigned_integral T>
  Writer& BigEndian(T v) {
    for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
      bytes_.push_back(static_cast<std::uint8_t>(v >> shift));
    }
    return *this;
  }
  Bytes bytes_;
};

// Reads from borrowed bytes. The first short or ill-formed read makes ok() false for good and every later
// value zero or empty, so that a parser checks once, at its end, with Done().
class Reader {
 public:
  static constexpr std::size_t kMaxLv = 65'536;

  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t U8() { return BigEndian<std::uint8_t>(); }
  std::uint16_t U16() { return BigEndian<std::uint16_t>(); }
  std::uint32_t U32() { return BigEndian<std::uint32_t>(); }
  std::uint64_t U64() { return BigEndian<std::uint64_t>(); }
  std::int64_t I64() { return static_cast<std::int64_t>(U64()); }
  bool Bool();   // 0 or 1, nothing else
  double F64();  // finite, nothing else
  // As Writer::Time; another year is refused, so that sums of times and waits stay far from overflow.
  TimePoint Time();
  ByteView Lv();
  std::string LvText() { return std::string(AsText(Lv())); }
  ByteView Long();
  ByteView Raw(std::size_t size);
  template <class Id>
  Id Fixed() {
    Id id;
    const ByteView raw = Raw(Id::kSize);
    if (!raw.empty()) std::copy(raw.begin(), raw.end(), id.bytes.begin());
    return id;
  }
  // A list count, refused when `count * item_size` bytes (at least one a piece) cannot follow: no huge
  // reserve.
  std::uint32_t Count(std::size_t item_size);

  void Refuse() {
    ok_ = false;
    rest_ = {};
  }
  [[nodiscard]] bool ok() const { return ok_; }
  // Everything read, nothing left, nothing refused.
  [[nodiscard]] bool Done() const { return ok_ && rest_.empty(); }
  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }

 private:
  template <std::unsigned_integral T>
  T BigEndian() {
    const ByteView raw = Raw(sizeof(T));
    T v = 0;
    for (const std::uint8_t byte : raw) v = static_cast<T>(static_cast<std::uint64_t>(v) << 8 | byte);
    return v;
  }
  ByteView rest_;
  bool ok_ = true;
};

}  // namespace accord
