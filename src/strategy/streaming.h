// Streaming DiLoCo (Douillard et al. 2025; spec/learning.md 2.1, with the semantics of torchft): the model in
// fragments of layers that are synchronised in turn, each once in H local steps, so that a link carries a
// fragment at a time and the sum may travel while training goes on. What is here says which elements belong
// to a fragment, when its update is taken and its new value comes, and how the new value meets the local one;
// the outer step of a fragment is that of any OuterRule over its elements. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::strategy {

struct Streaming {
  std::uint64_t steps = 0;      // H: local steps in which every fragment is synchronised once
  std::uint32_t fragments = 1;  // P
  std::uint64_t delay = 0;      // tau: local steps between a fragment's update and its new value
  double alpha = 0.0;           // share of the local value that is kept: 0 takes the global one

  // `job.invalid` unless P >= 1 divides H >= 1, tau < H / P and 0 <= alpha <= 1.
  [[nodiscard]] Status Validate() const;
  [[nodiscard]] std::uint64_t Interval() const { return steps / fragments; }
};

// What is due once `step` local steps are done, from 1 on. Without a delay both are the same fragment.
struct StreamingDue {
  std::optional<std::uint32_t> update;  // take this fragment's update: local less global
  std::optional<std::uint32_t> value;   // its new global value counts from here on; meet it
};
[[nodiscard]] StreamingDue DueAt(const Streaming& plan, std::uint64_t step);

// A job's own; steps is inner.local_steps.
[[nodiscard]] Streaming StreamingOf(const JobSpec& job);

// The same by rounds (from 1) of a job: after round.synchronous rounds, which are of the whole model, each
// ends with the update of one fragment, and the next one meets its new value after its first `delay` local
// steps.
struct StreamingRound {
  std::optional<std::uint32_t> update;  // none: of the whole model
  std::optional<std::uint32_t> value;   // none: the round begins with the whole global model
  std::uint64_t turn = 1;               // how often the fragment is updated with this round
};
[[nodiscard]] StreamingRound RoundOf(const JobSpec& job, std::uint64_t round);

// Whether nodes of this job go on from weights of their own, rather than from the round's model.
[[nodiscard]] bool GoesOn(const StreamingSpec& streaming);

// The fragment of a tensor. Strided: layer i, the first component of the name that is a number, is in
// fragment i mod P; of the tensors without one the embedding is in the first fragment, all others in the
// last.
[[nodiscard]] std::uint32_t FragmentOf(std::string_view tensor, std::uint32_t fragments);

// The elements of a fragment in the flat buffer of `tensors`, ascending, neighbours joined. Every element is
// in one fragment.
struct ElementRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  friend bool operator==(const ElementRange&, const ElementRange&) = default;
};
[[nodiscard]] std::vector<ElementRange> ElementsOf(std::span<const TensorSpec> tensors,
                                                   std::uint32_t fragment, std::uint32_t fragments);

// local' = global + alpha (local - global), in binary64; with alpha 0 the bits of global. Spans of equal
// length.
void Meet(double alpha, std::span<const float> global, std::span<float> local);

}  // namespace accord::strategy
