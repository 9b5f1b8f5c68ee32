// Joining: the one call that is made before there is a certificate. Used by `accord-node join` and
// `accord join`.
#pragma once

#include <string>

#include "accord/ids.h"
#include "accord/status.h"
#include "rpc/calls.h"
#include "rpc/client_options.h"

namespace accord::rpc {

// Where a join token points to.
struct EnrolTarget {
  std::string address;    // host:port
  Digest ca_fingerprint;  // SHA-256 of the DER of the CA certificate that the server must present
};

// Blocks. Sends the request to a server whose chain holds the pinned CA and a coordinator's leaf that it
// signed, nobody else (`net.untrusted`), and checks that the answer is a certificate by the same CA, which
// also is in the bundle that came back. `token.invalid`, `net.unreachable`. The secret inside `request` is
// cleansed.
[[nodiscard]] Result<Enrolled> Enrol(const EnrolTarget& target, EnrolRequest request,
                                     const CallLimits& limits);

// Blocks. A new certificate for the same identity and the key of this request, by the CA at
// `options.address`.
[[nodiscard]] Result<Enrolled> Renew(const ClientOptions& options, const std::string& csr_pem,
                                     const CallLimits& limits);

}  // namespace accord::rpc
