// A federation for tests: a CA, identities with PEM files, and a server with fake handlers on a free port.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "crypto/x509.h"
#include "rpc/enrol.h"
#include "rpc/node_client.h"
#include "rpc/operator_client.h"
#include "rpc/server.h"
#include "tests/integration/rpc_server/fakes.h"
#include "tests/support/temp_dir.h"

namespace accord::rpc::testing {

inline constexpr const char* kDomain = "test.internal";

[[nodiscard]] TimePoint Now();
[[nodiscard]] inline crypto::Validity ValidNow() {
  return {.not_before = Now() - Millis(60'000), .not_after = Now() + Millis(3'600'000)};
}

// One CA and what it signs.
class Authority {
 public:
  explicit Authority(const std::string& domain = kDomain);

  [[nodiscard]] const crypto::Certificate& ca() const { return ca_; }
  [[nodiscard]] crypto::Certificate Issue(std::string_view csr, Role role, const std::string& name,
                                          const crypto::Validity& validity) const;

 private:
  std::string domain_;
  crypto::P256Key key_;
  crypto::Certificate ca_;
};

// PEM files of one identity.
struct Files {
  std::filesystem::path key, certificate, chain, ca;
};

class Federation {
 public:
  Federation();
  ~Federation();

  // Starts the server; call at most once. The port is in address().
  void Start();
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] ServerOptions Options() const;

  // Writes an identity signed by `by` (this federation's CA when null), trusting this federation's CA.
  Files Identity(Role role, const std::string& name, const Authority* by = nullptr,
                 const crypto::Validity& validity = ValidNow());
  [[nodiscard]] ClientOptions Client(const Files& files) const;
  std::unique_ptr<NodeClient> Node(const std::string& name);
  std::unique_ptr<OperatorClient> Person(Role role, const std::string& name);
  [[nodiscard]] static std::string SpiffeOf(Role role, const std::string& name);

  // The server's: the machine's and what a test adds.
  struct SteppedClock final : Clock {
    [[nodiscard]] TimePoint Now() const override { return testing::Now() + ahead.load(); }
    std::atomic<Millis> ahead{Millis(0)};
  } clock;
  Authority authority;
  FakeSessions sessions;
  FakeLedger ledger;
  FakeBulk bulk;
  FakeIdentity identity;
  FakePeople people;
  std::unique_ptr<Server> server;

 private:
  accord::testing::TempDir dir_;
  std::string address_ = "127.0.0.1:0";
  Files server_files_;
};

}  // namespace accord::rpc::testing
