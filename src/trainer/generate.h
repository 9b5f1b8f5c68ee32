// Text from a language model, token by token: what a program on a citizen's machine calls to run a model or a
// graduate. Keys and values of past tokens are kept, so a token costs one pass over the weights. No torch in
// this header.
//
// Thread rule: one Generator serves one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"

namespace accord::trainer {

// How the next token is taken from the model's probabilities. The filters apply in the order given, each to
// what the one before left, as in Hugging Face's generate.
struct Sampling {
  double temperature = 0.0;  // 0: the most probable token, always (of equals the lowest id)
  std::uint64_t top_k = 0;   // > 0: among so many of the most probable
  double top_p = 1.0;        // < 1: among the fewest whose probabilities sum to at least this
  std::uint64_t seed = 0;    // equal seeds draw equal tokens from equal probabilities
};

struct GenerateRequest {
  std::span<const std::int32_t> prompt;  // begins with the model's <s>; not empty
  std::uint64_t max_tokens = 0;          // beyond the prompt
  std::optional<std::int32_t> end;       // generation ends with this token, which is not told
  Sampling sampling;
  std::function<bool(std::int32_t token)> token;  // told each token as it comes; false ends the generation
};

class Generator {
 public:
  virtual ~Generator() = default;
  // Generates from the start: nothing is remembered of an earlier call. Gives the number of tokens told; the
  // model's positions end it at the latest. Fails with `job.invalid` for a prompt that is empty, longer than
  // the positions, or holds a token outside the vocabulary, and for sampling out of range; with
  // `trainer.memory` and `trainer.failed`.
  [[nodiscard]] virtual Result<std::uint64_t> Generate(const GenerateRequest& request) = 0;
  // The logits [tokens, vocab_size] after each of `tokens`, read from the start. Fails likewise.
  [[nodiscard]] virtual Result<std::vector<float>> Logits(std::span<const std::int32_t> tokens) = 0;
};

// `weights` in the order of the layout of `spec`; copied. `threads` 0: as many as the machine has. What is
// kept of past tokens is for those of a call, at most the model's positions, and at most `memory_bytes` (0:
// all of the machine's): else the call fails with `trainer.memory`. Fails with `model.shape` when spec and
// weights do not fit, with `trainer.memory` and `trainer.failed`.
[[nodiscard]] Result<std::unique_ptr<Generator>> MakeGenerator(const LlamaSpec& spec,
                                                               std::span<const float> weights,
                                                               std::uint32_t threads,
                                                               std::uint64_t memory_bytes = 0);

}  // namespace accord::trainer
