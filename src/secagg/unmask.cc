#include "secagg/unmask.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "base/mutex.h"
#include "secagg/field61.h"

namespace accord::secagg {
namespace {

// One call of UnmaskSum. Workers take tiles as they come; a tile belongs to one worker, so that words need no
// lock, and an upload is read under its own.
class Unmasking {
 public:
  Unmasking(const UnmaskTask& task, std::span<std::uint64_t> words)
      : task_(task), words_(words), uploads_(task.uploads) {}

  [[nodiscard]] std::size_t Tiles() const {
    return words_.size() / task_.tile_words + (words_.size() % task_.tile_words != 0 ? 1 : 0);
  }

  // Until no tile is left. `rank` is the worker's own.
  void Work(std::size_t rank) {
    MaskSet masks(task_.masks);
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::size_t first = next_tile_.fetch_add(1, std::memory_order_relaxed) * task_.tile_words;
      if (first >= words_.size()) return;
      const auto tile = words_.subspan(first, std::min(task_.tile_words, words_.size() - first));
      if (Status added = AddUploads(rank, first, tile); !added.ok()) return Fail(std::move(added));
      masks.Apply(first, tile);
    }
  }

  [[nodiscard]] Status Outcome() {
    const MutexLock lock(mutex_);
    return failure_;
  }

 private:
  // Each worker begins with another upload, so that they seldom meet at one.
  Status AddUploads(std::size_t rank, std::size_t first, std::span<std::uint64_t> tile) {
    for (std::size_t i = 0; i < task_.uploads; ++i) {
      const std::size_t upload = (rank + i) % task_.uploads;
      const MutexLock lock(uploads_[upload]);
      ACCORD_RETURN_IF_ERROR(task_.add(upload, first, tile));
    }
    return {};
  }

  void Fail(Status failure) {
    const MutexLock lock(mutex_);
    if (failure_.ok()) failure_ = std::move(failure);
    failed_.store(true, std::memory_order_relaxed);
  }

  const UnmaskTask& task_;
  const std::span<std::uint64_t> words_;
  std::vector<Mutex> uploads_;
  std::atomic<std::size_t> next_tile_ = 0;
  std::atomic<bool> failed_ = false;
  Mutex mutex_;
  Status failure_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace

Status UnmaskSum(const UnmaskTask& task, std::span<std::uint64_t> words) {
  ACCORD_CHECK(task.threads > 0 && task.tile_words > 0);
  Unmasking unmasking(task, words);
  {
    std::vector<std::jthread> helpers;
    const std::size_t workers = std::min<std::size_t>(task.threads, unmasking.Tiles());
    try {
      for (std::size_t rank = 1; rank < workers; ++rank) {
        helpers.emplace_back([&unmasking, rank] { unmasking.Work(rank); });
      }
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are do all.
    }
    unmasking.Work(0);
  }
  return unmasking.Outcome();
}

std::vector<std::uint64_t> UnmaskTags(const U3& u3, std::span<const SignedKey> masks) {
  if (u3.nodes.empty() || u3.nodes.front().tags.empty()) return {};
  TagPair sum{};
  for (const MaskedEnd& end : u3.nodes) {
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] = FieldAdd(sum[c], end.tags[c]);
  }
  sum = MaskTags(sum, masks);
  return {sum.begin(), sum.end()};
}

}  // namespace accord::secagg
