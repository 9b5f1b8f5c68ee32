// An Identity with all that it needs, on a clock that the test turns: of a coordinator, or of a member's CA.
// Requests are answered before the call returns.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
//
#include <boost/asio/thread_pool.hpp>

#include "accord/clock.h"
#include "coordinator/identity.h"
#include "crypto/join_token.h"
#include "store/members.h"
#include "store/sqlite.h"
#include "tests/support/temp_dir.h"

namespace accord::coordinator::testing {

class HandClock final : public Clock {
 public:
  [[nodiscard]] TimePoint Now() const override { return now; }
  // Of the machine in the beginning: it also reads the server's own files by its own clock.
  TimePoint now = std::chrono::floor<std::chrono::seconds>(
      std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()));
};

inline constexpr Millis kTtl = std::chrono::hours(48);

template <class T, class Ask>
Result<T> Answer(Ask ask) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  ask([promise](Result<T> answer) { promise->set_value(std::move(answer)); });
  if (future.wait_for(std::chrono::seconds(20)) == std::future_status::ready) return future.get();
  ADD_FAILURE() << "no answer";
  return Status(Code::kInternal, "", "no answer", "");
}

// The certificate as the gate would tell of it.
inline rpc::Peer PeerOf(const crypto::Certificate& leaf) {
  const crypto::CertificateInfo& info = leaf.info();
  const crypto::SpiffeId id = *crypto::SpiffeId::Parse(info.uri);
  return {.spiffe_id = info.uri,
          .role = id.role,
          .name = id.name,
          .node = id.ToNodeId(),
          .certificate = info.fingerprint,
          .issued = info.not_before,
          .ends = info.not_after};
}

class Desk {
 public:
  // `member`: id of the member whose CA it is; empty: a coordinator's, with a registry.
  Desk(std::string trust_domain, std::string member, IntroductionBounds introductions = {})
      : trust_domain_(std::move(trust_domain)), member_(std::move(member)), introductions_(introductions) {
    EXPECT_TRUE(Identity::Init(dir.path(), trust_domain_, clock).ok());
    Open();
  }
  ~Desk() { workers_->join(); }

  // As another process that has the same state, or the same one later.
  void Open() {
    if (workers_) workers_->join();
    identity.reset();
    registry.reset();
    members = *store::Members::Open(dir / "members.db");
    if (member_.empty()) registry = *RegistryBook::Open(dir / "registry", *members);
    workers_ = std::make_unique<boost::asio::thread_pool>(2);
    auto opened =
        Identity::Open({.state = dir.path(),
                        .trust_domain = trust_domain_,
                        .advertise = "127.0.0.1:7443",
                        .names = {},
                        .certificate_ttl = kTtl,
                        .clock = &clock,
                        .members = members.get(),
                        .workers = workers_.get(),
                        .registry = registry.get(),
                        .introductions = introductions_,
                        .member = member_,
                        .coordinator = member_.empty() ? "" : "coordinator:7443",
                        .coordinator_ca_pem = "",
                        .cut = [this](const std::string& id, const Status& why) { cut[id] = why; }});
    ASSERT_TRUE(opened.ok()) << Describe(opened.status());
    identity = *std::move(opened);
  }

  [[nodiscard]] std::string IdOf(const std::string& name, const std::string& role = "node") const {
    return "spiffe://" + trust_domain_ + "/" + role + "/" + name;
  }
  // Invites and enrols; the answer.
  Result<rpc::Enrolled> Enrol(const std::string& name, const crypto::P256Key& tls,
                              const crypto::Ed25519Key& protocol, const std::string& role = "node") {
    ACCORD_ASSIGN_OR_RETURN(const auto invite, identity->Invite("test", name, role, Millis(0)));
    ACCORD_ASSIGN_OR_RETURN(const auto token, crypto::ParseJoinToken(invite.token));
    const ByteView secret = token.secret.view();
    const auto key = protocol.PublicKey();
    return Answer<rpc::Enrolled>([&](auto reply) {
      identity->Enrol({Bytes(secret.begin(), secret.end()), crypto::MakeCsr(tls),
                       role == "node" ? Bytes(key.bytes.begin(), key.bytes.end()) : Bytes()},
                      std::move(reply));
    });
  }
  Result<crypto::Certificate> Join(const std::string& name, const std::string& role = "node") {
    ACCORD_ASSIGN_OR_RETURN(const auto answer,
                            Enrol(name, crypto::P256Key::Generate(), crypto::Ed25519Key::Generate(), role));
    return crypto::Certificate::FromPem(answer.certificate_pem);
  }
  // With the certificate `from`, for a key.
  Result<crypto::Certificate> Renew(const crypto::Certificate& from, const crypto::P256Key& key) {
    ACCORD_ASSIGN_OR_RETURN(const auto answer, Answer<rpc::Enrolled>([&](auto reply) {
                              identity->Renew(PeerOf(from), crypto::MakeCsr(key), std::move(reply));
                            }));
    return crypto::Certificate::FromPem(answer.certificate_pem);
  }
  Result<crypto::Certificate> Renew(const crypto::Certificate& from) {
    return Renew(from, crypto::P256Key::Generate());
  }
  [[nodiscard]] std::int64_t Tokens() const {
    auto db = store::Database::Open(dir / "members.db", store::Database::Mode::kRead);
    auto query = db->Prepare("SELECT count(*) FROM tokens");
    return *query->Step() ? query->Int(0) : -1;
  }

  accord::testing::TempDir dir;
  HandClock clock;
  std::unique_ptr<store::Members> members;
  std::unique_ptr<RegistryBook> registry;
  std::unique_ptr<Identity> identity;
  std::map<std::string, Status> cut;

 private:
  const std::string trust_domain_, member_;
  const IntroductionBounds introductions_;
  std::unique_ptr<boost::asio::thread_pool> workers_;
};

}  // namespace accord::coordinator::testing
