// What a job leaves behind at a lab, and when it goes.
#include <vector>

#include "base/errors.h"
#include "base/log.h"
#include "model/partition.h"
#include "node/job_task.h"

namespace accord::node {

// Only the lab itself ends what it has kept for itself: its people may use it after the job. Where the plan
// is not known, which a newer or older program had taken, nobody can say here whose it is: so it stays.
bool JobTask::KeepsItsPart(const std::filesystem::path& kept) const {
  if (!driver_->state().ended || driver_->state().erased) return false;
  if (facts_.spec != nullptr) return model::HasPersonal(*facts_.spec);
  std::error_code ignored;
  if (!std::filesystem::exists(kept, ignored)) return false;
  LogWarn("job.kept",
          {{"job", id_.Hex()},
           {"path", kept.string()},
           {"why",
            "the job has ended, and this program cannot read its plan to tell whether this is the lab's own"},
           {"hint", "remove it with: accord-node erase " + id_.Hex()}});
  return true;
}

void JobTask::EraseJobFiles() {
  std::error_code ignored;
  const std::filesystem::path directory = services_.jobs_dir / id_.Hex();
  if (!KeepsItsPart(KeptFiles())) {
    std::filesystem::remove_all(directory, ignored);
    return;
  }
  std::vector<std::filesystem::path> rest;
  for (std::filesystem::directory_iterator entry(directory, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (entry->path() != KeptFiles()) rest.push_back(entry->path());
  }
  for (const std::filesystem::path& path : rest) std::filesystem::remove_all(path, ignored);
}

// Training that was stopped may have left a checkpoint after everything was erased.
void JobTask::EraseIfOver() {
  if (driver_->state().ended || driver_->state().erased) EraseJobFiles();
}

void JobTask::EraseFiles() {
  update_ = {};
  secure_ = nullptr;
  weights_ = next_ = nullptr;
  kept_ = {};
  weights_hash_ = next_hash_ = {};
  EraseJobFiles();
  for (const Digest& file : deltas_) {
    Status deleted = OpenDeltas();
    if (deleted.ok()) deleted = delta_files_->Delete(file);
    if (!deleted.ok()) {
      LogWarn("erase.failed", {{"job", name()}, {"why", Describe(deleted)}});
    }
  }
  deltas_.clear();
  if (!driver_->state().ended) return;
  trainer_ = nullptr;  // and with it the data in memory
  plan_ = {};
  std::error_code ignored;
  std::filesystem::remove_all(services_.deltas_dir / id_.Hex(), ignored);
}

}  // namespace accord::node
