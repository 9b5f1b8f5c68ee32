// A mutex that clang's thread-safety analysis understands (preset `clang`).
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define ACCORD_ATTRIBUTE_(x) __attribute__((x))
#else
#define ACCORD_ATTRIBUTE_(x)
#endif
#define ACCORD_CAPABILITY(x) ACCORD_ATTRIBUTE_(capability(x))
#define ACCORD_SCOPED_CAPABILITY ACCORD_ATTRIBUTE_(scoped_lockable)
#define ACCORD_GUARDED_BY(x) ACCORD_ATTRIBUTE_(guarded_by(x))
#define ACCORD_REQUIRES(...) ACCORD_ATTRIBUTE_(requires_capability(__VA_ARGS__))
#define ACCORD_EXCLUDES(...) ACCORD_ATTRIBUTE_(locks_excluded(__VA_ARGS__))
#define ACCORD_ACQUIRE(...) ACCORD_ATTRIBUTE_(acquire_capability(__VA_ARGS__))
#define ACCORD_RELEASE(...) ACCORD_ATTRIBUTE_(release_capability(__VA_ARGS__))

namespace accord {

class ACCORD_CAPABILITY("mutex") Mutex {
 public:
  void lock() ACCORD_ACQUIRE() { mutex_.lock(); }      // NOLINT(readability-identifier-naming): BasicLockable
  void unlock() ACCORD_RELEASE() { mutex_.unlock(); }  // NOLINT(readability-identifier-naming)

 private:
  std::mutex mutex_;
};

// Holds the mutex for its scope; Wait gives it up while waiting.
class ACCORD_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACCORD_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() ACCORD_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition over state guarded by a Mutex; use in a loop that checks the state. Spurious wake-ups happen.
class CondVar {
 public:
  void Wait(Mutex& mutex) ACCORD_REQUIRES(mutex) { cv_.wait(mutex); }
  template <class Rep, class Period>
  std::cv_status WaitFor(Mutex& mutex, std::chrono::duration<Rep, Period> timeout) ACCORD_REQUIRES(mutex) {
    return cv_.wait_for(mutex, timeout);
  }
  void NotifyAll() { cv_.notify_all(); }
  void NotifyOne() { cv_.notify_one(); }

 private:
  std::condition_variable_any cv_;
};

}  // namespace accord
