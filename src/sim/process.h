// A machine that outlives its processes, and a process on it: one thread of handlers on virtual time, which
// may end between any two of them.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
//
#include <boost/asio/io_context.hpp>

#include "accord/clock.h"
#include "sim/disk.h"
#include "sim/pool.h"
#include "sim/random.h"
#include "sim/world.h"

namespace accord::sim {

// What a restart finds again.
struct Machine {
  World& world;
  Random random;                    // of its disk and of how long things take
  std::filesystem::path directory;  // blobs and what else is not in a database
  Disk disk;
  Millis skew{0};                                                 // of its clock
  std::int64_t slowness = 1;                                      // how many times as long its work takes
  std::function<void(const Disk*)> running = [](const Disk*) {};  // whose code runs from now on
  bool doomed = false;         // the process ends after this handler: nothing leaves it any more
  std::uint64_t handlers = 0;  // that ran here, in all lives

  Machine(World& w, std::uint64_t seed, std::filesystem::path where, std::uint64_t id)
      : world(w), random(seed), directory(std::move(where)), disk(id) {}

  [[nodiscard]] TimePoint Wall() const { return TimePoint(Millis(1'900'000'000'000)) + world.now() + skew; }
  [[nodiscard]] Millis SyncTime() { return random.Time(Millis(0), Millis(3)) * slowness; }
};

class MachineClock final : public Clock {
 public:
  explicit MachineClock(const Machine& machine) : machine_(machine) {}
  [[nodiscard]] TimePoint Now() const override { return machine_.Wall(); }

 private:
  const Machine& machine_;
};

// What a process has under way ends with it.
class Process {
 public:
  explicit Process(Machine& machine) : machine_(machine) {}
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Runs a handler that is ready; false when none is.
  bool RunOne() {
    io_->restart();
    if (io_->poll_one() == 0) return false;
    ++machine_.handlers;
    return true;
  }

 protected:
  // Runs `what` in this process after `time`; gives a number to forget it by.
  std::uint64_t Later(Millis time, std::function<void()> what) {
    const std::uint64_t number = next_++;
    later_.emplace(number, std::move(what));
    machine_.world.After(time, life_, [this, number] {
      const auto found = later_.find(number);
      if (found == later_.end()) return;
      const auto due = std::move(found->second);
      later_.erase(found);
      const Machine& machine = machine_;
      machine.running(&machine.disk);
      due();
      machine.running(nullptr);
    });
    return number;
  }
  void Forget(std::uint64_t number) { later_.erase(number); }
  // Every destructor begins with EndWork and ends with EndHandlers, since what is under way and what waits
  // for its turn may hold what the process is made of.
  void EndWork() {
    life_.reset();
    later_.clear();
  }
  void EndHandlers() { io_ = nullptr; }

  Machine& machine_;
  // One thread: nothing to lock.
  std::unique_ptr<boost::asio::io_context> io_ =
      std::make_unique<boost::asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);

 private:
  std::shared_ptr<void> life_ = std::make_shared<int>();
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, std::function<void()>> later_;
};

}  // namespace accord::sim
