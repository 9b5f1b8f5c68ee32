#include "coordinator/blob_refs.h"

#include "base/errors.h"
#include "base/log.h"

namespace accord::coordinator {

void BlobRefs::Add(const Digest& digest) {
  const MutexLock lock(mutex_);
  ++counts_[digest];
}

void BlobRefs::Release(const Digest& digest) {
  const MutexLock lock(mutex_);
  const auto entry = counts_.find(digest);
  if (entry == counts_.end() || --entry->second > 0) return;
  counts_.erase(entry);
  if (const Status deleted = blobs_.Delete(digest); !deleted.ok()) {
    LogWarn("blob.delete_failed", {{"blob", digest.Hex()}, {"why", Describe(deleted)}});
  }
}

void BlobRefs::Sweep() {
  const auto all = blobs_.List();
  if (!all.ok()) return LogWarn("blob.sweep_failed", {{"why", Describe(all.status())}});
  const MutexLock lock(mutex_);
  for (const store::BlobInfo& blob : *all) {
    if (counts_.contains(blob.digest)) continue;
    if (const Status deleted = blobs_.Delete(blob.digest); !deleted.ok()) {
      LogWarn("blob.delete_failed", {{"blob", blob.digest.Hex()}, {"why", Describe(deleted)}});
    }
  }
}

}  // namespace accord::coordinator
