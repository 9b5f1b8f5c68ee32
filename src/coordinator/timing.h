// Time as it passes for the jobs of a coordinator, whatever people do to the clock on the wall: a steady
// count, and timers on a job's strand. A seam: the programs use asio, the simulation its virtual time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include "accord/clock.h"

namespace accord::coordinator {

using JobStrand = boost::asio::strand<boost::asio::io_context::executor_type>;
using SteadyTime = std::chrono::steady_clock::time_point;

// One shot, armed again and again. Used on the strand that it was made for; destroyed, it never fires.
class Timer {
 public:
  virtual ~Timer() = default;
  // Calls `fire` on the strand once `after` has passed; what was armed before is forgotten, though a fire
  // that is queued already may still come.
  virtual void Arm(Millis after, std::function<void()> fire) = 0;
  virtual void Cancel() = 0;
};

class Timing {
 public:
  virtual ~Timing() = default;
  [[nodiscard]] virtual SteadyTime Steady() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Timer> NewTimer(const JobStrand& strand) = 0;
};

class AsioTiming final : public Timing {
 public:
  [[nodiscard]] SteadyTime Steady() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] std::unique_ptr<Timer> NewTimer(const JobStrand& strand) override;
};

}  // namespace accord::coordinator
