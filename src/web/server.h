// The operator's HTTP port: GET /healthz, /readyz, /metrics, and the public log under /log/. Plain HTTP,
// meant for loopback; it tells nothing about data or models. Started by accordd. Runs on one thread of its
// own; all members are thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "accord/status.h"
#include "base/text.h"
#include "web/metrics.h"

namespace accord::web {

// What the program knows about itself. Called on the server's thread: answer at once, without blocking.
class HealthSource {
 public:
  struct Ready {
    bool ready = false;
    std::string reason;  // for people: what it waits for when not ready; one line
  };
  virtual ~HealthSource() = default;
  // False when the process should be restarted.
  [[nodiscard]] virtual bool Live() const = 0;
  // Whether it can serve now (the state is recovered, not draining).
  [[nodiscard]] virtual Ready IsReady() const = 0;
};

struct ServerOptions {
  std::string address = "127.0.0.1";   // of the interface; a name is resolved
  std::uint16_t port = 7480;           // 0: any free one, see port()
  std::uint32_t max_connections = 64;  // further ones are closed at once
  std::chrono::milliseconds idle_timeout{
      10'000};  // a request or its answer that takes longer ends the connection
  // What is under /log/, by the rest of the path: a file, `*.not_found`, or a failure. None: nothing is.
  // Called on the server's thread.
  std::function<Result<Bytes>(const std::string& path)> log = {};
};

class Server {
 public:
  // Listens and serves until destroyed. `health` and `metrics` must outlive it.
  // `net.listen` when the address cannot be bound (port in use).
  [[nodiscard]] static Result<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                             const HealthSource& health,
                                                             const Metrics& metrics);
  // Closes the listener and every connection, joins the thread.
  virtual ~Server() = default;
  // The bound port.
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace accord::web
