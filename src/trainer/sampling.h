// The choice of the next token. Used by the generator; pure.
#pragma once

#include <cstdint>
#include <span>

#include "trainer/generate.h"

namespace accord::trainer {

// A token by `sampling` from the model's logits. `draw` numbers the tokens of a generation: the same seed and
// draw give the same random number.
[[nodiscard]] std::int32_t SampleToken(std::span<const float> logits, const Sampling& sampling,
                                       std::uint64_t draw);

}  // namespace accord::trainer
