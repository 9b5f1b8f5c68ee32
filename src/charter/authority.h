// Who speaks for a member in the protocol (governance.md h): the nodes of its own trust domain, certified by
// CAs of its own, whose public keys the charter pins. So nobody but the member can make a node of it up, and
// the coordinator can make up none at all. Pure.
#pragma once

#include <span>
#include <vector>

#include "accord/status.h"
#include "charter/charter.h"
#include "crypto/spiffe.h"
#include "crypto/x509.h"

namespace accord::charter {

// Whose node or person this is: `auth.trust_domain` when it is no member's, `auth.revoked` while the member
// is suspended, or once the charter has revoked the identity. The member lives as long as the charter.
[[nodiscard]] Result<const Member*> MemberOf(const Charter& charter, const crypto::SpiffeId& identity);

// Those of `given` that are CAs of the member's trust domain by a key that the charter has; `cert.chain` when
// none is.
[[nodiscard]] Result<std::vector<crypto::Certificate>> CasOf(const Member& member,
                                                             std::span<const crypto::Certificate> given);

}  // namespace accord::charter
