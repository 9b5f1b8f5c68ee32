#include "config/coordinator_config.h"

#include "base/text.h"
#include "config/schemas.h"

namespace accord::config {
namespace {

constexpr Millis kHour{3'600'000};

void ServingSections(Schema& s, CoordinatorConfig& c) {
  s.Section({"federation"}, "Who this federation is. Fixed by `accordd init`.");
  s.Key("name", Name(c.federation.name), "name shown to people");
  s.Key("trust_domain", Text(c.federation.trust_domain, "trust domain", CheckTrustDomain),
        "domain of every SPIFFE id that this coordinator issues");
  s.Section({"rpc"}, "The gRPC port: nodes and the CLI, mutual TLS.");
  s.Key("listen", Address(c.rpc.listen), "address to listen on; loopback unless changed");
  s.Key("advertise", Address(c.rpc.advertise), "address that join tokens carry; empty: as `listen`");
  s.Key("names", TextList(c.rpc.names, CheckServerName),
        "further DNS names and IP addresses of the server's certificate");
  s.Section({"http"}, "The operator's HTTP port: /healthz, /readyz, /metrics, without authentication.");
  s.Key("listen", Address(c.http.listen), "address to listen on; keep it on loopback or a private network");
  s.Section({"store"}, "State: journal, members, blobs.");
  s.Key("state", FilePath(c.store.state), "directory of the state; also --state");
}

void LimitSections(Schema& s, CoordinatorConfig& c) {
  s.Section({"uploads"}, "Updates on their way in.");
  s.Key("memory", Size(c.uploads.memory, 1ULL << 20), "memory for uploads before they go to files");
  s.Key("slots", Whole(c.uploads.slots, 1, 10'000),
        "uploads that run at the same time; others wait their turn");
  s.Section({"limits"}, "What one coordinator takes on.");
  s.Key("max_jobs", Whole(c.limits.max_jobs, 1, 10'000), "jobs that are not finished");
  s.Key("max_running", Whole(c.limits.max_running, 1, 10'000),
        "of them, jobs that run at the same time; the others wait in the queue, by their priority");
  s.Key("max_model_parameters", Whole(c.limits.max_model_parameters, 1, 1ULL << 36),
        "a job with a larger model is refused");
  s.Key("heartbeat", Duration(c.limits.heartbeat, Millis(100), kHour), "pause between heartbeats of a node");
  s.Section({"security"}, "What is allowed, and for how long.");
  s.Key("allow_unmasked", Bool(c.security.allow_unmasked),
        "run jobs with secure = \"off\", whose updates the coordinator can read");
  s.Key("certificate_ttl", Duration(c.security.certificate_ttl, kHour, 24 * 366 * kHour),
        "life of the certificates it issues");
}

}  // namespace

// SPIFFE-ID section 2.1: lower-case letters, digits, dots, dashes, underscores; a DNS name in practice.
std::string CheckTrustDomain(const std::string& text) {
  return IsName(text) ? "" : "\"" + Printable(text, 100) + "\" is no trust domain, as accord.example";
}

std::string CheckServerName(const std::string& text) {
  return ParseHostPort("[" + text + "]:1") || ParseHostPort(text + ":1")
             ? ""
             : "\"" + Printable(text, 100) + "\" is neither a DNS name nor an IP address";
}

Schema CoordinatorSchema(CoordinatorConfig& config) {
  Schema schema;
  ServingSections(schema, config);
  LimitSections(schema, config);
  LogSection(schema, config.log);
  return schema;
}

Result<CoordinatorConfig> LoadCoordinatorConfig(const Sources& sources) {
  CoordinatorConfig config;
  Schema schema = CoordinatorSchema(config);
  ApplySources(schema, ReadSources(sources));
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kConfigInvalid, NameOf(sources)));
  return config;
}

std::string ShowConfig(const CoordinatorConfig& config) {
  CoordinatorConfig copy = config;
  CoordinatorConfig defaults;
  return CoordinatorSchema(copy).Show(CoordinatorSchema(defaults));
}

}  // namespace accord::config
