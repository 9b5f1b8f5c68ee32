// The CA of one member of a federation, with the server at which its nodes join and renew their certificates.
// It runs at the member: whoever has its key can make nodes of the member up, which the coordinator therefore
// cannot (governance.md h). The charter pins its public key.
//
//   <state>/ca.key, ca.pem, tls/   as at the coordinator (identity.h)
//   <state>/members.db             its tokens and nodes
//   <state>/coordinator.pem        the CA of the coordinator, told to those who join
//   <state>/ca.toml                the settings
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "config/ca_config.h"
#include "rpc/views.h"

namespace accord::coordinator {

// Of its settings, in the state directory.
inline constexpr const char* kConfigFile = "ca.toml";

class Issuer {
 public:
  // Makes key and certificate, and keeps settings and the coordinator's CA. `identity.exists`;
  // `config.invalid` for what a CA cannot be made from; `cert.*`.
  [[nodiscard]] static Status Init(const config::CaConfig& config);
  // `identity.missing` before Init.
  [[nodiscard]] static Result<std::unique_ptr<Issuer>> Open(const config::CaConfig& config);
  ~Issuer();
  Issuer(const Issuer&) = delete;
  Issuer& operator=(const Issuer&) = delete;

  // SHA-256 of the public key, which the charter has to name.
  [[nodiscard]] Digest KeyHash() const;
  // A token for a node; also while another process serves this state.
  [[nodiscard]] Result<rpc::InviteView> Invite(const std::string& name, Millis ttl);
  [[nodiscard]] Result<std::vector<rpc::MemberView>> List();
  // The certificate of a node that is suspended is not renewed, and no token lets it in; also while another
  // process serves this state. `member.not_found`.
  [[nodiscard]] Result<rpc::MemberView> Suspend(const std::string& name, bool suspended);

  // Listens; gives the port. Serves until Stop.
  [[nodiscard]] Result<std::uint16_t> Serve();
  // Renews the server's own certificate at half of its life, until Stop; returns then. Once.
  void Run();
  // From any thread, also before Run.
  void Stop();

 private:
  struct Impl;
  explicit Issuer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::coordinator
