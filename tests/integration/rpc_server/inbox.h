// What callbacks bring, for a test to await: never without a bound.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace accord::rpc::testing {

inline constexpr std::chrono::seconds kPatience{20};  // far more than anything takes; a hang fails then

template <class T>
class Inbox {
 public:
  void Put(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    some_.notify_all();
  }
  // The next item; none when nothing came in time.
  std::optional<T> Next(std::chrono::milliseconds bound = kPatience) {
    std::unique_lock lock(mutex_);
    if (!some_.wait_for(lock, bound, [this] { return !items_.empty(); })) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable some_;
  std::deque<T> items_;
};

}  // namespace accord::rpc::testing
