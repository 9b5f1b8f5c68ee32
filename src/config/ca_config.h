// Settings of accord-ca, the CA of one member of a federation. Written by `accord-ca init` into the state
// directory. No secrets.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "accord/status.h"
#include "config/load.h"

namespace accord::config {

struct CaConfig {
  struct Member {
    std::string id;            // in the charter: "ke"
    std::string trust_domain;  // of every SPIFFE id that this CA issues: "ke.fed.example"
  } member;
  struct Coordinator {
    std::string address;       // host:port, told to nodes that join
    std::filesystem::path ca;  // PEM, of the coordinator's CA, told likewise
  } coordinator;
  struct Rpc {
    std::string listen = "127.0.0.1:7444";
    std::string advertise;           // what tokens carry; empty: as `listen`
    std::vector<std::string> names;  // further DNS names and IP addresses of the server certificate
  } rpc;
  struct Store {
    std::filesystem::path state = "/var/lib/accord/ca";
  } store;
  struct Security {
    Millis certificate_ttl{72 * 3'600'000LL};
  } security;
  LogConfig log;

  // rpc.advertise, or rpc.listen where none is given.
  [[nodiscard]] const std::string& Advertised() const {
    return rpc.advertise.empty() ? rpc.listen : rpc.advertise;
  }
};

// As LoadCoordinatorConfig.
[[nodiscard]] Result<CaConfig> LoadCaConfig(const Sources& sources);
[[nodiscard]] std::string ShowConfig(const CaConfig& config);

}  // namespace accord::config
