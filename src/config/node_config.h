// Settings of accord-node. Read once at start; configs/node.toml is the annotated example. No secrets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "accord/trainer.h"
#include "config/load.h"

namespace accord::config {

enum class Device : std::uint8_t { kAuto, kCpu, kCuda };

struct NodeConfig {
  struct Node {
    std::filesystem::path state = "/var/lib/accord/node";
    std::uint32_t threads = 0;  // of one training; 0: the machine's, divided by the slots
    std::uint32_t slots = 1;    // jobs that train at the same time
    Device device = Device::kAuto;
    std::string coordinator;  // host:port; empty: as learned when joining
  } node;
  // [data.<id>]: the data sets that jobs may name. Relative paths are relative to the file that names them.
  std::map<std::string, DatasetConfig> data;
  // The certificate of a data set (dataset/certificate.h): nothing is trained on other bytes than it commits
  // to.
  struct Certificate {
    std::filesystem::path file;       // or its directory; empty: the data set has none
    std::filesystem::path directory;  // what was certified; every file of the data set is below it
    std::vector<std::string> keys;    // verifier keys of the member that vouches
    std::uint64_t sample = 0;         // files whose content is compared, drawn for each job; 0: all
  };
  std::map<std::string, Certificate> certificates;  // by the id of the data set
  struct Policy {
    bool allow_unmasked = false;     // jobs with secure = "off" are refused unless true
    bool allow_semi_honest = false;  // and those with secure = "semi-honest"
    std::uint32_t max_jobs = 32;     // most jobs that are open at once
    // Of masked rounds (secagg::MemberPolicy):
    std::uint32_t min_cohort = 3;       // least nodes that mask together
    std::uint32_t min_honest = 2;       // least of them that are not assumed corrupt
    std::uint32_t max_per_org = 0;      // most nodes of one organisation; 0: any number
    std::uint32_t max_attempt = 8;      // attempts of a round that are answered
    std::vector<std::string> purposes;  // allowed purposes of jobs; "*" allows any; empty: none
    [[nodiscard]] bool AllowsPurpose(std::string_view purpose) const;
  } policy;
  // [workers]: several processes that train together; this node is the first of them. Who is which is in the
  // environment (launch.h).
  struct Workers {
    bool environment = true;    // look there at all
    std::string interface;      // network interface between them; empty: GLOO_SOCKET_IFNAME, else loopback
    Millis timeout{300'000};    // for another process: to come, and to take its part in a step
    std::filesystem::path key;  // the file of their secret; empty: workers.key in the state directory
  } workers;
  // The federation's charter, where it has one. Empty genesis: it has none, and jobs that were decided on
  // under one are refused.
  struct Governance {
    std::string genesis;                           // SHA-256 of the first charter, in hex
    std::string member;                            // whose node this is, as the charter names it
    std::filesystem::path witness_key;             // of the member's witness; empty: another node has it
    std::filesystem::path policy;                  // the lab's own policy (charter/node_policy.h)
    bool evaluate = false;                         // say what groups' sums are worth on the hold-out here
    std::string powercap = "/sys/class/powercap";  // counters of energy; empty: told to nobody
  } governance;
  LogConfig log;
};

// All errors at once as one `config.invalid`, a line each with file:line:column, variable or flag.
// `--state DIR` of the command line is the flag "node.state=DIR".
[[nodiscard]] Result<NodeConfig> LoadNodeConfig(const Sources& sources);
// Every key with its value in force, as a TOML file that loads to the same settings (--check-config).
[[nodiscard]] std::string ShowConfig(const NodeConfig& config);

}  // namespace accord::config
