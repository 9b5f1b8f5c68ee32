// accord-ca: the CA of one member of a federation. `accord-ca init` makes it, `invite` makes tokens with
// which nodes join, `accord-ca` serves it.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "accord/version.h"
#include "apps/program.h"
#include "apps/signals.h"
#include "base/log.h"
#include "config/ca_config.h"
#include "coordinator/issuer.h"
#include "rpc/process.h"

namespace accord::apps {
namespace {

struct Commands {
  CLI::App *init = nullptr, *invite = nullptr, *list = nullptr, *show = nullptr, *suspend = nullptr,
           *resume = nullptr;
  std::string member, trust_domain, coordinator, coordinator_ca, listen, advertise;  // of init
  std::string name;  // of invite, suspend and resume
  int hours = 1;
  bool json = false;  // of list

  void AddTo(CLI::App& app) {
    init = app.add_subcommand("init", "Make the CA, and print what the charter has to say of it");
    init->add_option("--member", member, "Id of the member in the charter, e.g. ke")->required();
    init->add_option("--trust-domain", trust_domain, "SPIFFE trust domain of its nodes, e.g. ke.fed.example")
        ->required();
    init->add_option("--coordinator", coordinator, "The coordinator that its nodes go to")
        ->type_name("HOST:PORT")
        ->required();
    init->add_option("--coordinator-ca", coordinator_ca, "PEM file, the CA of the coordinator's certificate")
        ->type_name("FILE")
        ->required();
    init->add_option("--listen", listen, "Address that accord-ca will listen on")->type_name("HOST:PORT");
    init->add_option("--advertise", advertise, "Address that tokens carry, when it is another")
        ->type_name("HOST:PORT");
    invite = app.add_subcommand("invite", "Print a token with which one node joins, once");
    invite->add_option("NAME", name, "Of the node, e.g. nairobi-1")->required();
    invite->add_option("--hours", hours, "For how long the token is good")->check(CLI::Range(1, 24 * 7));
    list = app.add_subcommand("list", "The nodes that this CA has certified");
    list->add_flag("--json", json, "A JSON object a line");
    suspend = app.add_subcommand("suspend", "Renew the certificate of a node no more");
    suspend->add_option("NAME", name, "Of the node, e.g. nairobi-1")->required();
    resume = app.add_subcommand("resume", "Renew the certificate of a suspended node again");
    resume->add_option("NAME", name, "Of the node, e.g. nairobi-1")->required();
    show = app.add_subcommand("show", "What the charter has to say of this CA");
    app.add_subcommand("serve", "Let nodes join and renew their certificates (the default)");
  }
  void Overlay(config::Sources& sources) const {
    const auto set = [&](const char* key, const std::string& value) {
      if (!value.empty()) sources.flags.push_back(std::string(key) + "=" + value);
    };
    set("member.id", member);
    set("member.trust_domain", trust_domain);
    set("coordinator.address", coordinator);
    if (!coordinator_ca.empty())
      set("coordinator.ca", std::filesystem::absolute(coordinator_ca).lexically_normal().string());
    set("rpc.listen", listen);
    set("rpc.advertise", advertise);
  }
};

void PrintForCharter(const config::CaConfig& settings, const coordinator::Issuer& issuer) {
  std::printf("For the charter, in the [[member]] of %s:\n", settings.member.id.c_str());
  std::printf("trust_domain = \"%s\"\n", settings.member.trust_domain.c_str());
  std::printf("ca = [\"%s\"]\n", issuer.KeyHash().Hex().c_str());
}

int Init(const config::CaConfig& settings) {
  if (const Status made = coordinator::Issuer::Init(settings); !made.ok()) return Report(made);
  const std::filesystem::path& state = settings.store.state;
  const auto issuer = coordinator::Issuer::Open(settings);
  if (!issuer.ok()) return Report(issuer.status());
  PrintForCharter(settings, **issuer);
  std::printf("\n1. Serve it:            accord-ca --state %s\n", state.c_str());
  std::printf("2. For each node:       accord-ca invite NAME --state %s\n", state.c_str());
  std::printf("3. On its own machine:  accord-node join TOKEN --state DIR\n");
  std::printf("Whoever has %s can make nodes of %s up: keep it where only %s gets at it.\n",
              (state / "ca.key").c_str(), settings.member.id.c_str(), settings.member.id.c_str());
  return kOk;
}

int Invite(coordinator::Issuer& issuer, const Commands& commands) {
  const auto invite = issuer.Invite(commands.name, std::chrono::hours(commands.hours));
  if (!invite.ok()) return Report(invite.status());
  std::printf("%s\n", invite->token.c_str());
  std::fprintf(stderr, "For %s, once, until %s:  accord-node join TOKEN --state DIR\n",
               invite->spiffe_id.c_str(), FormatTime(invite->expires).c_str());
  return kOk;
}

int List(coordinator::Issuer& issuer, bool json) {
  const auto nodes = issuer.List();
  if (!nodes.ok()) return Report(nodes.status());
  if (json) {
    for (const rpc::MemberView& node : *nodes)
      std::printf("%s\n",
                  nlohmann::ordered_json{{"spiffe_id", node.spiffe_id},
                                         {"certificate_expires", FormatTime(node.certificate_expires)},
                                         {"suspended", node.suspended}}
                      .dump()
                      .c_str());
    return kOk;
  }
  if (nodes->empty()) std::printf("No nodes yet. Invite one with: accord-ca invite NAME\n");
  for (const rpc::MemberView& node : *nodes)
    std::printf("%-40s  certificate until %s%s\n", node.spiffe_id.c_str(),
                FormatTime(node.certificate_expires).c_str(), node.suspended ? "  suspended" : "");
  return kOk;
}

int Suspend(coordinator::Issuer& issuer, const std::string& name, bool suspended) {
  const auto node = issuer.Suspend(name, suspended);
  if (!node.ok()) return Report(node.status());
  const std::string until = FormatTime(node->certificate_expires);
  if (!suspended) {
    std::printf("%s is renewed again; its certificate ends at %s.\n", node->spiffe_id.c_str(), until.c_str());
    return kOk;
  }
  std::printf("%s is suspended: its certificate, good until %s, is not renewed.\n", node->spiffe_id.c_str(),
              until.c_str());
  std::printf("Until then the coordinator lets it in. At once: accord member suspend %s, by its operator.\n",
              name.c_str());
  std::printf("Where a key was stolen, have the charter revoke the node, too: docs/security.md.\n");
  return kOk;
}

int Serve(const config::CaConfig& settings, coordinator::Issuer& issuer, Signals& signals) {
  SetupLog(settings.log.format, settings.log.level);
  const auto port = issuer.Serve();
  if (!port.ok()) return Report(port.status());
  LogInfo("ca.serving", {{"version", std::string(kVersion)},
                         {"member", settings.member.id},
                         {"rpc", settings.rpc.listen},
                         {"state", settings.store.state.string()}});
  signals.Watch([&](int) { issuer.Stop(); });
  issuer.Run();
  LogInfo("ca.stopped");
  return kOk;
}

int Main(int argc, char** argv) {
  if (!GuardSecrets()) return kFailed;
  rpc::ForceTls13();
  Signals signals;
  CLI::App app("accord-ca " + std::string(kVersion) + ": the CA of one member of a federation");
  app.set_version_flag("--version", std::string(kVersion));
  DaemonFlags flags;
  Commands commands;
  flags.AddTo(app, "State directory (default /var/lib/accord/ca)");
  app.add_flag("--check-config", flags.check, "Print the settings in force, or all errors, and exit");
  app.require_subcommand(0, 1);
  app.fallthrough();
  commands.AddTo(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return NotParsed("accord-ca", app, error);
  }
  const std::filesystem::path state = flags.state.empty() ? "/var/lib/accord/ca" : flags.state;
  if (const Status kept = flags.UseKept(state / coordinator::kConfigFile); !kept.ok()) return Report(kept);
  config::Sources sources = flags.Sources("store.state");
  commands.Overlay(sources);
  const auto settings = config::LoadCaConfig(sources);
  if (!settings.ok()) return Report(settings.status());
  if (flags.check) {
    std::fputs(config::ShowConfig(*settings).c_str(), stdout);
    return kOk;
  }
  if (commands.init->parsed()) return Init(*settings);
  const auto issuer = coordinator::Issuer::Open(*settings);
  if (!issuer.ok()) return Report(issuer.status());
  if (commands.invite->parsed()) return Invite(**issuer, commands);
  if (commands.list->parsed()) return List(**issuer, commands.json);
  if (commands.suspend->parsed()) return Suspend(**issuer, commands.name, true);
  if (commands.resume->parsed()) return Suspend(**issuer, commands.name, false);
  if (commands.show->parsed()) return PrintForCharter(*settings, **issuer), kOk;
  return Serve(*settings, **issuer, signals);
}

}  // namespace
}  // namespace accord::apps

int main(int argc, char** argv) { return accord::apps::Guarded(accord::apps::Main, argc, argv); }
