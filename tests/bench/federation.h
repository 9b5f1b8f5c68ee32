// A federation of real processes on loopback for the benches: one accordd and any number of node programs
// over mTLS, all of them members of one registry. Used by one thread; ends its processes with itself.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "accord/status.h"
#include "base/errors.h"
#include "config/coordinator_config.h"
#include "rpc/client_options.h"
#include "rpc/operator_client.h"

namespace accord::bench {

// A bench that cannot go on says why and ends.
template <class T>
T Must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "bench: %s\n", Describe(result.status()).c_str());
    std::exit(1);
  }
  return *std::move(result);
}
inline void Must(const Status& status) { Must(status.ok() ? Result<bool>(true) : Result<bool>(status)); }

// A child process, ended with its object; the lines of its stderr are kept.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Until a line holds `word`; a bounded time.
  void Await(const std::string& word);
  [[nodiscard]] std::vector<std::string> Lines();
  // CPU time that it has taken so far.
  [[nodiscard]] double CpuMs() const;
  // The most memory that it ever held (VmHWM).
  [[nodiscard]] std::uint64_t PeakBytes() const;

 private:
  void Read(int fd);

  pid_t pid_ = 0;
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::string> lines_;
  std::thread reader_;
};

struct FederationOptions {
  std::filesystem::path apps;  // where accordd is
  std::filesystem::path dir;   // for all state
  int nodes = 0;
  // The command that runs a node with this configuration and state.
  std::function<std::vector<std::string>(const std::string& config, const std::string& state)> node;
};

// The accordd next to the running bench, in the build tree.
[[nodiscard]] std::filesystem::path AppsOfThisBuild();

class Federation {
 public:
  explicit Federation(FederationOptions options);

  // Submits a job and waits for its end, which must be a good one; `seen` gets each view of it meanwhile.
  void RunJob(const std::string& text, const std::function<void(const rpc::JobView&)>& seen = {});
  // Of the rounds of this job that committed, as accordd timed them, in their order; the last is the
  // evaluation that ends every job.
  [[nodiscard]] std::vector<double> RoundTimesMs(const std::string& job);

  [[nodiscard]] rpc::OperatorClient& client() { return *client_; }
  [[nodiscard]] Process& accordd() { return *accordd_; }
  [[nodiscard]] double NodesCpuMs() const;
  [[nodiscard]] const config::CoordinatorConfig& settings() const { return settings_; }
  // Credentials of a member.
  [[nodiscard]] const rpc::ClientOptions& member() const { return member_; }

 private:
  [[nodiscard]] std::string WriteNodeFiles() const;
  void JoinNodes();

  const FederationOptions options_;
  config::CoordinatorConfig settings_;
  std::unique_ptr<Process> accordd_;
  rpc::ClientOptions member_;
  std::unique_ptr<rpc::OperatorClient> client_;
  std::vector<std::unique_ptr<Process>> nodes_;
};

}  // namespace accord::bench
