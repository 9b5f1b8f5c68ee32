// A server below src/rpc: whoever opens a stream of any method gets the same bytes as one message, and the
// stream stays open. Thread-safe.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "tests/integration/rpc_server/federation.h"

namespace accord::rpc::testing {

class RawServer {
 public:
  // `files` are a coordinator's.
  RawServer(const Files& files, const std::string& said);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  class Service;
  const std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace accord::rpc::testing
