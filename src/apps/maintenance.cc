#include "apps/maintenance.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/program.h"
#include "base/wall_clock.h"
#include "coordinator/backup.h"
#include "coordinator/fsck.h"
#include "coordinator/identity.h"
#include "coordinator/restore.h"
#include "coordinator/start_models.h"
#include "model/frozen.h"
#include "store/state_dir.h"

namespace accord::apps {
namespace {

using coordinator::Damage;
using coordinator::StateReport;

bool IsSound(const StateReport& report) { return std::ranges::none_of(report.damage, &Damage::serious); }

nlohmann::json ToJson(const StateReport& report) {
  nlohmann::json out{{"ok", IsSound(report)},
                     {"records", report.records},
                     {"blobs", report.blobs},
                     {"blob_bytes", report.blob_bytes},
                     {"members", report.members},
                     {"registries", report.registries},
                     {"log_entries", report.log_entries},
                     {"receipts", report.receipts},
                     {"start_models", report.start_models},
                     {"jobs", nlohmann::json::array()},
                     {"damage", nlohmann::json::array()}};
  for (const StateReport::Job& job : report.jobs) {
    out["jobs"].push_back({{"name", job.name}, {"standing", job.standing}});
  }
  for (const Damage& damage : report.damage) {
    out["damage"].push_back({{"place", damage.place},
                             {"what", damage.what},
                             {"remedy", damage.remedy},
                             {"serious", damage.serious}});
  }
  return out;
}

void Print(const StateReport& report) {
  std::printf("journal     %llu records\n", static_cast<unsigned long long>(report.records));
  std::printf("blobs       %llu, %.1f MB\n", static_cast<unsigned long long>(report.blobs),
              static_cast<double>(report.blob_bytes) / 1e6);
  std::printf("members     %llu\n", static_cast<unsigned long long>(report.members));
  std::printf("registries  %llu\n", static_cast<unsigned long long>(report.registries));
  if (report.log_entries > 0) {
    std::printf("log         %llu entries, %llu files of receipts\n",
                static_cast<unsigned long long>(report.log_entries),
                static_cast<unsigned long long>(report.receipts));
  }
  if (report.start_models > 0)
    std::printf("models      %llu to begin from\n", static_cast<unsigned long long>(report.start_models));
  for (const StateReport::Job& job : report.jobs) {
    std::printf("job         %s: %s\n", job.name.c_str(), job.standing.c_str());
  }
  for (const Damage& damage : report.damage) {
    std::printf("\n%s  %s\n         %s\n         %s\n", damage.serious ? "DAMAGED" : "minor  ",
                damage.place.c_str(), damage.what.c_str(), damage.remedy.c_str());
  }
}

void Show(const StateReport& report, bool json, const std::string& verdict) {
  if (json) {
    std::puts(ToJson(report).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    Print(report);
    std::printf("\n%s\n", verdict.c_str());
  }
}

}  // namespace

int CheckStateOf(const std::filesystem::path& state, bool json) {
  if (const Status unused = store::StateDir::CheckUnused(state); !unused.ok()) return Report(unused);
  const auto report = coordinator::CheckState(state);
  if (!report.ok()) return Report(report.status());
  const bool sound = IsSound(*report);
  const std::string minor =
      report->damage.empty() ? "No damage found." : "Nothing serious: the next start mends it.";
  Show(*report, json, sound ? minor : "The state is damaged.");
  return sound ? kOk : kFailed;
}

int BackUpStateOf(const std::filesystem::path& state, const std::filesystem::path& target, bool json) {
  const auto report = coordinator::BackUp(state, target);
  if (!report.ok()) return Report(report.status());
  Show(*report, json,
       "Backed up to " + target.string() +
           ", and checked. It holds the key of the CA: keep it as safe as the coordinator.");
  return kOk;
}

int RestoreStateOf(const std::filesystem::path& state, const std::filesystem::path& backup,
                   const std::filesystem::path& log, bool replace, bool json) {
  const TimePoint now = WallClock().Now();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::filesystem::path aside = state.string() + ".replaced-" + std::to_string(seconds);
  const auto report = coordinator::Restore({.backup = backup,
                                            .state = state,
                                            .aside = replace ? aside : std::filesystem::path(),
                                            .now = now,
                                            .log = log});
  if (!report.ok()) return Report(report.status());
  std::string next = "Restored to " + state.string() + ".";
  if (std::filesystem::exists(aside)) next += " What was there is now " + aside.string() + ".";
  Show(*report, json,
       next + "\n\n1. Start the coordinator:  accordd --state " + state.string() +
           "\n2. Open jobs ask their nodes first how far they are, and wait with job.catching_up:  accord "
           "job list"
           "\n3. Under a charter the log takes nothing (log.held) until a quorum of its witnesses has "
           "cosigned it as it is"
           "\n4. Who joined, was suspended or submitted a job after the backup is not in it:  accord member "
           "list");
  return kOk;
}

int ImportModelInto(const std::filesystem::path& state, const std::filesystem::path& path, bool json) {
  if (const Status has_ca = coordinator::CheckHasCa(state); !has_ca.ok()) return Report(has_ca);
  const auto made = coordinator::StartModels(state).Import(path);
  if (!made.ok()) return Report(made.status());
  if (json) {
    const nlohmann::json out{{"start", model::NameOfHash(made->hash)},
                             {"parameters", made->parameters},
                             {"tensors", made->tensors},
                             {"kind", made->llama ? nlohmann::json("llama") : nlohmann::json()},
                             {"model", ModelTable(*made)}};
    std::puts(out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return kOk;
  }
  std::printf(
      "%s: %llu parameters in %llu tensors, kept as\n%s\n\n%s:\n\n%s",
      made->llama ? "A llama" : "A model without config.json",
      static_cast<unsigned long long>(made->parameters), static_cast<unsigned long long>(made->tensors),
      made->file.c_str(),
      made->llama ? "A job begins from it with" : "A job begins from it with this key beside its [model]",
      ModelTable(*made).c_str());
  return kOk;
}

}  // namespace accord::apps
