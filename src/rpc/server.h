// The coordinator's gRPC server: TLS 1.3 with client certificates, access by role, and the RPCs of
// proto/accord/v1 as calls of the interfaces in handlers.h. Made and owned by src/coordinator.
//
// Thread rule: all methods are thread-safe and none may be called from inside a handler, but CutPeer and
// CutExpired.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "accord/clock.h"
#include "accord/status.h"
#include "rpc/handlers.h"

namespace accord::rpc {

// PEM files. They are watched: to change them, write new ones into another directory and swap a symbolic link
// with rename(2), so that key and certificate always match. New connections use them within some seconds.
struct ServerTls {
  std::filesystem::path key;
  std::filesystem::path certificate_chain;  // leaf first, then its CA, which joining clients pin
};

struct ServerOptions {
  std::string listen;        // host:port; port 0 takes a free one
  std::string trust_domain;  // of the server's own SPIFFE id
  ServerTls tls;
  const Clock* clock = nullptr;      // outlives the server; null: the machine's
  Millis keepalive{60'000};          // pings to silent peers
  Millis keepalive_timeout{20'000};  // without an answer the connection is closed
  Millis min_client_ping{10'000};    // a client that pings more often is sent away
  std::uint32_t max_sessions = 16'384;
  std::size_t session_queue_bytes =
      2 * kMaxSessionMessageBytes;  // of one node that does not read; more ends its stream
};

// They outlive the server. What has no handler is not served; identity there must be, bulk where there are
// sessions.
struct Handlers {
  SessionHandler* sessions = nullptr;
  BulkHandler* bulk = nullptr;
  IdentityHandler* identity = nullptr;
  OperatorHandler* operators = nullptr;
  LedgerHandler* ledger = nullptr;
};

class Server {
 public:
  Server(ServerOptions options, Handlers handlers);
  ~Server();  // Stop
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and serves; gives the port. `net.port_in_use`, `net.listen`, or what is wrong with the PEM files.
  [[nodiscard]] Result<std::uint16_t> Start();
  // Health says NOT_SERVING, new calls are refused, live streams end with `net.draining` once what is queued
  // on them is written. Returns at once.
  void Drain();
  // Drain, then waits up to `bound` for calls to end, then cuts those that did not. After it returns no
  // handler is called any more (every OnEnd came before), and a Reply or Sink used later does nothing.
  void Stop(Millis bound = Millis(2'000));
  // Ends every live call of this identity with `status`, without flushing what is queued for it.
  void CutPeer(const std::string& spiffe_id, const Status& status);
  // Likewise the calls of everybody whose certificate has ended since the handshake (`auth.expired`). To be
  // called now and then: new calls are refused without it.
  void CutExpired();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::rpc
