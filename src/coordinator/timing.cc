#include "coordinator/timing.h"

#include <utility>
//
#include <boost/asio/steady_timer.hpp>

namespace accord::coordinator {
namespace {

class AsioTimer final : public Timer {
 public:
  explicit AsioTimer(const JobStrand& strand) : timer_(strand) {}

  void Arm(Millis after, std::function<void()> fire) override {
    timer_.expires_after(after);
    timer_.async_wait([fire = std::move(fire)](const boost::system::error_code& error) {
      if (!error) fire();
    });
  }
  void Cancel() override { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace

std::unique_ptr<Timer> AsioTiming::NewTimer(const JobStrand& strand) {
  return std::make_unique<AsioTimer>(strand);
}

}  // namespace accord::coordinator
