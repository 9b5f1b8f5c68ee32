// The coordinator as one object: opens the state, recovers the jobs, serves. Made by src/apps/accordd and by
// the integration tests. Start, Drain and Stop are called by one thread, which is none of the coordinator's
// own.
#pragma once

#include <functional>
#include <memory>

#include "accord/clock.h"
#include "accord/status.h"
#include "config/coordinator_config.h"

namespace accord::coordinator {

class Coordinator {
 public:
  // Opens state, recovers, listens. On ok it serves: ready is true. `store.locked`, `identity.missing`,
  // `net.port_in_use`, `store.corrupt`. `on_fatal` is called at most once, on any thread, when the state
  // cannot be written any more: stop the program, a restart recovers.
  [[nodiscard]] static Result<std::unique_ptr<Coordinator>> Start(
      const config::CoordinatorConfig& config, std::function<void(const Status&)> on_fatal);
  ~Coordinator();  // Stop
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // Not ready any more: nodes are told to reconnect later, new calls are refused. Rounds stand where they
  // are.
  void Drain();
  // Drain, then ends within some seconds.
  void Stop();

  [[nodiscard]] std::uint16_t rpc_port() const;
  [[nodiscard]] std::uint16_t http_port() const;

 private:
  struct Impl;
  explicit Coordinator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// `accordd init`: makes the state directory, the CA, and the first operator's join token (valid for 7 days),
// which it returns. `identity.exists`.
[[nodiscard]] Result<std::string> InitFederation(const config::CoordinatorConfig& config);

}  // namespace accord::coordinator
