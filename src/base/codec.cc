#include "base/codec.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace accord {
namespace {

constexpr std::int64_t kYear10000 = 253'402'300'800'000;

}  // namespace

Writer& Writer::F64(double v) {
  ACCORD_CHECK(std::isfinite(v));
  return U64(std::bit_cast<std::uint64_t>(v));
}

Writer& Writer::Lv(ByteView bytes) {
  ACCORD_CHECK(bytes.size() <= Reader::kMaxLv);
  U32(static_cast<std::uint32_t>(bytes.size()));
  return Raw(bytes);
}

Writer& Writer::Long(ByteView bytes) {
  U64(bytes.size());
  return Raw(bytes);
}

Writer& Writer::Raw(ByteView bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

bool Reader::Bool() {
  const std::uint8_t v = U8();
  if (v > 1) Refuse();
  return v == 1;
}

double Reader::F64() {
  const double v = std::bit_cast<double>(U64());
  if (std::isfinite(v)) return v;
  Refuse();
  return 0.0;
}

TimePoint Reader::Time() {
  const std::int64_t ms = I64();
  if (ms < 0 || ms >= kYear10000) Refuse();
  return ok_ ? TimePoint(Millis(ms)) : TimePoint();
}

ByteView Reader::Lv() {
  const std::uint32_t size = U32();
  if (size > kMaxLv) Refuse();
  return ok_ ? Raw(size) : ByteView{};
}

ByteView Reader::Long() {
  const std::uint64_t size = U64();
  if (size > rest_.size()) Refuse();
  return ok_ ? Raw(static_cast<std::size_t>(size)) : ByteView{};
}

ByteView Reader::Raw(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    Refuse();
    return {};
  }
  const ByteView out = rest_.first(size);
  rest_ = rest_.subspan(size);
  return out;
}

std::uint32_t Reader::Count(std::size_t item_size) {
  const std::uint32_t count = U32();
  if (count > rest_.size() / std::max<std::size_t>(item_size, 1)) {
    Refuse();
    return 0;
  }
  return count;
}

}  // namespace accord
