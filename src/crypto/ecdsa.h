// ECDSA with SHA-256 under a public key that came as bytes: signatures that others make in notes and bundles.
// Accord's own P-256 keys are in x509.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace accord::crypto {

// Whether `spki` is the DER of a SubjectPublicKeyInfo on P-256, P-384 or P-521, and nothing after it.
[[nodiscard]] bool IsEcdsaKey(ByteView spki);
// Whether `signature`, the DER of (r, s), is by the holder of that key over SHA-256 of `message`; false also
// where IsEcdsaKey is.
[[nodiscard]] bool EcdsaVerify(ByteView spki, ByteView message, ByteView signature);
// Whether it is such a key on P-256.
[[nodiscard]] bool IsP256Key(ByteView spki);

// The key as PEM (RFC 7468, "PUBLIC KEY"), byte for byte as OpenSSL and Python's cryptography write it.
[[nodiscard]] std::string PublicKeyToPem(ByteView spki);
// The DER in it; nullopt unless the text is what PublicKeyToPem writes. Says nothing of what the DER holds.
[[nodiscard]] std::optional<Bytes> PublicKeyFromPem(std::string_view pem);

}  // namespace accord::crypto
