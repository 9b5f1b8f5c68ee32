// kind = "unigram": a vocabulary whose pieces' frequencies are trained. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "accord/job_spec.h"

namespace accord::model {

// The one tensor, f32 [vocab_size]: how many of each piece a byte of text has on average. All start as 1 /
// vocab_size. A piece's probability is its share of them (data/unigram_lattice.h).
inline constexpr std::string_view kFrequencies = "frequencies";

// Bytes of an example where the plan does not say.
inline constexpr std::uint64_t kUnigramContext = 4'096;

// Whether an example is text, and not a row of a table or an image.
[[nodiscard]] inline bool ReadsText(const ModelSpec& model) {
  return model.kind == "llama" || model.kind == "unigram";
}

}  // namespace accord::model
