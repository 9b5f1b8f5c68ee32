#include "coordinator/coordinator.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>
//
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "base/wall_clock.h"
#include "config/load.h"
#include "coordinator/blob_refs.h"
#include "coordinator/cosigners.h"
#include "coordinator/decided_jobs.h"
#include "coordinator/identity.h"
#include "coordinator/jobs.h"
#include "coordinator/log_keeper.h"
#include "coordinator/people.h"
#include "coordinator/registry_book.h"
#include "coordinator/services.h"
#include "coordinator/sessions.h"
#include "crypto/spiffe.h"
#include "rpc/server.h"
#include "store/blobs.h"
#include "store/members.h"
#include "store/spool.h"
#include "store/sqlite_journal.h"
#include "store/state_dir.h"
#include "web/metrics.h"
#include "web/server.h"

namespace accord::coordinator {
namespace {

namespace asio = boost::asio;

constexpr Millis kDecidedEvery = std::chrono::seconds(30);
constexpr Millis kExpiredEvery = std::chrono::seconds(30);

// The stores, in the order in which they are opened; closed in the reverse order.
struct Stores {
  std::unique_ptr<store::StateDir> dir;
  std::unique_ptr<store::SqliteJournal> journal;
  std::unique_ptr<store::Members> members;
  std::unique_ptr<store::Blobs> blobs;
  std::unique_ptr<store::SpoolPool> spools;
};

Status OpenStores(const config::CoordinatorConfig& config, Stores& stores) {
  ACCORD_ASSIGN_OR_RETURN(stores.dir, store::StateDir::Open(config.store.state));
  ACCORD_ASSIGN_OR_RETURN(stores.journal,
                          store::SqliteJournal::Open(stores.dir->journal_file(), &stores.dir->reserve()));
  ACCORD_ASSIGN_OR_RETURN(stores.members, store::Members::Open(stores.dir->members_file()));
  ACCORD_ASSIGN_OR_RETURN(stores.blobs, store::Blobs::Open(stores.dir->blobs_dir()));
  ACCORD_ASSIGN_OR_RETURN(stores.spools, store::SpoolPool::Open({.directory = stores.dir->spool_dir(),
                                                                 .memory_budget = config.uploads.memory}));
  return {};
}

class Health final : public web::HealthSource {
 public:
  [[nodiscard]] bool Live() const override { return !failed_; }
  [[nodiscard]] Ready IsReady() const override {
    if (failed_) return {false, "the state cannot be written: see the log"};
    if (draining_) return {false, "draining"};
    if (!serving_) return {false, "recovering"};
    return {true, ""};
  }
  std::atomic<bool> serving_{false}, draining_{false}, failed_{false};
};

// Who hears of nodes: of their checkpoints the log, of all else the jobs.
class Reception final : public NodeListener {
 public:
  Reception(Jobs& jobs, Cosigners& cosigners) : jobs_(jobs), cosigners_(cosigners) {}
  void OnNodeUp(const rpc::Peer& node, const rpc::Hello& hello) override {
    cosigners_.OnNodeUp(node);
    jobs_.OnNodeUp(node, hello);
  }
  void OnNodeMessage(const rpc::Peer& node, rpc::FromNode message) override {
    if (auto* answer = std::get_if<rpc::CheckpointAnswer>(&message))
      return cosigners_.OnAnswer(node, std::move(*answer));
    jobs_.OnNodeMessage(node, std::move(message));
  }
  void OnNodeDown(const rpc::Peer& node) override {
    cosigners_.OnNodeDown(node);
    jobs_.OnNodeDown(node);
  }

 private:
  Jobs& jobs_;
  Cosigners& cosigners_;
};

}  // namespace

struct Coordinator::Impl {
  Impl(const config::CoordinatorConfig& c, std::function<void(const Status&)> fatal)
      : config(c), on_fatal(std::move(fatal)), sessions(clock, c.limits.heartbeat) {}

  const config::CoordinatorConfig config;
  const std::function<void(const Status&)> on_fatal;
  WallClock clock;
  Stores stores;
  web::Metrics metrics;
  Health health;
  Sessions sessions;
  std::unique_ptr<BlobRefs> refs;
  std::unique_ptr<RegistryBook> registry;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{asio::make_work_guard(io)};
  asio::thread_pool workers{2};
  AsioTiming timing;
  std::vector<std::thread> threads;
  std::unique_ptr<asio::steady_timer> renewal, decided, expired;
  std::unique_ptr<Services> services;
  std::unique_ptr<Jobs> jobs;
  std::unique_ptr<LogKeeper> log;
  std::unique_ptr<Cosigners> cosigners;
  std::unique_ptr<DecidedJobs> decisions;
  std::unique_ptr<Reception> reception;
  std::unique_ptr<Identity> identity;
  std::unique_ptr<People> people;
  std::unique_ptr<rpc::Server> server;
  std::unique_ptr<web::Server> http;
  std::uint16_t port = 0;
  bool stopped = false;

  Status Open();
  Status OpenIdentity();
  Status OpenLog();
  void OnSignedHead();
  void BeginDecided();
  void ArmDecided();
  Status Serve();
  void ArmRenewal();
  void ArmExpired();
  void Stop();
};

Status Coordinator::Impl::Open() {
  ACCORD_RETURN_IF_ERROR(OpenStores(config, stores));
  refs = std::make_unique<BlobRefs>(*stores.blobs);
  ACCORD_ASSIGN_OR_RETURN(registry, RegistryBook::Open(stores.dir->registry_dir(), *stores.members));
  services.reset(new Services{config, clock, timing, io, workers.get_executor(), *stores.journal,
                              *stores.blobs, *stores.spools, stores.dir->reserve(), sessions, *refs,
                              *registry, metrics,
                              [this] {
                                if (jobs) jobs->Reschedule();
                              },
                              [this](const Status& status) {
                                if (!health.failed_.exchange(true)) on_fatal(status);
                              }});
  jobs = std::make_unique<Jobs>(*services);
  ACCORD_RETURN_IF_ERROR(OpenIdentity());
  ACCORD_RETURN_IF_ERROR(OpenLog());
  reception = std::make_unique<Reception>(*jobs, *cosigners);
  sessions.Listen(reception.get());
  ACCORD_RETURN_IF_ERROR(jobs->Recover());
  refs->Sweep();
  people = std::make_unique<People>(*services, *jobs, *identity, *log);
  return {};
}

Status Coordinator::Impl::OpenIdentity() {
  ACCORD_ASSIGN_OR_RETURN(
      identity, Identity::Open({.state = config.store.state,
                                .trust_domain = config.federation.trust_domain,
                                .advertise = config.Advertised(),
                                .names = config.rpc.names,
                                .certificate_ttl = config.security.certificate_ttl,
                                .clock = &clock,
                                .members = stores.members.get(),
                                .workers = &workers,
                                .registry = registry.get(),
                                .cut = [this](const std::string& id, const Status& status) {
                                  if (server) server->CutPeer(id, status);
                                  const auto node = crypto::SpiffeId::Parse(id);
                                  const bool is_node = node.ok() && node->role == crypto::Role::kNode;
                                  if (is_node && jobs) jobs->Expel(node->ToNodeId());
                                }}));
  return identity->RenewServer();
}

Status Coordinator::Impl::OpenLog() {
  ACCORD_ASSIGN_OR_RETURN(log, LogKeeper::Open({.state = config.store.state,
                                                .origin = config.federation.trust_domain + "/log",
                                                .clock = &clock,
                                                .workers = workers.get_executor(),
                                                .signed_head = [this] { OnSignedHead(); },
                                                .published_head = [this] { BeginDecided(); }}));
  cosigners = std::make_unique<Cosigners>(*log, sessions, workers.get_executor(),
                                          [this](NodeId node) { jobs->OfferDecided(node); });
  decisions = std::make_unique<DecidedJobs>(*log, *cosigners, config.store.state, workers.get_executor());
  services->decisions = decisions.get();
  if (const auto charter = log->NewestCharter()) identity->Use(*charter);
  return registry->Refresh();
}

// Whose nodes count is for the newest charter to say, from the moment that it is logged.
void Coordinator::Impl::OnSignedHead() {
  if (const auto charter = log->NewestCharter()) identity->Use(*charter);
  cosigners->OnSignedHead();
}

// Proposals that have passed become jobs, and end when a member rejects them; those that run are shown to
// nodes that waited for this head.
void Coordinator::Impl::BeginDecided() {
  const auto begun = [this](const Digest& job) { return jobs->Knows(JobId{job.bytes}); };
  for (const DecidedJob& job : log->Passed(begun)) {
    Result<Bytes> plan = log->PlanOf(job.id);
    if (!plan.ok()) {
      LogError("job.not_begun", {{"id", job.id.Hex()}, {"why", Describe(plan.status())}});
      continue;
    }
    jobs->SubmitDecided(*std::move(plan), job.proposal, job.proposer);
  }
  const auto open = [this](const Digest& job) { return jobs->IsOpen(JobId{job.bytes}); };
  for (const RejectedJob& job : log->Rejected(open)) jobs->CancelDecided(JobId{job.id.bytes}, job.why);
  jobs->OfferDecided();
}

// Also what had to wait for its time, or for a job of others to end, begins.
void Coordinator::Impl::ArmDecided() {
  if (!decided) decided = std::make_unique<asio::steady_timer>(io);
  decided->expires_after(kDecidedEvery);
  decided->async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    asio::post(workers, [this] { BeginDecided(); });
    ArmDecided();
  });
}

Status Coordinator::Impl::Serve() {
  const auto address = config::ParseHostPort(config.http.listen);
  if (!address) return Fail(errors::kConfigInvalid, "http.listen is no host:port: " + config.http.listen);
  ACCORD_ASSIGN_OR_RETURN(
      http, web::Server::Start({.address = address->host,
                                .port = address->port,
                                .log = [this](const std::string& path) { return log->ReadResource(path); }},
                               health, metrics));
  for (int i = 0; i < 2; ++i) threads.emplace_back([this] { io.run(); });
  jobs->TakeUp();
  const IdentityPaths paths(config.store.state);
  server = std::make_unique<rpc::Server>(
      rpc::ServerOptions{.listen = config.rpc.listen,
                         .trust_domain = config.federation.trust_domain,
                         .tls = paths.ServerFiles(),
                         .clock = &clock},
      rpc::Handlers{&sessions, jobs.get(), identity.get(), people.get(), log.get()});
  ACCORD_ASSIGN_OR_RETURN(port, server->Start());
  BeginDecided();
  ArmDecided();
  ArmRenewal();
  ArmExpired();
  health.serving_ = true;
  return {};
}

// The server's own certificate is replaced at half its life; src/rpc picks the new files up.
void Coordinator::Impl::ArmRenewal() {
  if (!renewal) renewal = std::make_unique<asio::steady_timer>(io);
  renewal->expires_after(config.security.certificate_ttl / 2);
  renewal->async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (const Status renewed = identity->RenewServer(); !renewed.ok()) {
      LogError("identity.renewal_failed", {{"why", Describe(renewed)}});
    }
    ArmRenewal();
  });
}

// Nobody stays connected by a certificate that is over.
void Coordinator::Impl::ArmExpired() {
  if (!expired) expired = std::make_unique<asio::steady_timer>(io);
  expired->expires_after(kExpiredEvery);
  expired->async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    server->CutExpired();
    ArmExpired();
  });
}

void Coordinator::Impl::Stop() {
  if (std::exchange(stopped, true)) return;
  health.draining_ = true;
  if (server) server->Stop();
  http.reset();
  workers.join();  // sums under way come to their end; what they post is dropped with the strands
  work.reset();
  io.stop();
  for (std::thread& thread : threads) thread.join();
}

Coordinator::Coordinator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Coordinator::~Coordinator() { impl_->Stop(); }

Result<std::unique_ptr<Coordinator>> Coordinator::Start(const config::CoordinatorConfig& config,
                                                        std::function<void(const Status&)> on_fatal) {
  // First of all: where a disk is not mounted nothing may be made in its place, so that it can be restored.
  ACCORD_RETURN_IF_ERROR(CheckHasCa(config.store.state));
  std::unique_ptr<Coordinator> coordinator(
      new Coordinator(std::make_unique<Impl>(config, std::move(on_fatal))));
  ACCORD_RETURN_IF_ERROR(coordinator->impl_->Open());
  ACCORD_RETURN_IF_ERROR(coordinator->impl_->Serve());
  return coordinator;
}

void Coordinator::Drain() {
  impl_->health.draining_ = true;
  impl_->sessions.SendToAll(rpc::Drain{});
  impl_->server->Drain();
}

void Coordinator::Stop() { impl_->Stop(); }
std::uint16_t Coordinator::rpc_port() const { return impl_->port; }
std::uint16_t Coordinator::http_port() const { return impl_->http->port(); }

Result<std::string> InitFederation(const config::CoordinatorConfig& config) {
  const WallClock clock;
  Stores stores;
  ACCORD_RETURN_IF_ERROR(OpenStores(config, stores));
  ACCORD_RETURN_IF_ERROR(Identity::Init(config.store.state, config.federation.trust_domain, clock));
  ACCORD_ASSIGN_OR_RETURN(const auto identity,
                          Identity::Open({.state = config.store.state,
                                          .trust_domain = config.federation.trust_domain,
                                          .advertise = config.Advertised(),
                                          .names = config.rpc.names,
                                          .certificate_ttl = config.security.certificate_ttl,
                                          .clock = &clock,
                                          .members = stores.members.get()}));
  ACCORD_ASSIGN_OR_RETURN(const rpc::InviteView invite,
                          identity->Invite("init", "operator", "operator", kMaxInviteTtl));
  return invite.token;
}

}  // namespace accord::coordinator
