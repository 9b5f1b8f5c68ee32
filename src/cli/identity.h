// Certificates of a person: made by joining, renewed while they last. Keys are made here and never leave.
#pragma once

#include <string>

#include "accord/clock.h"
#include "accord/status.h"
#include "cli/backend.h"
#include "cli/context_store.h"

namespace accord::cli {

// More than half of the certificate's time is over; less than a quarter is left.
[[nodiscard]] bool PastHalf(const Context& context, TimePoint now);
[[nodiscard]] bool Expiring(const Context& context, TimePoint now);

// ok when `enrolled` holds a certificate for `key` and the identity `spiffe_id` that a CA of its bundle
// signed and that is good at `now`; with a pin, that CA must have this fingerprint. Else the failure of
// src/crypto, `token.invalid` for another identity, or `net.untrusted`.
[[nodiscard]] Status CheckEnrolled(const rpc::Enrolled& enrolled, const crypto::P256Key& key,
                                   const std::string& spiffe_id, const Digest* pin, TimePoint now);

// A new key and certificate for the same identity, stored in place of the old ones.
[[nodiscard]] Status RenewIdentity(const Context& context, Backend& backend, ContextStore& store,
                                   TimePoint now);

}  // namespace accord::cli
