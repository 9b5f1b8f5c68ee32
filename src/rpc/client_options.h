// How clients of a coordinator are set up: address, identity, and the bounds of a call.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "accord/clock.h"

namespace accord::rpc {

struct ClientOptions {
  std::string address;                // host:port
  std::filesystem::path ca;           // PEM bundle that the server's certificate must verify against
  std::filesystem::path certificate;  // PEM, this client's own leaf
  std::filesystem::path own_ca;       // PEM, of the CA that signed it; empty: it is `ca`
  std::filesystem::path key;          // PEM
  Millis keepalive{20'000};           // pings; above the server's minimum of 10 s
  Millis connect_timeout{5'000};      // of one attempt to connect
};

// Every call ends: by its answer, by `timeout` (`net.timeout`), or soon after `stop` (`net.cancelled`).
struct CallLimits {
  std::stop_token stop;
  Millis timeout{30'000};  // of a small call as a whole; of a bulk call between two signs of progress
};

}  // namespace accord::rpc
