// The bytes of an enrolment: what is kept so that the same request again gets the same answer again, and the
// registry entry of a new node. Used by Identity.
#pragma once

#include "accord/status.h"
#include "crypto/spiffe.h"
#include "crypto/x509.h"
#include "rpc/handlers.h"

namespace accord::coordinator {

// A request whose secret is cleansed when it is done with.
struct PendingEnrolment {
  explicit PendingEnrolment(rpc::EnrolRequest r) : request(std::move(r)) {}
  ~PendingEnrolment();
  PendingEnrolment(const PendingEnrolment&) = delete;
  PendingEnrolment& operator=(const PendingEnrolment&) = delete;
  rpc::EnrolRequest request;
};

// SHA-256 over CSR and protocol key: two requests of one token are the same when these are.
[[nodiscard]] Digest RequestDigest(const rpc::EnrolRequest& request);
[[nodiscard]] Bytes EncodeEnrolled(const rpc::Enrolled& answer);
// `store.corrupt` when malformed.
[[nodiscard]] Result<rpc::Enrolled> DecodeEnrolled(ByteView bytes);
// Puts the registry entry of a node of `org` for `protocol_key`, signed by the CA, into `answer`.
// `key.malformed` for a bad key.
[[nodiscard]] Status VouchFor(const crypto::P256Key& ca_key, const crypto::Certificate& ca,
                              const crypto::SpiffeId& id, const std::string& org, ByteView protocol_key,
                              rpc::Enrolled& answer);

}  // namespace accord::coordinator
