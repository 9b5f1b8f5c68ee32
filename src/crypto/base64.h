// Base64 (RFC 4648 section 4, padded) for bytes that are no secret: keys and signatures in notes, envelopes
// and tickets. Secrets have an encoder of their own (join_token.cc).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace accord::crypto {

[[nodiscard]] std::string ToBase64(ByteView bytes);
// Strict: exactly the text that ToBase64 would have made; nullopt otherwise. So one value has one text.
[[nodiscard]] std::optional<Bytes> FromBase64(std::string_view text);

}  // namespace accord::crypto
