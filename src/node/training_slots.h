// The training slots of a node: as many jobs train at the same time as the executor has threads. Work that
// waits for a slot begins by the priority of its job, and within a priority in the order that it came.
#pragma once

#include <functional>
#include <map>
#include <utility>
//
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include "accord/job_spec.h"
#include "base/mutex.h"

namespace accord::node {

// Any thread. Outlives the work that it was given.
class TrainingSlots {
 public:
  // `threads`: of a pool with a thread a slot.
  explicit TrainingSlots(boost::asio::any_io_executor threads) : threads_(std::move(threads)) {}

  void Post(Priority priority, std::function<void()> work) ACCORD_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      waiting_.emplace(priority, std::move(work));
    }
    boost::asio::post(threads_, [this] { TakeFirst()(); });
  }

 private:
  std::function<void()> TakeFirst() ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    auto first = waiting_.extract(waiting_.begin());  // there is one for each post
    return std::move(first.mapped());
  }

  const boost::asio::any_io_executor threads_;
  Mutex mutex_;
  std::multimap<Priority, std::function<void()>, std::greater<>> waiting_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::node
