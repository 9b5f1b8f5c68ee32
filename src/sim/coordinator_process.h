// A coordinator's process in a simulation: the production jobs (src/coordinator) over the simulated machine.
// It is what Coordinator makes of the same parts, less gRPC, threads and enrolment.
#pragma once

#include <functional>
#include <memory>

#include "config/coordinator_config.h"
#include "coordinator/jobs.h"
#include "coordinator/registry_book.h"
#include "sim/journal.h"
#include "sim/process.h"
#include "store/reserve.h"

namespace accord::sim {

class CoordinatorProcess final : public Process {
 public:
  struct Outside {
    const config::CoordinatorConfig& config;
    coordinator::RegistryBook& registries;
    web::Metrics& metrics;
    JournalObserver& observer;
    std::function<void(const Status&)> fatal;  // it can not go on
  };
  // Boots: what the disk has is recovered and taken up.
  [[nodiscard]] static Result<std::unique_ptr<CoordinatorProcess>> Start(Machine& machine,
                                                                         const Outside& outside);
  ~CoordinatorProcess() override;

  [[nodiscard]] coordinator::Sessions& sessions() { return sessions_; }
  [[nodiscard]] coordinator::Jobs& jobs() { return *jobs_; }
  [[nodiscard]] store::Blobs& blobs() { return *blobs_; }
  [[nodiscard]] driver::Journal& journal() { return *journal_; }
  // The deadline timers that are armed now.
  [[nodiscard]] std::size_t armed() const { return armed_; }
  // Work of threads that is under way.
  [[nodiscard]] std::size_t working() const { return working_; }

 private:
  class Alarm;
  class Timing final : public coordinator::Timing {
   public:
    explicit Timing(CoordinatorProcess& process) : process_(process) {}
    [[nodiscard]] coordinator::SteadyTime Steady() const override;
    [[nodiscard]] std::unique_ptr<coordinator::Timer> NewTimer(const coordinator::JobStrand& strand) override;

   private:
    CoordinatorProcess& process_;
  };

  CoordinatorProcess(Machine& machine, const Outside& outside);
  [[nodiscard]] Status Open();

  const Outside outside_;
  const MachineClock clock_;
  Timing timing_;
  Pool workers_;
  coordinator::Sessions sessions_;
  std::size_t armed_ = 0, working_ = 0;
  std::unique_ptr<store::Reserve> reserve_;
  std::unique_ptr<store::Blobs> blobs_;
  std::unique_ptr<store::SpoolPool> spools_;
  std::unique_ptr<coordinator::BlobRefs> refs_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<coordinator::Services> services_;
  std::unique_ptr<coordinator::Jobs> jobs_;
};

}  // namespace accord::sim
