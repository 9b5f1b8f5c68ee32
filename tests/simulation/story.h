// What a party's journal says of its job: every record that was asked for, in order, and how many of them are
// on the disk. Replayed as it grows, so that at any moment there is the state that the party should be in,
// and the one that it would come back to.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/text.h"

namespace accord::simulation {

template <class State>
class Story {
 public:
  using Apply = std::function<void(State&, const Bytes&)>;
  explicit Story(Apply apply) : apply_(std::move(apply)) {}

  void Queue(const Bytes& record) {
    apply_(live_, record);
    records_.push_back(record);
  }
  // The next one is on the disk. False: it is not the one that should come next.
  [[nodiscard]] bool Write(const Bytes& record) {
    if (written_ >= records_.size() || records_[written_] != record) return false;
    ++written_;
    apply_(durable_, record);
    return true;
  }
  // It will not be written. What was asked for after it goes on without it.
  void Fail(const Bytes& record) {
    const auto unwritten = records_.begin() + static_cast<std::ptrdiff_t>(written_);
    const auto found = std::find(unwritten, records_.end(), record);
    if (found != records_.end()) records_.erase(found);
    live_ = durable_;
    for (std::size_t i = written_; i < records_.size(); ++i) apply_(live_, records_[i]);
  }
  // The process ended; the next one will find `found`. False when that is not what it must find: all that was
  // written, then at most what was asked for next. `more` gets each of those, with the state before it.
  template <class More>
  [[nodiscard]] bool Restart(std::vector<Bytes> found, More more) {
    const bool right = found.size() >= written_ && found.size() <= records_.size() &&
                       std::equal(found.begin(), found.end(), records_.begin());
    for (std::size_t i = written_; i < found.size(); ++i) {
      const State before = durable_;
      apply_(durable_, found[i]);
      more(before, found[i]);
    }
    records_ = std::move(found);
    written_ = records_.size();
    live_ = durable_;
    return right;
  }

  // Went back: from now on these are all that there is.
  void GoBack(std::vector<Bytes> records) {
    records_ = std::move(records);
    written_ = records_.size();
    durable_ = State();
    for (const Bytes& record : records_) apply_(durable_, record);
    live_ = durable_;
  }

  [[nodiscard]] const State& live() const { return live_; }
  [[nodiscard]] const State& durable() const { return durable_; }
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  const Apply apply_;
  std::vector<Bytes> records_;
  std::size_t written_ = 0;
  State live_, durable_;
};

}  // namespace accord::simulation
