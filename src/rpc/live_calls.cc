#include "rpc/live_calls.h"

#include <chrono>
#include <utility>

namespace accord::rpc {

LiveCalls::Ticket& LiveCalls::Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    Release();
    calls_ = std::exchange(other.calls_, nullptr);
    identity_ = std::move(other.identity_);
    place_ = other.place_;
  }
  return *this;
}

void LiveCalls::Ticket::Release() {
  LiveCalls* calls = std::exchange(calls_, nullptr);
  if (calls == nullptr) return;
  const MutexLock lock(calls->mutex_);
  const auto found = calls->by_identity_.find(identity_);
  found->second.erase(place_);
  if (found->second.empty()) calls->by_identity_.erase(found);
  if (--calls->count_ == 0) calls->none_.NotifyAll();
}

LiveCalls::Ticket LiveCalls::Add(const std::string& identity, const std::shared_ptr<LiveCall>& call,
                                 TimePoint ends) {
  Status refusal;
  Calls::iterator place;
  {
    const MutexLock lock(mutex_);
    Calls& calls = by_identity_[identity];
    place = calls.insert(calls.end(), {call, ends});
    ++count_;
    refusal = refusal_;
  }
  if (!refusal.ok()) call->Cut(refusal);
  return {this, identity, place};
}

void LiveCalls::Drain(const Status& status) {
  {
    const MutexLock lock(mutex_);
    refusal_ = status;
  }
  for (const auto& call : All()) call->EndSoon(status);
}

void LiveCalls::CutPeer(const std::string& identity, const Status& status) {
  std::vector<std::shared_ptr<LiveCall>> cut;
  {
    const MutexLock lock(mutex_);
    const auto found = by_identity_.find(identity);
    if (found == by_identity_.end()) return;
    for (const Entry& entry : found->second) {
      if (auto call = entry.call.lock()) cut.push_back(std::move(call));
    }
  }
  for (const auto& call : cut) call->Cut(status);
}

void LiveCalls::CutAll(const Status& status) {
  for (const auto& call : All()) call->Cut(status);
}

void LiveCalls::CutEnded(TimePoint time,
                         const std::function<Status(const std::string& identity, TimePoint ends)>& why) {
  std::vector<std::pair<std::shared_ptr<LiveCall>, Status>> cut;
  {
    const MutexLock lock(mutex_);
    for (const auto& [identity, calls] : by_identity_) {
      for (const Entry& entry : calls) {
        if (entry.ends >= time) continue;
        if (auto call = entry.call.lock()) cut.emplace_back(std::move(call), why(identity, entry.ends));
      }
    }
  }
  for (const auto& [call, status] : cut) call->Cut(status);
}

bool LiveCalls::AwaitNone(Millis bound) {
  const auto until = std::chrono::steady_clock::now() + bound;
  const MutexLock lock(mutex_);
  while (count_ != 0) {
    const auto rest = until - std::chrono::steady_clock::now();
    if (rest <= rest.zero()) return false;
    none_.WaitFor(mutex_, rest);
  }
  return true;
}

std::vector<std::shared_ptr<LiveCall>> LiveCalls::All() {
  std::vector<std::shared_ptr<LiveCall>> all;
  const MutexLock lock(mutex_);
  all.reserve(count_);
  for (const auto& [identity, calls] : by_identity_) {
    for (const Entry& entry : calls) {
      if (auto call = entry.call.lock()) all.push_back(std::move(call));
    }
  }
  return all;
}

}  // namespace accord::rpc
