// The one-time join token: one printable string that an operator hands to who shall join. It says where the
// coordinator is, which CA to trust, who the bearer will be, and holds the secret that proves the invitation.
// "accord1_" + base64url without padding of: u8 1, LV address, CA fingerprint 32, LV SPIFFE id, secret 32,
// u32 crc32c of all before it.
#pragma once

#include <string>
#include <string_view>

#include "accord/ids.h"
#include "accord/status.h"
#include "crypto/spiffe.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {

struct JoinToken {
  std::string address;    // host:port of the coordinator; an IPv6 host in brackets
  Digest ca_fingerprint;  // SHA-256 of the CA certificate's DER
  SpiffeId identity;
  ZeroizingBytes secret;  // 32 bytes
};

// A token with a fresh random secret. `token.invalid` when the address is not host:port.
[[nodiscard]] Result<JoinToken> MakeJoinToken(std::string address, const Digest& ca_fingerprint,
                                              const SpiffeId& identity);
// The printable form. It contains the secret: show it to the person who asked, nowhere else.
[[nodiscard]] ZeroizingBytes FormatJoinToken(const JoinToken& token);
// Strict: `token.invalid` unless FormatJoinToken could have made exactly this text. Never repeats the text.
[[nodiscard]] Result<JoinToken> ParseJoinToken(std::string_view text);
// What the coordinator stores and looks up: SHA-256 of the secret.
[[nodiscard]] Digest TokenHash(ByteView secret);

}  // namespace accord::crypto
