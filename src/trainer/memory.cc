#include "trainer/memory.h"

#include <unistd.h>

#include <algorithm>
#include <limits>

#include "base/errors.h"
#include "base/text.h"
#include "strategy/streaming.h"
#include "trainer/optimizer.h"

namespace accord::trainer {

Status CheckFits(const std::string& what, std::uint64_t need_bytes, std::uint64_t limit_bytes) {
  const std::uint64_t there = limit_bytes > 0 ? limit_bytes
                                              : static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                                                    static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (need_bytes <= there) return {};
  return Fail(errors::kTrainerMemory, what + " takes at least " + FormatBytes(need_bytes) +
                                          ", this machine has " + FormatBytes(there));
}

Result<std::uint64_t> TrainingBytes(const JobSpec& job, const ModelLayout& model,
                                    const model::Partition& partition) {
  const std::uint64_t vectors = 2 + Optimizer::Vectors(job.inner);
  const bool ditto = job.personal.kind == PersonalKind::kDitto;
  std::uint64_t of_trained = vectors;
  if (ditto) of_trained += vectors - 1;
  if (ditto || job.inner.proximal > 0.0) of_trained += 1;
  std::uint64_t floats = of_trained * partition.trained.size + 2 * partition.personal.size;
  if (job.adapter.kind != AdapterKind::kNone) {
    ACCORD_ASSIGN_OR_RETURN(const model::Adapter adapter, model::MakeAdapter(job.adapter, job.model, model));
    floats += 2 * model.size + 2 * adapter.layout.size;
    for (const model::AdaptedMatrix& matrix : adapter.matrices) floats += matrix.out * matrix.in;
  }
  if (strategy::GoesOn(job.streaming)) floats += partition.shared.size;
  const bool rounded = job.model.kind == "llama" && job.inner.precision == Precision::kBf16;
  return floats * sizeof(float) + (rounded ? 2 * model.size : 0);
}

std::uint64_t LargestPart(const InnerSpec& inner, std::uint64_t examples, std::uint64_t processes) {
  const auto share = [](std::uint64_t all, std::uint64_t among) { return (all + among - 1) / among; };
  const std::uint64_t mine = share(std::min<std::uint64_t>(inner.batch, examples), processes);
  const std::uint64_t parts = std::min(share(std::max<std::uint64_t>(1, inner.accumulate), processes), mine);
  return mine == 0 ? 0 : share(mine, parts);
}

// In doubles, since a plan may ask for more than 64 bits can say. Each line is one of Llama::Pass.
std::uint64_t ActivationBytes(const LlamaSpec& spec, const InnerSpec& inner, std::uint64_t windows,
                              std::uint64_t context) {
  constexpr double kFloat = sizeof(float);
  const double value = inner.precision == Precision::kBf16 ? 2.0 : kFloat;
  const auto width = static_cast<double>(spec.hidden_size);
  const auto gated = static_cast<double>(spec.intermediate_size);
  const auto layers = static_cast<double>(spec.num_hidden_layers);
  const auto heads = static_cast<double>(spec.num_attention_heads);
  const auto vocabulary = static_cast<double>(spec.vocab_size);
  const double keys = width * static_cast<double>(spec.num_key_value_heads) / heads;
  const double tokens = static_cast<double>(windows) * static_cast<double>(context);

  const double layer = value * (4 * width + 2 * keys + 3 * gated) + kFloat * (width + heads + 2);
  const double stream = kFloat * width * (layers + 1);
  const double last = kFloat * (1 + width) + value * 2 * width;  // norm, its gradient, and the stream's
  const double work = value * (3 * width + gated);
  const double logits =
      value * std::max(vocabulary, std::min(tokens * vocabulary, static_cast<double>(kLogitsAtOnce)));
  const double bytes = tokens * ((inner.checkpointing ? 1 : layers) * layer + stream + last + work) + logits;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  return bytes < static_cast<double>(kMost) ? static_cast<std::uint64_t>(bytes) : kMost;
}

}  // namespace accord::trainer
