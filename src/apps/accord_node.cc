// accord-node: a lab's worker. join, run; registry: who may mask with this node; stop, start, erase, free,
// egress, jobs, approve, deny, policy, graduate: the lab's own commands, which ask nobody.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "accord/version.h"
#include "apps/decisions.h"
#include "apps/graduate.h"
#include "apps/program.h"
#include "apps/signals.h"
#include "apps/workers.h"
#include "base/errors.h"
#include "base/log.h"
#include "config/node_config.h"
#include "node/control.h"
#include "node/governance.h"
#include "node/identity.h"
#include "node/log_pin.h"
#include "node/machine.h"
#include "node/node.h"
#include "node/registry_client.h"
#include "rpc/process.h"
#include "store/journal_reader.h"
#include "study/scratch.h"
#include "trainer/torch_trainer.h"

namespace accord::apps {
namespace {

int Join(const config::NodeConfig& settings, const std::string& token) {
  const auto identity = node::Join(settings.node.state, token);
  if (!identity.ok()) return Report(identity.status());
  std::printf("Joined as %s\n", identity->spiffe_id.c_str());
  std::printf("Run the node:  accord-node run --config FILE --state %s\n", settings.node.state.c_str());
  return kOk;
}

trainer::Device DeviceOf(config::Device device) {
  switch (device) {
    case config::Device::kCpu:
      return trainer::Device::kCpu;
    case config::Device::kCuda:
      return trainer::Device::kCuda;
    case config::Device::kAuto:
      break;
  }
  return trainer::Device::kAuto;
}

// Of one training: with several slots, or processes on this machine, each has its part of it. 0: all of it.
std::uint32_t ThreadsOf(const config::NodeConfig::Node& node, std::uint32_t processes) {
  const std::uint32_t parts = node.slots * processes;
  if (node.threads > 0 || parts == 1) return node.threads;
  // Slurm may have bound each process to its part already, which only the second figure tells.
  const auto machine = static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  return std::max(1U, std::min(machine / parts, std::thread::hardware_concurrency()));
}

int Run(const config::NodeConfig& settings, Signals& signals) {
  SetupLog(settings.log.format, settings.log.level);
  const auto group = FindGroup(settings, signals);
  if (!group.ok()) return Report(group.status());
  trainer::TorchOptions options{.threads = ThreadsOf(settings.node, *group ? (*group)->local : 1),
                                .device = DeviceOf(settings.node.device),
                                .cache = settings.node.state / "texts"};
  if (*group) options.group = (*group)->options;
  if (options.group && options.group->rank > 0) return RunWorker(settings, options);
  const auto identity = node::LoadIdentity(settings.node.state);
  if (!identity.ok()) return Report(identity.status());
  options.shuffle_seed = trainer::ShuffleSeedOf(identity->id);
  auto trainers = trainer::MakeTorchTrainerFactory(options);
  if (!trainers.ok()) return Report(trainers.status());
  auto running = node::Node::Open(settings, **trainers);
  if (!running.ok()) return Report(running.status());
  signals.Watch([&](int) { (*running)->Stop(); });
  const Status ended = (*running)->Run();
  LogInfo("node.stopped");
  return Report(ended);
}

// stop, start, erase, free at a running node.
int Ask(const config::NodeConfig& settings, const std::string& what, const std::string& job) {
  const auto answer = node::AskNode(settings.node.state, what, job);
  if (!answer.ok()) return Report(answer.status());
  std::printf("%s: %s\n", what.c_str(), answer->c_str());
  return kOk;
}

// The verifier key of this node's witness, for the charter.
int Witness(const config::NodeConfig& settings, const std::string& member) {
  const auto identity = node::LoadIdentity(settings.node.state);
  if (!identity.ok()) return Report(identity.status());
  const auto key = node::MakeWitnessKey(settings.node.state, identity->federation, member);
  if (!key.ok()) return Report(key.status());
  std::printf("%s\n", key->verifier.Format().c_str());
  std::fprintf(
      stderr,
      "The line above is for the charter; for this node's configuration: governance.witness_key = \"%s\"\n",
      key->file.c_str());
  return kOk;
}

// Shows the newest registry, or pins the one of `hash`.
// Without a configuration (`named`) the state says whether the node goes by a charter.
int Registry(const config::NodeConfig& settings, const std::string& pin, bool named) {
  auto identity = node::LoadIdentity(settings.node.state);
  if (!identity.ok()) return Report(identity.status());
  if (!settings.node.coordinator.empty()) identity->coordinator = settings.node.coordinator;
  const std::optional<Digest> hash = Digest::FromHex(pin);
  if (!pin.empty() && !hash) {
    return Report(Fail(errors::kSecaggWrongRegistry, "'" + Printable(pin, 80) + "' is no hash of a registry",
                       "It has 64 digits of 0-9 and a-f, as accord-node registry shows it."));
  }
  std::error_code unknown;
  const bool governed = !named && std::filesystem::exists(node::LogPinFile(settings.node.state), unknown);
  if (governed || !settings.governance.genesis.empty()) {
    return Report(Fail(errors::kSecaggWrongRegistry,
                       "this node goes by a charter, and pins the registry itself",
                       "See who is in it: accord member registry"));
  }
  const auto served = node::FetchRegistry(*identity, hash);
  if (!served.ok()) return Report(served.status());
  const auto& registry = served->registry;
  std::fputs(node::RegistryText(registry.version, served->entries, identity->id).c_str(), stdout);
  const auto pinned = node::LoadPinned(settings.node.state);
  if (hash) {
    if (const Status done = node::Pin(settings.node.state, registry); !done.ok()) return Report(done);
    std::printf("Pinned: this node masks its updates with these nodes and no others.\n");
    (void)node::AskNode(settings.node.state, "pinned", "");  // a node that does not run reads it at its start
  } else if (pinned.ok() && pinned->hash == registry.Hash()) {
    std::printf("It is the one that this node has pinned.\n");
  } else {
    std::printf(
        "It is not pinned here. Compare the hash with the other members', then:\n"
        "  accord-node registry --pin %s --state %s\n",
        registry.Hash().Hex().c_str(), settings.node.state.c_str());
  }
  if (registry.Find(identity->id) == nullptr) {
    std::printf("This node is not in it, so it cannot take part in masked rounds under it.\n");
  }
  return kOk;
}

nlohmann::json EgressJson(const task::Record& record, const task::Egress& egress) {
  return {{"time", FormatTime(record.time)}, {"job", egress.job.Hex()}, {"round", egress.round.value},
          {"attempt", egress.attempt.value}, {"kind", egress.kind},     {"bytes", egress.bytes},
          {"hash", egress.hash.Hex()}};
}

int Egress(const config::NodeConfig& settings, bool json) {
  std::error_code unknown;
  if (!std::filesystem::exists(settings.node.state / "journal.db", unknown) && !unknown) {
    return Report(Fail(errors::kIdentityMissing, "no node has run on " + settings.node.state.string(),
                       "Name the directory of the node: --state DIR or --config FILE"));
  }
  const auto reader = store::JournalReader::Open(settings.node.state / "journal.db");
  if (!reader.ok()) return Report(reader.status());
  const auto records = (*reader)->Read(node::kEgressStream);
  if (!records.ok()) return Report(records.status());
  std::uint64_t bytes = 0;
  if (!json)
    std::printf("%-24s  %-12s  %5s  %3s  %-13s  %10s  %s\n", "TIME", "JOB", "ROUND", "TRY", "KIND", "BYTES",
                "HASH");
  for (const Bytes& encoded : *records) {
    const auto record = task::DecodeRecord(encoded);
    if (!record.ok()) return Report(record.status());
    const auto* egress = std::get_if<task::Egress>(&record->content);
    if (egress == nullptr) continue;
    bytes += egress->bytes;
    if (json) {
      std::printf("%s\n", EgressJson(*record, *egress).dump().c_str());
    } else {
      std::printf("%-24s  %.12s  %5llu  %3u  %-13s  %10s  %.16s\n", FormatTime(record->time).c_str(),
                  egress->job.Hex().c_str(), static_cast<unsigned long long>(egress->round.value),
                  egress->attempt.value, egress->kind.c_str(), FormatBytes(egress->bytes).c_str(),
                  egress->hash.Hex().c_str());
    }
  }
  if (json) {
    std::printf("%s\n", nlohmann::json{{"ok", true}, {"bytes", bytes}, {"end", true}}.dump().c_str());
  } else {
    std::printf("\n%zu entries, %s in all. Nothing else computed from the data has left.\n", records->size(),
                FormatBytes(bytes).c_str());
  }
  return kOk;
}

constexpr int kGivesWay = 10;  // niceness of a tuning beside a running node

int Graduate(const config::NodeConfig& settings, GraduateCommand& command, Signals& signals) {
  SetupLog(settings.log.format, LogLevel::kWarn);  // a damaged part is named
  std::stop_source stop;
  signals.Watch([stop](int) mutable { stop.request_stop(); });
  if (command.running().empty()) return Report(command.Run(settings, stop.get_token()));
  const auto scratch = study::Scratch::Make();
  if (!scratch.ok()) return Report(scratch.status());
  const node::CommonFiles files{(*scratch)->path() / "job.toml", (*scratch)->path() / "model.safetensors"};
  const auto fetched = node::FetchCommon(settings.node.state, command.running(), files);
  if (!fetched.ok()) return Report(fetched.status());
  command.Use(files.plan, files.model);
  (void)::setpriority(PRIO_PROCESS, 0, kGivesWay);  // before there are threads, which inherit it
  return Report(command.Run(settings, stop.get_token()));
}

struct Commands {
  std::string token, job;
  bool json = false;
  CLI::App *join = nullptr, *run = nullptr, *stop = nullptr, *start = nullptr, *erase = nullptr,
           *egress = nullptr, *free = nullptr, *registry = nullptr, *witness = nullptr;
  std::string pin, member;
  GraduateCommand graduate;
  DecisionCommands decisions;

  void AddTo(CLI::App& app) {
    join = app.add_subcommand("join", "Join a federation with a one-time token");
    join->add_option("TOKEN", token, "The token that an operator gave you")->required();
    run = app.add_subcommand("run", "Take part: connect and train");
    stop = app.add_subcommand("stop", "End training at once, of one job or of all");
    stop->add_option("JOB", job, "Id, prefix of it, or name; all open jobs when left out");
    start = app.add_subcommand("start", "Allow a stopped job again");
    start->add_option("JOB", job, "Id, prefix of it, or name; all open jobs when left out");
    erase =
        app.add_subcommand("erase", "Remove what a job left on this machine: deltas, checkpoints, residuals");
    erase->add_option("JOB", job, "Id, prefix of it, or name")->required();
    free =
        app.add_subcommand("free",
                           "Let the node join another cohort on a model on which it signed a survivor set: "
                           "sums of two sets reveal their difference");
    free->add_option("JOB", job, "Id, prefix of it, or name")->required();
    registry = app.add_subcommand("registry", "Show whose keys the coordinator offers to mask with");
    registry
        ->add_option("--pin", pin, "Trust the registry of this hash, after comparing it with other members")
        ->type_name("HASH");
    witness =
        app.add_subcommand("witness", "Make the key with which this node cosigns the log for its member");
    witness->add_option("MEMBER", member, "Whose node this is, as the charter is to name it")->required();
    egress = app.add_subcommand("egress", "Show everything that ever left this lab");
    egress->add_flag("--json", json, "JSON lines");
    decisions.AddTo(app);
    graduate.AddTo(app, /*config=*/false);
  }
};

int Main(int argc, char** argv) {
  if (!GuardSecrets()) return kFailed;
  rpc::ForceTls13();
  rpc::TuneDaemon();
  Signals signals;
  CLI::App app("accord-node " + std::string(kVersion) +
               ": trains on a lab's own data, which never leaves it");
  app.set_version_flag("--version", std::string(kVersion));
  DaemonFlags flags;
  flags.AddTo(app, "State directory (default /var/lib/accord/node)");
  app.add_flag("--check-config", flags.check, "Print the settings in force, or all errors, and exit");
  app.fallthrough();
  app.require_subcommand(0, 1);
  Commands commands;
  commands.AddTo(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return NotParsed("accord-node", app, error);
  }
  const auto settings = config::LoadNodeConfig(flags.Sources("node.state"));
  if (!settings.ok()) return Report(settings.status());
  if (flags.check) {
    std::fputs(config::ShowConfig(*settings).c_str(), stdout);
    return kOk;
  }
  if (commands.join->parsed()) return Join(*settings, commands.token);
  if (commands.run->parsed()) return Run(*settings, signals);
  if (commands.stop->parsed()) return Ask(*settings, "stop", commands.job);
  if (commands.start->parsed()) return Ask(*settings, "start", commands.job);
  if (commands.erase->parsed()) return Ask(*settings, "erase", commands.job);
  if (commands.free->parsed()) return Ask(*settings, "free", commands.job);
  if (commands.registry->parsed()) return Registry(*settings, commands.pin, !flags.config.empty());
  if (commands.witness->parsed()) return Witness(*settings, commands.member);
  if (commands.egress->parsed()) return Egress(*settings, commands.json);
  if (commands.decisions.parsed()) return commands.decisions.Run(*settings);
  if (commands.graduate.parsed()) return Graduate(*settings, commands.graduate, signals);
  std::fputs(app.help().c_str(), stdout);
  return kBadArguments;
}

}  // namespace
}  // namespace accord::apps

int main(int argc, char** argv) { return accord::apps::Guarded(accord::apps::Main, argc, argv); }
