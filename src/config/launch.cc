#include "config/launch.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/errors.h"
#include "base/text.h"
#include "config/field.h"

namespace accord::config {
namespace {

constexpr std::uint64_t kMaxProcesses = 4'096;
constexpr std::uint64_t kDefaultPort = 29'500;  // c10d's
constexpr std::uint64_t kFirstSlurmPort = 20'000,
                        kSlurmPorts = 10'000;  // below those of outgoing connections

std::optional<std::uint64_t> ParseWhole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status Invalid(const std::string& what) {
  return Fail(errors::kConfigInvalid, "the environment: " + what,
              "Correct the variables, or set workers.environment = false for a process alone.");
}

// The variable as a whole number from `least` to `most`; `otherwise` where it is not set.
Result<std::uint64_t> NumberOf(const Variable& variable, const char* name,
                               std::optional<std::uint64_t> otherwise, std::uint64_t least,
                               std::uint64_t most) {
  const std::optional<std::string> text = variable(name);
  if (!text && otherwise) return *otherwise;
  if (!text) return Invalid(std::string(name) + " is not set");
  const std::optional<std::uint64_t> value = ParseWhole(*text);
  if (value && *value >= least && *value <= most) return *value;
  return Invalid(std::string(name) + " is \"" + Printable(*text, 40) + "\", not a number from " +
                 std::to_string(least) + " to " + std::to_string(most));
}

// "gpu[03-05,9],login" begins with gpu03.
std::string FirstHost(std::string_view list) {
  std::string host;
  for (std::size_t i = 0; i < list.size() && list[i] != ','; ++i) {
    if (list[i] != '[') {
      host += list[i];
      continue;
    }
    const std::size_t end = std::min(list.find_first_of("-,]", i), list.size());
    host += list.substr(i + 1, end - i - 1);
    i = std::min(list.find(']', i), list.size());
  }
  return host;
}

// The largest number of "2(x3),1", where (x3) says how often.
std::uint64_t MostTasks(std::string_view list) {
  std::uint64_t most = 1;
  while (!list.empty()) {
    const std::string_view entry = list.substr(0, list.find(','));
    most = std::max(most, ParseWhole(entry.substr(0, entry.find('('))).value_or(1));
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
  }
  return most;
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<Launch> FromTorch(const Variable& variable) {
  Launch launch;
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t size, NumberOf(variable, "WORLD_SIZE", {}, 1, kMaxProcesses));
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t rank, NumberOf(variable, "RANK", {}, 0, size - 1));
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t port,
                          NumberOf(variable, "MASTER_PORT", kDefaultPort, 1, 65'535));
  const std::string host = variable("MASTER_ADDR").value_or("");
  if (size > 1 && host.empty()) return Invalid("MASTER_ADDR is not set");
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t local, NumberOf(variable, "LOCAL_WORLD_SIZE",
                                                              IsLoopback(host) ? size : 1, 1, kMaxProcesses));
  launch.rank = static_cast<std::uint32_t>(rank);
  launch.size = static_cast<std::uint32_t>(size);
  launch.local = static_cast<std::uint32_t>(local);
  launch.master = {host, static_cast<std::uint16_t>(port)};
  launch.agent = variable("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
  if (launch.agent) launch.attempt = variable("TORCHELASTIC_RESTART_COUNT").value_or("0");
  return launch;
}

Result<HostPort> SlurmMaster(const Variable& variable) {
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t job, NumberOf(variable, "SLURM_JOB_ID", 0, 0, kMaxWhole));
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t step, NumberOf(variable, "SLURM_STEP_ID", 0, 0, kMaxWhole));
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t nodes,
                          NumberOf(variable, "SLURM_STEP_NUM_NODES", 0, 0, kMaxWhole));
  const std::uint64_t derived = kFirstSlurmPort + (job % kSlurmPorts * 16 + step % 16) % kSlurmPorts;
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t port, NumberOf(variable, "MASTER_PORT", derived, 1, 65'535));
  std::string host = variable("MASTER_ADDR").value_or("");
  if (host.empty() && nodes == 1) host = "127.0.0.1";
  if (host.empty()) host = FirstHost(variable("SLURM_STEP_NODELIST").value_or(""));
  if (host.empty()) host = variable("SLURM_LAUNCH_NODE_IPADDR").value_or("");
  if (host.empty()) return Invalid("neither SLURM_STEP_NODELIST nor MASTER_ADDR is set");
  return HostPort{host, static_cast<std::uint16_t>(port)};
}

Result<Launch> FromSlurm(const Variable& variable) {
  Launch launch;
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t size,
                          NumberOf(variable, "SLURM_STEP_NUM_TASKS", {}, 1, kMaxProcesses));
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t rank, NumberOf(variable, "SLURM_PROCID", {}, 0, size - 1));
  ACCORD_ASSIGN_OR_RETURN(launch.master, SlurmMaster(variable));
  launch.rank = static_cast<std::uint32_t>(rank);
  launch.size = static_cast<std::uint32_t>(size);
  launch.local = static_cast<std::uint32_t>(
      MostTasks(variable("SLURM_STEP_TASKS_PER_NODE").value_or(std::to_string(size))));
  return launch;
}

}  // namespace

Result<std::optional<Launch>> FindLaunch(const Variable& variable) {
  Launch launch;
  if (variable("RANK") && variable("WORLD_SIZE")) {
    ACCORD_ASSIGN_OR_RETURN(launch, FromTorch(variable));
  } else if (variable("SLURM_PROCID") && variable("SLURM_STEP_NUM_TASKS")) {
    ACCORD_ASSIGN_OR_RETURN(launch, FromSlurm(variable));
  }
  launch.loopback = IsLoopback(launch.master.host);
  return launch.size > 1 ? std::optional(launch) : std::nullopt;
}

}  // namespace accord::config
