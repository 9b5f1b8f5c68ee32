#include "sim/coordinator_process.h"

#include <optional>
#include <utility>
//
#include <boost/asio/post.hpp>

namespace accord::sim {

// Fires on the job's strand, like asio's.
class CoordinatorProcess::Alarm final : public coordinator::Timer {
 public:
  Alarm(CoordinatorProcess& process, const coordinator::JobStrand& strand)
      : process_(process), strand_(strand) {}
  ~Alarm() override { Cancel(); }

  void Arm(Millis after, std::function<void()> fire) override {
    Cancel();
    ++process_.armed_;
    armed_ = process_.Later(after, [this, fire = std::move(fire)]() mutable {
      armed_.reset();
      --process_.armed_;
      boost::asio::post(strand_, std::move(fire));
    });
  }
  void Cancel() override {
    if (!armed_) return;
    process_.Forget(*std::exchange(armed_, {}));
    --process_.armed_;
  }

 private:
  CoordinatorProcess& process_;
  const coordinator::JobStrand strand_;
  std::optional<std::uint64_t> armed_;
};

coordinator::SteadyTime CoordinatorProcess::Timing::Steady() const {
  return coordinator::SteadyTime(process_.machine_.world.now());
}

std::unique_ptr<coordinator::Timer> CoordinatorProcess::Timing::NewTimer(
    const coordinator::JobStrand& strand) {
  return std::make_unique<Alarm>(process_, strand);
}

CoordinatorProcess::CoordinatorProcess(Machine& machine, const Outside& outside)
    : Process(machine),
      outside_(outside),
      clock_(machine),
      timing_(*this),
      workers_(*io_,
               [this](std::function<void()> work) {
                 ++working_;
                 Later(machine_.random.Time(Millis(1), Millis(40)) * machine_.slowness,
                       [this, work = std::move(work)] {
                         --working_;
                         work();
                       });
               }),
      sessions_(clock_, outside.config.limits.heartbeat) {}

CoordinatorProcess::~CoordinatorProcess() {
  EndWork();
  jobs_ = nullptr;
  journal_ = nullptr;
  EndHandlers();
}

Result<std::unique_ptr<CoordinatorProcess>> CoordinatorProcess::Start(Machine& machine,
                                                                      const Outside& outside) {
  std::unique_ptr<CoordinatorProcess> process(new CoordinatorProcess(machine, outside));
  ACCORD_RETURN_IF_ERROR(process->Open());
  return process;
}

Status CoordinatorProcess::Open() {
  const std::filesystem::path& at = machine_.directory;
  ACCORD_ASSIGN_OR_RETURN(reserve_, store::Reserve::Open(at / "reserve", 4096));
  machine_.disk.reserve_given = [this] { return !reserve_->held(); };
  ACCORD_ASSIGN_OR_RETURN(blobs_, store::Blobs::Open(at / "blobs"));
  ACCORD_ASSIGN_OR_RETURN(spools_,
                          store::SpoolPool::Open({.directory = at / "spool", .memory_budget = 1ULL << 20}));
  ACCORD_ASSIGN_OR_RETURN(journal_, Journal::Open({.world = &machine_.world,
                                                   .file = machine_.disk.Path("journal.db"),
                                                   .reserve = reserve_.get(),
                                                   .observer = &outside_.observer,
                                                   .sync_time = [this] { return machine_.SyncTime(); }}));
  refs_ = std::make_unique<coordinator::BlobRefs>(*blobs_);
  services_.reset(new coordinator::Services{outside_.config, clock_, timing_, *io_, workers_.get_executor(),
                                            *journal_, *blobs_, *spools_, *reserve_, sessions_, *refs_,
                                            outside_.registries, outside_.metrics,
                                            [this] {
                                              if (jobs_) jobs_->Reschedule();
                                            },
                                            outside_.fatal});
  jobs_ = std::make_unique<coordinator::Jobs>(*services_);
  sessions_.Listen(jobs_.get());
  ACCORD_RETURN_IF_ERROR(jobs_->Recover());
  refs_->Sweep();
  jobs_->TakeUp();
  return {};
}

}  // namespace accord::sim
