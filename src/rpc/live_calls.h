// All calls that the server is serving, by the caller's identity, so that an identity can be cut and the
// server can drain. Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "accord/clock.h"
#include "accord/status.h"
#include "base/mutex.h"

namespace accord::rpc {

// One call that can be ended from outside. Both methods are thread-safe and do nothing when it has ended.
class LiveCall {
 public:
  virtual ~LiveCall() = default;
  // Ends the call with `status` once what is queued on it is written, at the latest after some seconds.
  virtual void EndSoon(const Status& status) = 0;
  // Ends the call with `status` now.
  virtual void Cut(const Status& status) = 0;
};

class LiveCalls {
  struct Entry {
    std::weak_ptr<LiveCall> call;
    TimePoint ends;
  };
  using Calls = std::list<Entry>;

 public:
  // Registers a call for as long as the ticket lives. After Refuse it ends the call at once.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(LiveCalls* calls, std::string identity, Calls::iterator place)
        : calls_(calls), identity_(std::move(identity)), place_(place) {}
    Ticket(Ticket&& other) noexcept { *this = std::move(other); }
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { Release(); }
    void Release();

   private:
    LiveCalls* calls_ = nullptr;
    std::string identity_;
    Calls::iterator place_;
  };

  // `identity`: SPIFFE id, or empty for a caller without a certificate; `ends`: when that certificate does.
  [[nodiscard]] Ticket Add(const std::string& identity, const std::shared_ptr<LiveCall>& call,
                           TimePoint ends = TimePoint::max()) ACCORD_EXCLUDES(mutex_);

  // Ends all calls softly and every later one at once.
  void Drain(const Status& status) ACCORD_EXCLUDES(mutex_);
  void CutPeer(const std::string& identity, const Status& status) ACCORD_EXCLUDES(mutex_);
  void CutAll(const Status& status) ACCORD_EXCLUDES(mutex_);
  // Those whose certificate ended before `time`, each with what `why` says of its identity and that end.
  void CutEnded(TimePoint time, const std::function<Status(const std::string& identity, TimePoint ends)>& why)
      ACCORD_EXCLUDES(mutex_);
  // Whether all calls have ended within `bound`.
  [[nodiscard]] bool AwaitNone(Millis bound) ACCORD_EXCLUDES(mutex_);

 private:
  [[nodiscard]] std::vector<std::shared_ptr<LiveCall>> All() ACCORD_EXCLUDES(mutex_);

  Mutex mutex_;
  CondVar none_;
  std::unordered_map<std::string, Calls> by_identity_ ACCORD_GUARDED_BY(mutex_);
  std::size_t count_ ACCORD_GUARDED_BY(mutex_) = 0;
  Status refusal_ ACCORD_GUARDED_BY(mutex_);  // not ok: draining
};

}  // namespace accord::rpc
