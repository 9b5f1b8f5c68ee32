#include "tests/integration/rpc_server/federation.h"

#include <chrono>

#include "base/check.h"
#include "base/file.h"
#include "rpc/process.h"

namespace accord::rpc::testing {
namespace {

// Before main, as programs do it first in main.
[[maybe_unused]] const bool kForced = [] {
  ForceTls13();
  return true;
}();

void Write(const std::filesystem::path& path, std::string_view text, FileMode mode = FileMode::kShared) {
  ACCORD_CHECK(WriteFileAtomic(path, AsBytes(text), mode).ok());
}

}  // namespace

TimePoint Now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

Authority::Authority(const std::string& domain)
    : domain_(domain),
      key_(crypto::P256Key::Generate()),
      ca_(crypto::MakeCa(key_, domain,
                         {.not_before = Now() - Millis(86'400'000), .not_after = Now() + Millis(86'400'000)})
              .value()) {}

crypto::Certificate Authority::Issue(std::string_view csr, Role role, const std::string& name,
                                     const crypto::Validity& validity) const {
  crypto::LeafNames names{.identity = crypto::SpiffeId::Make(domain_, role, name).value()};
  return crypto::IssueLeaf(key_, ca_, csr, names, validity).value();
}

Federation::Federation() : server_files_(Identity(Role::kCoordinator, "main")) {
  identity.cas.push_back(authority.ca());
}
Federation::~Federation() = default;

ServerOptions Federation::Options() const {
  return {.listen = address_,
          .trust_domain = kDomain,
          .tls = {.key = server_files_.key, .certificate_chain = server_files_.chain},
          .clock = &clock};
}

void Federation::Start() {
  server = std::make_unique<Server>(Options(), Handlers{&sessions, &bulk, &identity, &people, &ledger});
  const auto port = server->Start();
  ACCORD_CHECK(port.ok());
  address_ = "127.0.0.1:" + std::to_string(*port);
}

Files Federation::Identity(Role role, const std::string& name, const Authority* by,
                           const crypto::Validity& validity) {
  const Authority& issuer = by == nullptr ? authority : *by;
  const auto key = crypto::P256Key::Generate();
  const auto leaf = issuer.Issue(crypto::MakeCsr(key), role, name, validity);
  const auto at = dir_ / (std::string(crypto::RoleName(role)) + "-" + name);
  const Files files{
      .key = at / "key.pem", .certificate = at / "cert.pem", .chain = at / "chain.pem", .ca = at / "ca.pem"};
  Write(files.ca, authority.ca().pem());
  Write(files.certificate, leaf.pem());
  Write(files.chain, leaf.pem() + issuer.ca().pem());
  ACCORD_CHECK(key.Save(files.key).ok());
  return files;
}

ClientOptions Federation::Client(const Files& files) const {
  return {.address = address_, .ca = files.ca, .certificate = files.certificate, .key = files.key};
}

std::unique_ptr<NodeClient> Federation::Node(const std::string& name) {
  return NodeClient::Open(Client(Identity(Role::kNode, name))).value();
}

std::unique_ptr<OperatorClient> Federation::Person(Role role, const std::string& name) {
  return OperatorClient::Open(Client(Identity(role, name))).value();
}

std::string Federation::SpiffeOf(Role role, const std::string& name) {
  return crypto::SpiffeId::Make(kDomain, role, name)->Format();
}

}  // namespace accord::rpc::testing
