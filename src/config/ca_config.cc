#include "config/ca_config.h"

#include "base/text.h"
#include "config/schemas.h"

namespace accord::config {
namespace {

constexpr Millis kLeastTtl{3'600'000};

std::string CheckName(const std::string& text) {
  return IsName(text) ? "" : "must be 1 to 64 of a-z, 0-9, '-', '_', '.', a letter or digit first";
}

}  // namespace

Schema CaSchema(CaConfig& config) {
  Schema s;
  s.Section({"member"}, "Whose CA this is. Fixed by `accord-ca init`.");
  s.Key("id", Text(config.member.id, "name", CheckName), "of the member in the charter");
  s.Key("trust_domain", Text(config.member.trust_domain, "trust domain", CheckTrustDomain),
        "domain of every SPIFFE id that this CA issues, as the charter has it");
  s.Section({"coordinator"}, "The coordinator that the member's nodes go to.");
  s.Key("address", Address(config.coordinator.address), "where it is");
  s.Key("ca", FilePath(config.coordinator.ca), "PEM file, the CA of its certificate");
  s.Section({"rpc"}, "The gRPC port: nodes that join, and renew their certificates.");
  s.Key("listen", Address(config.rpc.listen), "address to listen on; loopback unless changed");
  s.Key("advertise", Address(config.rpc.advertise), "address that join tokens carry; empty: as `listen`");
  s.Key("names", TextList(config.rpc.names, CheckServerName),
        "further DNS names and IP addresses of the server's certificate");
  s.Section({"store"}, "State: the CA's key, tokens, nodes.");
  s.Key("state", FilePath(config.store.state), "directory of the state; also --state");
  s.Section({"security"}, "For how long.");
  s.Key("certificate_ttl", Duration(config.security.certificate_ttl, kLeastTtl, 24 * 366 * kLeastTtl),
        "life of the certificates it issues");
  LogSection(s, config.log);
  return s;
}

Result<CaConfig> LoadCaConfig(const Sources& sources) {
  CaConfig config;
  Schema schema = CaSchema(config);
  ApplySources(schema, ReadSources(sources));
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kConfigInvalid, NameOf(sources)));
  return config;
}

std::string ShowConfig(const CaConfig& config) {
  CaConfig copy = config;
  CaConfig defaults;
  return CaSchema(copy).Show(CaSchema(defaults));
}

}  // namespace accord::config
