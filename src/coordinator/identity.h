// A CA and those that it enrolled: its own server certificate, join tokens, members. The CA key is a file of
// mode 0600 in the state directory. At the coordinator, which under a charter also knows the nodes of members
// that have CAs of their own (member_cas.h, introduction.cc), and at such a member: accord-ca.
//
// `accordd init` and `accord-ca init` call Init; the running daemon opens it and serves src/rpc's
// IdentityHandler. Thread-safe; enrolment runs on the workers, CheckCertificate and CheckIdentity answer from
// memory, the latter at a member from its table, where another process suspends.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
//
#include <boost/asio/thread_pool.hpp>

#include "accord/clock.h"
#include "base/mutex.h"
#include "charter/charter.h"
#include "config/coordinator_config.h"
#include "coordinator/certificate_book.h"
#include "coordinator/introduction_limit.h"
#include "coordinator/member_cas.h"
#include "coordinator/registry_book.h"
#include "crypto/x509.h"
#include "rpc/handlers.h"
#include "rpc/server.h"
#include "store/members.h"

namespace accord::coordinator {

inline constexpr Millis kDefaultInviteTtl = std::chrono::hours(1);
inline constexpr Millis kMaxInviteTtl = std::chrono::hours(24 * 7);

// The paths of an identity inside a state directory.
struct IdentityPaths {
  explicit IdentityPaths(const std::filesystem::path& state)
      : ca_key(state / "ca.key"),
        ca_certificate(state / "ca.pem"),
        members(state / "members.db"),
        tls(state / "tls"),
        current(state / "tls" / "current") {}
  std::filesystem::path ca_key, ca_certificate, members, tls, current;
  // The server's key and chain, behind a symbolic link that renewal swaps.
  [[nodiscard]] rpc::ServerTls ServerFiles() const { return {current / "key.pem", current / "chain.pem"}; }
};

// `identity.missing` when there is no CA's key, `store.io` when nobody here may look. Touches nothing.
[[nodiscard]] Status CheckHasCa(const std::filesystem::path& state);

// The CA's certificate and its key, which fit each other.
struct Ca {
  crypto::Certificate certificate;
  crypto::P256Key key;
};
// `identity.missing`, `store.io`, or what is wrong with one of the two.
[[nodiscard]] Result<Ca> LoadCa(const std::filesystem::path& state);

class Identity final : public rpc::IdentityHandler {
 public:
  struct Options {
    std::filesystem::path state;
    std::string trust_domain;
    std::string advertise;           // in tokens
    std::vector<std::string> names;  // further names of the server certificate
    Millis certificate_ttl{0};
    const Clock* clock = nullptr;
    store::Members* members = nullptr;
    boost::asio::thread_pool* workers = nullptr;
    RegistryBook* registry = nullptr;  // refreshed after each change of the members; null at a member
    IntroductionBounds introductions;
    // At a member, and told to those who join: its id in the charter, and the coordinator to go to.
    std::string member;
    std::string coordinator, coordinator_ca_pem;
    std::function<void(const std::string& spiffe_id, const Status&)>
        cut;  // ends the live streams of an identity
  };

  // Makes CA key and certificate. `identity.exists` when there is one already.
  [[nodiscard]] static Status Init(const std::filesystem::path& state, const std::string& trust_domain,
                                   const Clock& clock);
  // Reads the CA and checks it against the configuration.
  // `identity.missing` before init, `identity.trust_domain` when the configuration names another one.
  [[nodiscard]] static Result<std::unique_ptr<Identity>> Open(Options options);

  // A new key and certificate for the server: before it serves, and at half their life. Only by who serves,
  // since the files of the last one go.
  [[nodiscard]] Status RenewServer();

  // A one-time token for spiffe://<trust domain>/<role>/<name>. ttl 0 is an hour; `member.ttl` above 7 days,
  // `member.name`, `member.role`; `auth.trust_domain` for a node that the charter leaves to its member's CA.
  [[nodiscard]] Result<rpc::InviteView> Invite(const std::string& by, const std::string& name,
                                               const std::string& role, Millis ttl);
  [[nodiscard]] Result<std::vector<rpc::MemberView>> List();
  [[nodiscard]] Result<rpc::MemberView> Suspend(const std::string& spiffe_id, bool suspended);
  // The newest charter: whose nodes count from now on. Ends the streams of those that do no more.
  void Use(const charter::Charter& charter);
  [[nodiscard]] const crypto::Certificate& ca() const { return ca_; }

  // rpc::IdentityHandler
  void Enrol(rpc::EnrolRequest request, rpc::Reply<rpc::Enrolled> reply) override;
  void Renew(const rpc::Peer& peer, std::string csr_pem, rpc::Reply<rpc::Enrolled> reply) override;
  void GetRegistry(std::optional<Digest> hash, rpc::Reply<rpc::RegistryView> reply) override;
  void Introduce(const rpc::Peer& peer, rpc::Introduction introduction,
                 rpc::Reply<rpc::Introduced> reply) override;
  [[nodiscard]] Status CheckCertificate(std::string_view leaf_pem, std::string_view chain_pem) override;
  [[nodiscard]] Status CheckIdentity(const std::string& spiffe_id) override;

 private:
  Identity(Options options, crypto::P256Key ca_key, crypto::Certificate ca,
           std::unique_ptr<CertificateBook> certificates)
      : options_(std::move(options)),
        ca_key_(std::move(ca_key)),
        ca_(std::move(ca)),
        cas_(ca_),
        introductions_(options_.introductions),
        certificates_(std::move(certificates)) {}
  [[nodiscard]] Status LoadMembers();
  [[nodiscard]] Status OpenRegistry(RegistryBook& book);
  void RefreshRegistry();
  // Of the node; nothing when there is none.
  [[nodiscard]] std::optional<secagg::RegistryEntry> KnownEntry(const std::string& spiffe_id);
  [[nodiscard]] Result<rpc::Enrolled> EnrolNow(const rpc::EnrolRequest& request);
  [[nodiscard]] Result<rpc::Enrolled> RenewNow(const rpc::Peer& peer, const std::string& csr_pem);
  [[nodiscard]] Result<crypto::Certificate> NextCertificate(const store::Member& member,
                                                            const rpc::Peer& peer,
                                                            const std::string& csr_pem);
  [[nodiscard]] Result<bool> IsSuspended(const std::string& spiffe_id) ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] Result<crypto::Certificate> Issue(const crypto::SpiffeId& id, const std::string& csr_pem);
  [[nodiscard]] Status IntroduceNow(const std::string& spiffe_id, const rpc::Introduction& introduction);
  [[nodiscard]] static Status CheckSize(const crypto::Certificate& ca);
  [[nodiscard]] Status KeepCa(const crypto::Certificate& ca);
  [[nodiscard]] Status CheckPlace(const crypto::SpiffeId& id);
  [[nodiscard]] Status Admit(const secagg::VouchedEntry& vouched, const Bytes& entry);

  const Options options_;
  const crypto::P256Key ca_key_;
  const crypto::Certificate ca_;
  MemberCas cas_;
  IntroductionLimit introductions_;
  const std::unique_ptr<CertificateBook> certificates_;
  Mutex mutex_;
  std::map<std::string, bool> suspended_
      ACCORD_GUARDED_BY(mutex_);  // every member, and whether it is suspended
  // Handshakes that were refused since one was last logged.
  std::uint64_t refused_ ACCORD_GUARDED_BY(mutex_) = 0;
  std::optional<TimePoint> last_refused_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::coordinator
