// A charter as people write it: a TOML file, from which the payload that they sign is made. Quorums that it
// does not name are the least that are safe. Pure.
#pragma once

#include <string>
#include <string_view>

#include "accord/status.h"
#include "base/text.h"
#include "charter/charter.h"

namespace accord::charter {

// `charter.invalid` with every error and its line, and as Check says. `prev`: the version that it follows;
// none: it is the first.
struct Predecessor {
  std::uint32_t version = 0;
  Digest hash;
};
[[nodiscard]] Result<Charter> ParseCharterFile(ByteView text, std::string_view name,
                                               const std::optional<Predecessor>& before);

// The same file for this charter: what `accord charter init` begins with, and what an amendment is made from.
[[nodiscard]] std::string FormatCharterFile(const Charter& charter);

}  // namespace accord::charter
