// A coordinator that says to its node whatever a test makes it say, with the identity of a real one that has
// stopped: the real server, mTLS, the real node; only what would be behind the server is the test's own.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/file.h"
#include "coordinator/identity.h"
#include "crypto/x509.h"
#include "rpc/server.h"
#include "tests/integration/rpc_server/fakes.h"

namespace accord::testing {

class Liar {
 public:
  // `state`: of the coordinator whose place it takes. `model`: a file that nodes may download.
  Liar(const std::filesystem::path& state, const std::string& trust_domain, const Digest& hash, Bytes model) {
    const coordinator::IdentityPaths paths(state);
    const auto pem = ReadFile(paths.ca_certificate, 1 << 20);
    EXPECT_TRUE(pem.ok()) << pem.status().message();
    identity_.cas.push_back(*crypto::Certificate::FromPem(AsText(*pem)));
    bulk_.blobs[hash] = std::move(model);
    server_ = std::make_unique<rpc::Server>(
        rpc::ServerOptions{.listen = "127.0.0.1:0", .trust_domain = trust_domain, .tls = paths.ServerFiles()},
        rpc::Handlers{&sessions_, &bulk_, &identity_, &people_, &ledger_});
    const auto port = server_->Start();
    EXPECT_TRUE(port.ok()) << port.status().message();
    address_ = "127.0.0.1:" + std::to_string(port.ok() ? *port : 0);
  }

  [[nodiscard]] const std::string& address() const { return address_; }

  // The node has dialled: whatever is said from now on it hears.
  void AwaitNode() {
    const auto session = sessions_.opened.Next();
    ASSERT_TRUE(session) << "no node came";
    session_ = *session;
    Await<rpc::Hello>();
    session_->link->Send(
        rpc::Welcome{1, session_->peer.node, std::chrono::seconds(30),
                     std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())});
  }
  [[nodiscard]] NodeId node() const { return session_->peer.node; }
  [[nodiscard]] const std::string& node_name() const { return session_->peer.spiffe_id; }

  void Tell(rpc::ToNode message) { session_->link->Send(std::move(message)); }
  // The next word of one of these kinds; those of other kinds before it are dropped. Fails when none comes.
  template <class... Kinds>
  std::variant<Kinds...> Await() {
    while (auto message = session_->messages.Next()) {
      std::optional<std::variant<Kinds...>> wanted;
      (..., [&] {
        if (auto* one = std::get_if<Kinds>(&*message)) wanted.emplace(std::move(*one));
      }());
      if (wanted) return *std::move(wanted);
    }
    ADD_FAILURE() << "the node never said it";
    return {};
  }

 private:
  rpc::testing::FakeSessions sessions_;
  rpc::testing::FakeBulk bulk_;
  rpc::testing::FakeIdentity identity_;
  rpc::testing::FakePeople people_;
  rpc::testing::FakeLedger ledger_;
  std::unique_ptr<rpc::Server> server_;  // before what it calls
  std::string address_;
  std::shared_ptr<rpc::testing::FakeSession> session_;
};

}  // namespace accord::testing
