// A node's end of the wire: its session, its uploads and downloads. Made and owned by src/node.
//
// Thread rule: all methods are thread-safe. Calls that block say so; they are for worker threads, never for
// callbacks of a session. Files of the identity are read once, by Open: after a renewal open another client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "accord/status.h"
#include "rpc/bulk.h"
#include "rpc/calls.h"
#include "rpc/client_options.h"
#include "rpc/messages.h"
#include "rpc/views.h"

namespace accord::rpc {

// Called on gRPC threads, one at a time, in this order: OnConnected at most once, OnMessage any number of
// times, OnClosed once and last (also when the connection never came about). They return soon.
class SessionCallbacks {
 public:
  virtual ~SessionCallbacks() = default;
  virtual void OnConnected() = 0;  // the coordinator accepted the stream; Hello may have been sent before
  virtual void OnMessage(ToNode message) = 0;
  virtual void OnClosed(Status status) = 0;  // ok: closed by this side's Close
};

// One open session. Dropping it closes it.
class NodeSession {
 public:
  virtual ~NodeSession() = default;
  // Queues; never blocks. Does nothing once the session has ended.
  virtual void Send(FromNode message) = 0;
  // Ends the stream after what is queued was written, at the latest after some seconds. Idempotent.
  virtual void Close() = 0;
};

class NodeClient final : public Bulk {
 public:
  // Checks address, files, that key and certificate match and are in date (`auth.expired`), and gives a
  // client that has not connected yet.
  [[nodiscard]] static Result<std::unique_ptr<NodeClient>> Open(ClientOptions options);
  // No blocking call may be under way. Open sessions are cut: when it returns, every OnClosed was called. Not
  // from a session's callback.
  ~NodeClient() override;
  NodeClient(const NodeClient&) = delete;
  NodeClient& operator=(const NodeClient&) = delete;

  // Dials. OnClosed tells a failure to connect (`net.unreachable`, `net.untrusted`) within the connect
  // timeout.
  [[nodiscard]] std::shared_ptr<NodeSession> OpenSession(std::shared_ptr<SessionCallbacks> callbacks);

  [[nodiscard]] Status GetBlob(const Digest& hash, std::uint64_t offset, const BlobSink& sink,
                               const CallLimits& limits) override;
  [[nodiscard]] Status PutUpdate(const Upload& upload, const CallLimits& limits) override;
  [[nodiscard]] Result<UploadState> GetUpload(const UploadKey& key, const CallLimits& limits) override;
  // Blocks. The registry of this hash, or the newest; what it says is for the caller to check
  // (registry_view.h).
  [[nodiscard]] Result<RegistryView> GetRegistry(const std::optional<Digest>& hash, const CallLimits& limits);
  // Blocks. By a node of a member's own trust domain, before anything else. `registry.untrusted`, `auth.*`.
  [[nodiscard]] Status Introduce(const Introduction& introduction, const CallLimits& limits);

 private:
  struct Impl;
  explicit NodeClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::rpc
