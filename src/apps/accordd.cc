// accordd: the coordinator. `accordd init` makes a federation, `accordd` serves it; `fsck`, `backup` and
// `restore` look after its state, `import-model` gives it weights that jobs begin from.
#include <cstdio>
#include <future>

#include "accord/version.h"
#include "apps/maintenance.h"
#include "apps/program.h"
#include "apps/signals.h"
#include "base/file.h"
#include "base/log.h"
#include "config/coordinator_config.h"
#include "coordinator/coordinator.h"
#include "crypto/prg.h"
#include "rpc/process.h"

namespace accord::apps {
namespace {

// Settings that init takes as flags of their own.
struct InitFlags {
  std::string name, trust_domain, listen, advertise;
  void AddTo(CLI::App& app) {
    app.add_option("--name", name, "Name of the federation, for people");
    app.add_option("--trust-domain", trust_domain,
                   "SPIFFE trust domain of every identity, e.g. health.example");
    app.add_option("--listen", listen, "Address that accordd will listen on")->type_name("HOST:PORT");
    app.add_option("--advertise", advertise, "Address that tokens carry, when it is another")
        ->type_name("HOST:PORT");
  }
  void Overlay(config::Sources& sources) const {
    const auto set = [&](const char* key, const std::string& value) {
      if (!value.empty()) sources.flags.push_back(std::string(key) + "=" + value);
    };
    set("federation.name", name);
    set("federation.trust_domain", trust_domain);
    set("rpc.listen", listen);
    set("rpc.advertise", advertise);
  }
};

// Without --config, the file that init left in the state directory; a restore has that of the backup.
Status DefaultConfig(DaemonFlags& flags, const std::string& backup) {
  const std::string state = flags.state.empty() ? "/var/lib/accord/coordinator" : flags.state;
  return flags.UseKept(std::filesystem::path(backup.empty() ? state : backup) / "coordinator.toml");
}

// Commands on the state of a federation.
struct StateCommands {
  CLI::App* fsck = nullptr;
  CLI::App* backup = nullptr;
  CLI::App* restore = nullptr;
  CLI::App* import = nullptr;
  std::string checkpoint;
  std::string target;
  std::string source;
  std::string log;
  bool replace = false;
  bool json = false;

  void AddTo(CLI::App& app) {
    fsck = app.add_subcommand("fsck", "Look through the state for damage, and say what can be recovered");
    fsck->footer("The coordinator must not run; a backup may be checked at any time (--state BACKUP).");
    backup =
        app.add_subcommand("backup", "Copy the state as of one moment, also while the coordinator serves");
    backup->add_option("DIR", target, "Where the backup is made; must not exist")->required();
    restore = app.add_subcommand("restore", "Put a backup in the place of the state, after a look at both");
    restore->add_option("BACKUP", source, "What accordd backup made")->required();
    restore->add_flag("--replace", replace, "Set a state that is there aside, under a name beside it");
    restore->add_option("--log", log, "A newer copy of the state's log, plans, descriptions and receipts")
        ->type_name("DIR");
    restore->footer(
        "The coordinator must not run. Once it does, open jobs go on from what their nodes have.");
    import = app.add_subcommand("import-model", "Keep weights that jobs may begin from: [model] start");
    import
        ->add_option(
            "PATH", checkpoint,
            "A checkpoint as safetensors, f32, f16 or bf16: a file, an index, or a directory; or the "
            "model of a former job")
        ->required();
    import->footer("The coordinator may serve meanwhile. It prints what the job file says of the weights.");
    for (CLI::App* command : {fsck, backup, restore, import})
      command->add_flag("--json", json, "One JSON object");
  }
  [[nodiscard]] int Run(const DaemonFlags& flags) const {
    const auto settings = config::LoadCoordinatorConfig(flags.Sources("store.state"));
    if (!settings.ok()) return Report(settings.status());
    const std::filesystem::path& state = settings->store.state;
    if (restore->parsed()) return RestoreStateOf(state, source, log, replace, json);
    if (import->parsed()) return ImportModelInto(state, checkpoint, json);
    return fsck->parsed() ? CheckStateOf(state, json) : BackUpStateOf(state, target, json);
  }
  [[nodiscard]] bool parsed() const {
    return fsck->parsed() || backup->parsed() || restore->parsed() || import->parsed();
  }
};

int Init(const DaemonFlags& flags, const InitFlags& init) {
  config::Sources sources = flags.Sources("store.state");
  init.Overlay(sources);
  const auto settings = config::LoadCoordinatorConfig(sources);
  if (!settings.ok()) return Report(settings.status());
  const auto token = coordinator::InitFederation(*settings);
  if (!token.ok()) return Report(token.status());
  const std::filesystem::path state = settings->store.state;
  Status kept =
      WriteFileAtomic(state / "coordinator.toml", AsBytes(config::ShowConfig(*settings)), FileMode::kShared);
  if (kept.ok()) kept = WriteFileAtomic(state / "operator.token", AsBytes(*token + "\n"), FileMode::kPrivate);
  if (!kept.ok()) return Report(kept);
  std::printf("Federation '%s' (%s) is ready in %s\n\n", settings->federation.name.c_str(),
              settings->federation.trust_domain.c_str(), state.c_str());
  std::printf("1. Start the coordinator:      accordd --state %s\n", state.c_str());
  std::printf("2. Become its first operator:  accord join $(cat %s)\n", (state / "operator.token").c_str());
  std::printf("   The token works once, within 7 days.\n");
  return kOk;
}

int Serve(const DaemonFlags& flags, Signals& signals) {
  const auto settings = config::LoadCoordinatorConfig(flags.Sources("store.state"));
  if (!settings.ok()) return Report(settings.status());
  if (flags.check) {
    std::fputs(config::ShowConfig(*settings).c_str(), stdout);
    return kOk;
  }
  SetupLog(settings->log.format, settings->log.level);
  std::promise<Status> ended;  // set once, by a signal or by a state that cannot be written
  std::atomic<bool> set{false};
  const auto end = [&](Status status) {
    if (!set.exchange(true)) ended.set_value(std::move(status));
  };
  auto running = coordinator::Coordinator::Start(*settings, end);
  if (!running.ok()) return Report(running.status());
  LogInfo("coordinator.serving",
          {{"version", std::string(kVersion)},
           {"rpc", settings->rpc.listen},
           {"http", settings->http.listen},
           {"state", settings->store.state.string()},
           {"keystream", std::string(crypto::Name(crypto::CurrentKeystreamBackend()))}});
  signals.Watch([&](int count) {
    if (count > 1) return end({});  // the second: at once
    LogInfo("coordinator.draining", {{"again", "stops at once"}});
    (*running)->Drain();
    end({});
  });
  const Status why = ended.get_future().get();
  (*running)->Stop();
  LogInfo("coordinator.stopped");
  return Report(why);
}

int Main(int argc, char** argv) {
  if (!GuardSecrets()) return kFailed;
  rpc::ForceTls13();
  rpc::TuneDaemon();
  Signals signals;
  CLI::App app("accordd " + std::string(kVersion) + ": the coordinator of a federation");
  app.set_version_flag("--version", std::string(kVersion));
  DaemonFlags flags;
  InitFlags init;
  flags.AddTo(app, "State directory (default /var/lib/accord/coordinator)");
  app.add_flag("--check-config", flags.check, "Print the settings in force, or all errors, and exit");
  app.require_subcommand(0, 1);
  app.fallthrough();
  CLI::App* init_command =
      app.add_subcommand("init", "Make a federation: its CA and the first operator's join token");
  init.AddTo(*init_command);
  app.add_subcommand("serve", "Serve the federation (the default)");
  StateCommands commands;
  commands.AddTo(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return NotParsed("accordd", app, error);
  }
  if (init_command->parsed()) return Init(flags, init);
  if (const Status kept = DefaultConfig(flags, commands.source); !kept.ok()) return Report(kept);
  if (commands.parsed()) return commands.Run(flags);
  return Serve(flags, signals);
}

}  // namespace
}  // namespace accord::apps

int main(int argc, char** argv) { return accord::apps::Guarded(accord::apps::Main, argc, argv); }
