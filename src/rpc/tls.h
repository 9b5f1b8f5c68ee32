// TLS credentials of both ends. Peers are known by the SPIFFE id in their certificate, not by host name: a
// client accepts a leaf of role coordinator, signed by a CA that it holds, at whatever address it was found;
// a server accepts the leaf that its IdentityHandler does.
#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/mutex.h"
#include "rpc/client_options.h"
#include "rpc/server.h"

namespace accord::rpc {

// Whether a client's certificate is good, asked in the handshake: PEM of the leaf, and of what came with it.
using CertificateCheck = std::function<Status(std::string_view leaf_pem, std::string_view chain_pem)>;

// Credentials that ask clients for a certificate, have `check` decide on one that is sent, and follow changes
// of the files. Fails with what is wrong with them: missing, key of another certificate, expired, not a
// coordinator's.
[[nodiscard]] Result<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(
    const ServerTls& tls, const std::string& trust_domain, CertificateCheck check);

// Why the last handshake was refused by this side, since gRPC keeps only a text. Thread-safe.
class TrustNote {
 public:
  void Set(Status status) ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    status_ = std::move(status);
  }
  [[nodiscard]] Status Get() const ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return status_;
  }

 private:
  mutable Mutex mutex_;
  Status status_ ACCORD_GUARDED_BY(mutex_);
};

// Credentials of a member. Reads the files now and checks them as a peer would (`auth.expired`,
// `cert.key_mismatch`, ...), since a server that refuses a handshake cannot say why.
[[nodiscard]] Result<std::shared_ptr<grpc::ChannelCredentials>> MemberCredentials(
    const ClientOptions& options, const std::shared_ptr<TrustNote>& note);

// Credentials of somebody who joins: no certificate, and a server whose chain holds the pinned CA and a
// coordinator's leaf signed by it.
[[nodiscard]] std::shared_ptr<grpc::ChannelCredentials> PinnedCredentials(
    const Digest& ca_fingerprint, const std::shared_ptr<TrustNote>& note);

}  // namespace accord::rpc
