// What the services of one server share. Made by Server, outlives every call.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <string>

#include "rpc/gate.h"
#include "rpc/live_calls.h"
#include "rpc/server.h"
#include "rpc/session.h"
#include "rpc/upload.h"

namespace accord::rpc {

struct CallEnv {
  ServerOptions options;
  Handlers handlers;
  LiveCalls live;
  SessionTable sessions;
  std::shared_ptr<UploadTable> uploads =
      std::make_shared<UploadTable>();  // a late Reply may outlive the server

  // Who calls. The gate has let the caller in already, so that this fails only for calls open to anyone.
  [[nodiscard]] Result<Peer> PeerOf(const grpc::CallbackServerContext& context) const {
    return rpc::PeerOf(*context.auth_context());
  }
};

}  // namespace accord::rpc
