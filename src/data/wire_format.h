// Messages in protobuf's wire format, https://protobuf.dev/programming-guides/encoding: as much as a
// SentencePiece model needs. Used by its reader and its writer (sentencepiece_model.h says why not the
// library). Pure; internal.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace accord::data {

// One field of a protobuf message: a number (also the bits of a float), or bytes.
struct WireField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  ByteView bytes;
  ByteView whole;  // key and value, as they stand in the message
  [[nodiscard]] std::string Text() const { return std::string(AsText(bytes)); }
};

// The fields of a message in their order.
class WireReader {
 public:
  explicit WireReader(ByteView bytes) : rest_(bytes) {}

  // False at the end, and where the bytes are no message.
  bool Next(WireField& field) {
    if (rest_.empty() || !good_) return false;
    const ByteView begun = rest_;
    const std::uint64_t key = Varint();
    field = {.number = key >> 3};
    switch (key & 7) {
      case 0:
        field.value = Varint();
        break;
      case 1:
        field.value = LittleEndian(Take(8));
        break;
      case 2:
        field.bytes = Take(Varint());
        break;
      case 5:
        field.value = LittleEndian(Take(4));
        break;
      default:
        good_ = false;
    }
    field.whole = begun.first(begun.size() - rest_.size());
    return good_;
  }
  // Whether all bytes so far were those of a message.
  [[nodiscard]] bool good() const { return good_; }

 private:
  ByteView Take(std::uint64_t size) {
    good_ = good_ && size <= rest_.size();
    if (!good_) return {};
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const ByteView byte = Take(1);
      if (byte.empty()) return 0;
      value |= static_cast<std::uint64_t>(byte[0] & 0x7F) << shift;
      if (byte[0] < 0x80) return value;
    }
    good_ = false;
    return 0;
  }
  static std::uint64_t LittleEndian(ByteView bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    return value;
  }

  ByteView rest_;
  bool good_ = true;
};

class WireWriter {
 public:
  WireWriter& Number(std::uint64_t field, std::uint64_t value) { return Varint(field << 3).Varint(value); }
  WireWriter& Float(std::uint64_t field, float value) {
    Varint(field << 3 | 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) out_.push_back(static_cast<std::uint8_t>(bits >> shift));
    return *this;
  }
  WireWriter& Text(std::uint64_t field, ByteView bytes) {
    return Varint(field << 3 | 2).Varint(bytes.size()).Copy(bytes);
  }
  // A field as it stood in another message.
  WireWriter& Copy(ByteView whole) {
    out_.insert(out_.end(), whole.begin(), whole.end());
    return *this;
  }
  [[nodiscard]] Bytes Take() && { return std::move(out_); }

 private:
  WireWriter& Varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<std::uint8_t>(value | 0x80));
    out_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }

  Bytes out_;
};

}  // namespace accord::data
