#include "trainer/memory.h"

#include <unistd.h>

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
  return floats * sizeof(float);
}

}  // namespace accord::trainer
