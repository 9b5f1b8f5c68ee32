// The bytes of an enrolment: what is kept so that the same request again gets the same answer again, and the
// registry entry of a new node. Used by Identity.
#pragma once

#include <optional>
#include <string>

#include "accord/clock.h"
#include "accord/status.h"
#include "crypto/spiffe.h"
#include "crypto/x509.h"
#include "rpc/handlers.h"
#include "secagg/registry.h"

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
// A node that joins, and what is known of it from before.
struct Joiner {
  crypto::SpiffeId id;
  std::string org;
  ByteView protocol_key;
  std::optional<secagg::RegistryEntry> before;  // its last entry
};
// Puts the node's registry entry, signed by the CA, into `answer`. It ends as long after `now` as the CA's
// certificate lasts in all, and later than the one before, so that everybody sees which is the newer; for the
// same key it is the one before. `member.invite` for a bad key.
[[nodiscard]] Status VouchFor(const crypto::P256Key& ca_key, const crypto::Certificate& ca,
                              const Joiner& joiner, TimePoint now, rpc::Enrolled& answer);

}  // namespace accord::coordinator
