// The reserve: disk space held back by a preallocated file, given up when the disk is full, so that the pause
// of the jobs can still be journalled. Freed by the journal, restored by the shell's retry. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "accord/status.h"
#include "base/mutex.h"

namespace accord::store {

class Reserve {
 public:
  static constexpr std::uint64_t kDefaultSize = 16ULL << 20;

  // Makes `file` of `size` bytes whose blocks are really allocated. A disk that is full already is no
  // failure: a program must start there, and then held() is false.
  [[nodiscard]] static Result<std::unique_ptr<Reserve>> Open(std::filesystem::path file,
                                                             std::uint64_t size = kDefaultSize);

  // Gives the space back to the disk. Nothing happens when it is given up already.
  void Release();
  // Takes the space again: ok when the reserve is whole and as much again is free, so that resumed jobs do
  // not fail at once; `store.disk_full` until then. Cheap enough for a timer of a second.
  [[nodiscard]] Status Restore();
  [[nodiscard]] bool held() const;

 private:
  Reserve(std::filesystem::path file, std::uint64_t size) : file_(std::move(file)), size_(size) {}
  Status Allocate() ACCORD_REQUIRES(mutex_);

  const std::filesystem::path file_;
  const std::uint64_t size_;
  mutable Mutex mutex_;
  bool held_ ACCORD_GUARDED_BY(mutex_) = false;
};

}  // namespace accord::store
