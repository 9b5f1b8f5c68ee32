#include "coordinator/issuer.h"

#include <optional>
#include <utility>
//
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "base/wall_clock.h"
#include "coordinator/identity.h"
#include "crypto/spiffe.h"
#include "rpc/server.h"
#include "store/members.h"

namespace accord::coordinator {
namespace {

namespace asio = boost::asio;

constexpr std::uint64_t kMaxPem = 1 << 16;

std::filesystem::path CoordinatorFile(const config::CaConfig& config) {
  return config.store.state / "coordinator.pem";
}

// PEM of the CA that is told to nodes as the coordinator's.
Result<std::string> ReadCoordinatorCa(const std::filesystem::path& file) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes pem, ReadFile(file, kMaxPem));
  ACCORD_ASSIGN_OR_RETURN(const auto ca, crypto::Certificate::FromPem(AsText(pem)));
  if (ca.info().is_ca) return ca.pem();
  return Fail(errors::kCertUsage,
              file.string() + " is the certificate of " + Printable(ca.info().uri) + ", which is no CA");
}

Status CheckComplete(const config::CaConfig& config) {
  const auto missing = [](const char* key) {
    return Fail(errors::kConfigInvalid, std::string(key) + " is missing", "See accord-ca init --help.");
  };
  if (config.member.id.empty()) return missing("member.id");
  if (config.member.trust_domain.empty()) return missing("member.trust_domain");
  if (config.coordinator.address.empty()) return missing("coordinator.address");
  return {};
}

}  // namespace

struct Issuer::Impl {
  explicit Impl(config::CaConfig c) : config(std::move(c)) {}

  const config::CaConfig config;
  const WallClock clock;
  asio::thread_pool workers{1};
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{asio::make_work_guard(io)};
  asio::steady_timer renewal{io};
  std::unique_ptr<store::Members> members;
  std::unique_ptr<Identity> identity;
  std::unique_ptr<rpc::Server> server;

  Status Open();
  void ArmRenewal();
};

Status Issuer::Impl::Open() {
  const Status has_ca = CheckHasCa(config.store.state);  // first: settings without a CA come from elsewhere
  if (has_ca.error() == errors::kIdentityMissing.id)
    return Fail(errors::kIdentityMissing, "there is no CA in " + config.store.state.string(),
                "Name its directory: --state DIR. To make a new one: accord-ca init --state DIR");
  ACCORD_RETURN_IF_ERROR(has_ca);
  ACCORD_RETURN_IF_ERROR(CheckComplete(config));
  ACCORD_ASSIGN_OR_RETURN(std::string coordinator_ca, ReadCoordinatorCa(CoordinatorFile(config)));
  ACCORD_ASSIGN_OR_RETURN(members, store::Members::Open(IdentityPaths(config.store.state).members));
  ACCORD_ASSIGN_OR_RETURN(identity, Identity::Open({.state = config.store.state,
                                                    .trust_domain = config.member.trust_domain,
                                                    .advertise = config.Advertised(),
                                                    .names = config.rpc.names,
                                                    .certificate_ttl = config.security.certificate_ttl,
                                                    .clock = &clock,
                                                    .members = members.get(),
                                                    .workers = &workers,
                                                    .member = config.member.id,
                                                    .coordinator = config.coordinator.address,
                                                    .coordinator_ca_pem = std::move(coordinator_ca),
                                                    .cut = [](const std::string&, const Status&) {}}));
  return {};
}

void Issuer::Impl::ArmRenewal() {
  renewal.expires_after(config.security.certificate_ttl / 2);
  renewal.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (const Status renewed = identity->RenewServer(); !renewed.ok())
      LogError("identity.renewal_failed", {{"why", Describe(renewed)}});
    ArmRenewal();
  });
}

Status Issuer::Init(const config::CaConfig& config) {
  const WallClock clock;
  ACCORD_RETURN_IF_ERROR(CheckComplete(config));
  ACCORD_ASSIGN_OR_RETURN(const std::string pem, ReadCoordinatorCa(config.coordinator.ca));
  const std::filesystem::path& state = config.store.state;
  if (std::filesystem::exists(IdentityPaths(state).ca_key))
    return Fail(errors::kIdentityExists, state.string() + " has a CA already");
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(CoordinatorFile(config), AsBytes(pem), FileMode::kShared));
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(state / kConfigFile, AsBytes(config::ShowConfig(config)), FileMode::kShared));
  return Identity::Init(state, config.member.trust_domain, clock);  // last: with the key the CA is made
}

Result<std::unique_ptr<Issuer>> Issuer::Open(const config::CaConfig& config) {
  auto impl = std::make_unique<Impl>(config);
  ACCORD_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<Issuer>(new Issuer(std::move(impl)));
}

Issuer::Issuer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Issuer::~Issuer() {
  impl_->server.reset();
  impl_->workers.join();
}

Digest Issuer::KeyHash() const { return impl_->identity->ca().info().spki_hash; }

Result<rpc::InviteView> Issuer::Invite(const std::string& name, Millis ttl) {
  return impl_->identity->Invite("accord-ca", name, "node", ttl);
}

Result<std::vector<rpc::MemberView>> Issuer::List() { return impl_->identity->List(); }

Result<rpc::MemberView> Issuer::Suspend(const std::string& name, bool suspended) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::SpiffeId id, crypto::SpiffeId::Make(impl_->config.member.trust_domain,
                                                                            crypto::Role::kNode, name));
  Result<rpc::MemberView> node = impl_->identity->Suspend(id.Format(), suspended);
  if (node.status().error() != errors::kMemberNotFound.id) return node;
  return Fail(errors::kMemberNotFound, "this CA has certified no node " + name, "List them: accord-ca list");
}

Result<std::uint16_t> Issuer::Serve() {
  const IdentityPaths paths(impl_->config.store.state);
  ACCORD_RETURN_IF_ERROR(impl_->identity->RenewServer());
  impl_->server =
      std::make_unique<rpc::Server>(rpc::ServerOptions{.listen = impl_->config.rpc.listen,
                                                       .trust_domain = impl_->config.member.trust_domain,
                                                       .tls = paths.ServerFiles(),
                                                       .clock = &impl_->clock},
                                    rpc::Handlers{.identity = impl_->identity.get()});
  return impl_->server->Start();
}

void Issuer::Run() {
  impl_->ArmRenewal();
  impl_->io.run();
  if (impl_->server) impl_->server->Stop();
}

void Issuer::Stop() { impl_->io.stop(); }

}  // namespace accord::coordinator
