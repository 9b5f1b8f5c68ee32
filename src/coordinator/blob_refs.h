// Which blobs some job still needs. Content-addressed blobs may be shared by jobs; the last one to let go
// deletes. Thread-safe; Release may wait for the disk.
#pragma once

#include <map>

#include "accord/ids.h"
#include "base/mutex.h"
#include "store/blobs.h"

namespace accord::coordinator {

class BlobRefs {
 public:
  explicit BlobRefs(store::Blobs& blobs) : blobs_(blobs) {}

  void Add(const Digest& digest);
  void Release(const Digest& digest);
  // After recovery, when every job has said what it needs: deletes the rest.
  void Sweep();

 private:
  store::Blobs& blobs_;
  Mutex mutex_;
  std::map<Digest, std::size_t> counts_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::coordinator
