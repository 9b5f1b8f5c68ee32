#include "data/idx.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <string>

#include "base/errors.h"

namespace accord::data {
namespace {

constexpr std::size_t kFirstPiece = 1U << 20;

std::optional<std::size_t> ElementSize(std::uint8_t type) {
  switch (static_cast<IdxType>(type)) {
    case IdxType::kU8:
    case IdxType::kI8:
      return 1;
    case IdxType::kI16:
      return 2;
    case IdxType::kI32:
    case IdxType::kF32:
      return 4;
    case IdxType::kF64:
      return 8;
  }
  return std::nullopt;
}

template <class T>
T BigEndian(const std::uint8_t* bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(static_cast<std::uint64_t>(value) << 8 | bytes[i]);
  }
  return value;
}

Status Truncated(const Input& input, const std::string& what) {
  return Fail(errors::kDataTruncated, input.name() + " " + what);
}

// Element type and rank.
Result<std::array<std::uint8_t, 4>> ReadMagic(Input& input) {
  std::array<std::uint8_t, 4> magic{};
  ACCORD_ASSIGN_OR_RETURN(const std::size_t got, input.Read(magic));
  if (got == 0) return Fail(errors::kDataEmpty, input.name() + " has no bytes");
  if (got < magic.size()) return Truncated(input, "ends within its first 4 bytes");
  if (magic[0] != 0 || magic[1] != 0 || !ElementSize(magic[2]) || magic[3] == 0) {
    return Fail(errors::kDataMagic, input.name() + " does not begin with 0, 0, a known type and a rank");
  }
  return magic;
}

// Dimensions into `shape`; returns the number of bytes of all elements.
Result<std::uint64_t> ReadShape(Input& input, std::array<std::uint8_t, 4> magic,
                                std::vector<std::uint64_t>& shape) {
  std::uint64_t total = *ElementSize(magic[2]);
  bool overflow = false;
  for (int i = 0; i < magic[3]; ++i) {
    std::array<std::uint8_t, 4> word{};
    ACCORD_ASSIGN_OR_RETURN(const std::size_t got, input.Read(word));
    if (got < word.size()) return Truncated(input, "ends within its dimensions");
    shape.push_back(BigEndian<std::uint32_t>(word.data()));
    overflow = __builtin_mul_overflow(total, shape.back(), &total) || overflow;
  }
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) {
    return Fail(errors::kDataEmpty, input.name() + " has a dimension of 0");
  }
  if (overflow) return Truncated(input, "announces more than 2^64 bytes");
  return total;
}

Status ReadElements(Input& input, std::uint64_t total, Bytes& bytes) {
  while (bytes.size() < total) {
    const std::size_t have = bytes.size();
    bytes.resize(std::min<std::uint64_t>(total, std::max(kFirstPiece, 2 * have)));
    ACCORD_ASSIGN_OR_RETURN(const std::size_t got, input.Read(std::span(bytes).subspan(have)));
    if (have + got < bytes.size()) {
      return Truncated(input, "announces " + std::to_string(total) + " bytes of elements and has " +
                                  std::to_string(have + got));
    }
  }
  std::array<std::uint8_t, 1> more{};
  ACCORD_ASSIGN_OR_RETURN(const std::size_t got, input.Read(more));
  if (got != 0) return Fail(errors::kDataTrailing, input.name() + " has bytes after its last element");
  return {};
}

double Element(IdxType type, const std::uint8_t* at) {
  switch (type) {
    case IdxType::kU8:
      return *at;
    case IdxType::kI8:
      return static_cast<std::int8_t>(*at);
    case IdxType::kI16:
      return static_cast<std::int16_t>(BigEndian<std::uint16_t>(at));
    case IdxType::kI32:
      return static_cast<std::int32_t>(BigEndian<std::uint32_t>(at));
    case IdxType::kF32:
      return std::bit_cast<float>(BigEndian<std::uint32_t>(at));
    case IdxType::kF64:
      return std::bit_cast<double>(BigEndian<std::uint64_t>(at));
  }
  return 0;
}

}  // namespace

Result<IdxArray> ReadIdx(Input& input) {
  ACCORD_ASSIGN_OR_RETURN(const auto magic, ReadMagic(input));
  IdxArray array;
  array.type = static_cast<IdxType>(magic[2]);
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t total, ReadShape(input, magic, array.shape));
  ACCORD_RETURN_IF_ERROR(ReadElements(input, total, array.bytes));
  return array;
}

Result<std::vector<float>> IdxFloats(const IdxArray& array, const std::string& name) {
  const std::size_t step = *ElementSize(static_cast<std::uint8_t>(array.type));
  std::vector<float> values(array.bytes.size() / step);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = Element(array.type, array.bytes.data() + i * step);
    values[i] = static_cast<float>(value);
    if (!std::isfinite(values[i])) {
      return Fail(errors::kDataNumber, name + ": example " +
                                           std::to_string(i / (values.size() / array.shape[0])) +
                                           " (from 0) has an element that is not a finite number");
    }
  }
  return values;
}

Result<std::vector<std::int64_t>> IdxLabels(const IdxArray& array, std::uint64_t count,
                                            const std::string& name) {
  if (array.shape.size() != 1 || array.type == IdxType::kF32 || array.type == IdxType::kF64) {
    return Fail(errors::kDataMagic, name + " does not hold labels: an array of rank 1 of whole numbers");
  }
  const std::size_t step = *ElementSize(static_cast<std::uint8_t>(array.type));
  std::vector<std::int64_t> labels(array.shape[0]);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double value = Element(array.type, array.bytes.data() + i * step);
    if (value < 0 || value >= static_cast<double>(count)) {
      return Fail(errors::kDataLabel, name + ": the label of example " + std::to_string(i) +
                                          " (from 0) is not one of 0 to " + std::to_string(count - 1));
    }
    labels[i] = static_cast<std::int64_t>(value);
  }
  return labels;
}

}  // namespace accord::data
