// Settings of accordd. Read once at start; configs/coordinator.toml is the annotated example. No secrets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "accord/status.h"
#include "config/load.h"

namespace accord::config {

struct CoordinatorConfig {
  struct Federation {
    std::string name = "accord";                   // shown to people
    std::string trust_domain = "accord.internal";  // of every SPIFFE id that this coordinator issues
  } federation;
  struct Rpc {
    std::string listen = "127.0.0.1:7443";
    std::string advertise;           // what tokens carry; empty: as `listen`
    std::vector<std::string> names;  // further DNS names and IP addresses of the server certificate
  } rpc;
  struct Http {
    std::string listen = "127.0.0.1:7480";  // /healthz /readyz /metrics, without authentication
  } http;
  struct Store {
    std::filesystem::path state = "/var/lib/accord/coordinator";
  } store;
  struct Uploads {
    std::uint64_t memory = 64ULL << 20;  // bytes of spooled uploads held in memory; above, files
    std::uint32_t slots = 4;             // uploads that run at the same time
  } uploads;
  struct Limits {
    std::uint32_t max_jobs = 16;    // jobs that are not finished
    std::uint32_t max_running = 8;  // of them, that run at the same time; the others wait in the queue
    std::uint64_t max_model_parameters = 1'000'000'000;
    Millis heartbeat{10'000};
  } limits;
  struct Security {
    bool allow_unmasked = false;  // jobs with secure = "off" are refused unless true
    Millis certificate_ttl{72 * 3'600'000LL};
  } security;
  LogConfig log;

  // rpc.advertise, or rpc.listen where none is given.
  [[nodiscard]] const std::string& Advertised() const {
    return rpc.advertise.empty() ? rpc.listen : rpc.advertise;
  }
};

// All errors at once as one `config.invalid`, a line each with file:line:column, variable or flag.
// `--state DIR` of the command line is the flag "store.state=DIR".
[[nodiscard]] Result<CoordinatorConfig> LoadCoordinatorConfig(const Sources& sources);
// Every key with its value in force, as a TOML file that loads to the same settings (--check-config).
[[nodiscard]] std::string ShowConfig(const CoordinatorConfig& config);

}  // namespace accord::config
