// Keys that sign inside a token: a smart card, a hardware security module, or software that behaves like one
// (PKCS#11). Through p11-kit, which finds the modules of a machine by its own configuration.
#pragma once

#include <memory>
#include <string>

#include "accord/status.h"
#include "base/text.h"
#include "crypto/signing_key.h"

namespace accord::crypto {

// The one private key that `uri` names (RFC 7512: "pkcs11:token=gov;object=ke", with "?module-path=..." for a
// module that p11-kit does not know), after a log-in with `pin`: Ed25519, or ECDSA on P-256. Its public key
// has to be in the token, too, under the same id. The private key never leaves the token, the pin stays with
// the SigningKey if the key asks for it at each use.
// `key.uri` for a URI that is none, or that holds the pin; `key.passphrase` for a wrong pin; `key.token` for
// all that a token does not have or refuses. Each signature is verified before it is given away.
[[nodiscard]] Result<std::unique_ptr<const SigningKey>> OpenTokenKey(const std::string& uri, ByteView pin);

}  // namespace accord::crypto
