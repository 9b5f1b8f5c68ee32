// A whole federation in one thread on virtual time: a coordinator and its nodes, each a process of the
// production code on a machine of its own, the network between them, and a person who submits one job and
// looks after it. What goes wrong is decided by whoever drives it; what is right is for an observer to say.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/backup.h"
#include "sim/coordinator_process.h"
#include "sim/network.h"
#include "sim/node_process.h"

namespace accord::sim {

// Of a number of nodes: who they are. Made once for many federations.
struct Members {
  struct Lab {
    crypto::SpiffeId identity;
    NodeId id;
    std::shared_ptr<const crypto::Ed25519Key> key;
  };
  config::CoordinatorConfig coordinator;
  config::NodeConfig node;  // the same for all: what a lab decides, and the registry it pinned
  std::vector<Lab> labs;
  std::unique_ptr<Disk> disk;
  std::unique_ptr<store::Members> table;
  std::unique_ptr<coordinator::RegistryBook> registries;
};
// `directory` is for the files of the registry.
[[nodiscard]] Result<std::unique_ptr<Members>> MakeMembers(std::size_t nodes,
                                                           const std::filesystem::path& directory);

// Parties: 0 is the coordinator, node i is i + 1.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnQueued(std::size_t party, const std::vector<driver::Append>& batch) = 0;
  virtual void OnWritten(std::size_t party, const std::vector<driver::Append>& batch) = 0;
  virtual void OnFailed(std::size_t party, const std::vector<driver::Append>& batch) = 0;
  virtual void OnCrash(std::size_t party) = 0;                      // also when it ended while it booted
  virtual void OnDamage(std::size_t party, const Status& why) = 0;  // it does not start any more
  // Recovered from this journal; no handler has run, but what the recovery had to say may be queued.
  virtual void OnBoot(std::size_t party, driver::Journal& journal) = 0;
  // The coordinator, which is down, went back to a backup: its journal has these records of the job now.
  virtual void OnRestored(std::vector<Bytes> records) = 0;
  virtual void OnHandler(std::size_t party) = 0;  // one has run
  virtual void OnSaid(std::size_t node, const rpc::ToNode& message) = 0;
  virtual void OnSaid(std::size_t node, const rpc::FromNode& message) = 0;
};

enum class Crash : std::uint8_t { kProcess, kPower };  // of the process alone, or of the machine

class Federation final : private Ends {
 public:
  struct Options {
    std::uint64_t seed = 0;
    const Members* members = nullptr;
    web::Metrics* metrics = nullptr;
    Bytes plan;
    std::filesystem::path directory;  // empty; for blobs
    Observer* observer = nullptr;
    std::uint64_t disks = 100;  // ids from here on are free
    // Files beside the databases lie in `directory`. Whose code runs from now on; nullptr: nobody's.
    std::function<void(const Disk*)> running = [](const Disk*) {};
    // The power of the machine with these files went.
    std::function<void(const std::filesystem::path&, Random&)> power_cut = [](const std::filesystem::path&,
                                                                              Random&) {};
  };
  explicit Federation(Options options);
  ~Federation() override;

  // All machines start, and the job is submitted until the coordinator has it.
  void Begin();
  // Runs what comes next, with all that follows at once. False when nothing comes.
  bool Step();

  [[nodiscard]] std::size_t parties() const { return machines_.size(); }
  [[nodiscard]] Machine& machine(std::size_t party) { return *machines_[party]; }
  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] Network& network() { return network_; }
  // null while it is down.
  [[nodiscard]] CoordinatorProcess* coordinator() { return coordinator_.get(); }
  [[nodiscard]] NodeProcess* node(std::size_t node) { return nodes_[node].get(); }
  [[nodiscard]] JobId job() const { return job_; }
  // The job as the coordinator has it in memory; nullptr while there is none.
  [[nodiscard]] const job::State* JobState();
  [[nodiscard]] const coordinator::JobRunner* Runner();

  // ---- what may happen
  // The process ends now, and starts again after `away`. Not from within a handler of it: Doom does that.
  void CrashNow(std::size_t party, Crash crash, Millis away);
  // It ends once the handler that runs now is through; nothing leaves it any more.
  void Doom(std::size_t party, Crash crash, Millis away);
  // What a person types. A backup of the coordinator as it is now; and the coordinator put back to the last
  // one and started `away` later: nothing without one. Where they cannot, they try again.
  void BackUp();
  void Restore(Millis away);
  void Resume(bool free);
  void Cancel();
  void Lab(std::size_t node, const task::Event& event);

 private:
  struct Fate {
    Crash crash = Crash::kProcess;
    Millis away{0};
  };
  class Journals;

  void ToNode(std::size_t node, std::uint64_t session, rpc::ToNode message) override;
  void ClosedAtNode(std::size_t node, std::uint64_t session) override;
  bool OnSaid(std::size_t node, const rpc::ToNode& message) override;
  std::shared_ptr<rpc::SessionEvents> Accept(std::size_t node,
                                             std::shared_ptr<rpc::SessionLink> link) override;

  void Boot(std::size_t party);
  [[nodiscard]] Status BootCoordinator();
  [[nodiscard]] Status BootNode(std::size_t node);
  [[nodiscard]] bool Up(std::size_t party) const;
  void RunHandlers();
  [[nodiscard]] bool RunHandler(std::size_t party);
  void SubmitUntilKnown();
  [[nodiscard]] Status Fetch(std::size_t node, const Digest& hash, std::uint64_t offset,
                             const rpc::BlobSink& sink);
  [[nodiscard]] rpc::Peer PeerOf(std::size_t node) const;

  const Options options_;
  const Bytes token_;
  const JobId job_;
  World world_;
  Network network_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<Journals>> journals_;
  std::vector<std::optional<Fate>> fates_;
  std::optional<Backup> backup_;
  std::unique_ptr<CoordinatorProcess> coordinator_;
  std::vector<std::unique_ptr<NodeProcess>> nodes_;
};

}  // namespace accord::sim
