// IDX, the format of MNIST and its kin (http://yann.lecun.com/exdb/mnist): 0, 0, element type, rank, one
// big-endian u32 per dimension, then the elements row-major and big-endian. Any rank, any of the six types.
// Strict: every byte is accounted for. Called by LoadDataset.
#pragma once

#include <cstdint>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "data/input.h"

namespace accord::data {

enum class IdxType : std::uint8_t {
  kU8 = 0x08,
  kI8 = 0x09,
  kI16 = 0x0B,
  kI32 = 0x0C,
  kF32 = 0x0D,
  kF64 = 0x0E,
};

struct IdxArray {
  IdxType type = IdxType::kU8;
  std::vector<std::uint64_t> shape;  // of the whole array; the first dimension counts the examples
  Bytes bytes;                       // elements as in the file
};

// Fails with `data.magic`, `data.truncated`, `data.trailing`, `data.empty`. Memory grows with the bytes that
// are really there, whatever the header announces.
[[nodiscard]] Result<IdxArray> ReadIdx(Input& input);

// The elements as floats, not scaled; `data.number` names the first that is not finite.
[[nodiscard]] Result<std::vector<float>> IdxFloats(const IdxArray& array, const std::string& name);

// The elements of an array of rank 1 and integer type as labels 0 .. count - 1; `data.magic` for another rank
// or type, `data.label` names the first example out of range (its index from 0).
[[nodiscard]] Result<std::vector<std::int64_t>> IdxLabels(const IdxArray& array, std::uint64_t count,
                                                          const std::string& name);

}  // namespace accord::data
