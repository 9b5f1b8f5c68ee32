// The weights a job starts from: a function of (job seed, tensor name, element), equal bit for bit on every
// machine. Called by the coordinator and by every node that checks round 1. Pure; any thread; any tiling.
//
// Element i of tensor `name` is drawn so:
//   h = FNV-1a, 64 bits, of the bytes of `name`
//   u = word i mod 4 of Philox4x32-10(key = (lo32(seed), hi32(seed)),
//                                     counter = (lo32(i/4), hi32(i/4), lo32(h), hi32(h)))
//   x = f32(bound * ((2u + 1 - 2^32) * 2^-32))      in binary64, one rounding in the product, one to binary32
// so x lies in [-f32(bound), f32(bound)], is symmetric around 0 and never 0 by construction.
#pragma once

#include <cstdint>
#include <span>

#include "accord/model.h"

namespace accord::model {

// Elements first, first + 1, ... of `tensor` into `out`; first + out.size() must not exceed tensor.size.
void InitialTensor(const TensorSpec& tensor, std::uint64_t seed, std::uint64_t first, std::span<float> out);

// All tensors; weights.size() must be layout.size.
void InitialWeights(const ModelLayout& layout, std::uint64_t seed, std::span<float> weights);

}  // namespace accord::model
