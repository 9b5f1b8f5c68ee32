// at::Tensor for this module's headers, and the only way they get it: clang 14 in C++20 compiles libtorch
// 1.13 only when ivalue.h comes before everything else of ATen.
#pragma once

#include <ATen/core/ivalue.h>
// clang-format off: after ivalue.h
#include <ATen/core/Tensor.h>
// clang-format on
