#include "apps/workers.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <utility>

#include "apps/program.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "base/wall_clock.h"
#include "config/job_file.h"
#include "config/launch.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "node/certified_data.h"

namespace accord::apps {
namespace {

constexpr std::size_t kKeyBytes = 32, kLeastKeyBytes = 16;
constexpr std::chrono::milliseconds kLookAgain{200};  // for a key that rank 0 has yet to make

Status Unfit(const std::string& what, const std::string& hint) {
  return Fail(errors::kConfigInvalid, "several processes train together, and " + what, hint);
}

std::optional<std::string> Variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

Result<std::string> InterfaceOf(const config::NodeConfig& settings, const config::Launch& launch) {
  if (!settings.workers.interface.empty()) return settings.workers.interface;
  if (const auto named = Variable("GLOO_SOCKET_IFNAME"); named && !named->empty()) return *named;
  if (launch.loopback) return std::string("lo");
  return Unfit(
      "they meet at " + launch.master.host + ", but workers.interface is empty",
      "Name the interface of the trusted network between them, as eth1: what passes there is not encrypted.");
}

// What the group's keys in the store begin with: whoever has not the file cannot guess it.
Result<std::string> PrefixOf(const config::NodeConfig& settings, const config::Launch& launch) {
  const std::filesystem::path path =
      settings.workers.key.empty() ? settings.node.state / "workers.key" : settings.workers.key;
  std::error_code ignored;
  if (launch.rank == 0 && !std::filesystem::exists(path, ignored)) {
    const crypto::ZeroizingBytes key = crypto::RandomSecret(kKeyBytes);
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(path, key.view(), FileMode::kPrivate));
  }
  for (bool said = false; !std::filesystem::exists(path, ignored);) {
    if (!std::exchange(said, true))
      LogInfo("worker.key_awaited",
              {{"file", path.string()}, {"hint", "the node makes it; copy it to here"}});
    std::mutex mutex;
    std::condition_variable wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, kLookAgain, [] { return false; });
  }
  ACCORD_ASSIGN_OR_RETURN(const crypto::ZeroizingBytes key, crypto::ReadSecretFile(path));
  if (key.size() < kLeastKeyBytes)
    return Unfit(path.string() + " has fewer than " + std::to_string(kLeastKeyBytes) + " bytes",
                 "Remove it, and the node makes another one; copy that to the workers' machines.");
  const Digest digest = crypto::Sha256().Update("accord workers 1 ").Update(key.view()).Finish();
  return digest.Hex() + "/" + launch.attempt;
}

Result<trainer::WorkerTask> TaskOf(const config::NodeConfig& settings, const std::string& plan) {
  ACCORD_ASSIGN_OR_RETURN(JobSpec job, config::ParseJob(plan, "job"));
  const auto data = settings.data.find(job.dataset);
  if (data == settings.data.end()) {
    return Fail(errors::kTaskRefused, "no [data." + job.dataset + "] in the configuration of this process");
  }
  ACCORD_RETURN_IF_ERROR(node::CheckCertified(settings, data->second, job.purpose, WallClock().Now()));
  return trainer::WorkerTask{std::move(job), data->second};
}

}  // namespace

Result<std::optional<Group>> FindGroup(const config::NodeConfig& settings, Signals& signals) {
  if (!settings.workers.environment) return std::optional<Group>();
  ACCORD_ASSIGN_OR_RETURN(const std::optional<config::Launch> launch, config::FindLaunch(Variable));
  if (!launch) return std::optional<Group>();
  if (settings.node.slots != 1)
    return Unfit("node.slots is not 1", "One training at a time is all that they can.");
  if (launch->rank > 0) {  // a worker keeps nothing that would have to be put away
    signals.Watch([](int) {
      LogInfo("worker.stopped");
      std::_Exit(kOk);
    });
  }
  Group group{.options = {.rank = launch->rank,
                          .size = launch->size,
                          .host = launch->master.host,
                          .port = launch->master.port,
                          .served = launch->agent,
                          .timeout = settings.workers.timeout},
              .local = launch->local};
  ACCORD_ASSIGN_OR_RETURN(group.options.interface, InterfaceOf(settings, *launch));
  ACCORD_ASSIGN_OR_RETURN(group.options.prefix, PrefixOf(settings, *launch));
  LogInfo("group.found", {{"rank", std::to_string(launch->rank)},
                          {"of", std::to_string(launch->size)},
                          {"meeting", launch->master.host + ":" + std::to_string(launch->master.port)},
                          {"interface", group.options.interface}});
  return std::optional(std::move(group));
}

int RunWorker(const config::NodeConfig& settings, const trainer::TorchOptions& options) {
  const Status ended =
      trainer::WorkForNode(options, [&](const std::string& plan) { return TaskOf(settings, plan); });
  LogInfo("worker.ended", {{"why", ended.ok() ? "the node has ended" : Describe(ended)}});
  return Report(ended);
}

}  // namespace accord::apps
