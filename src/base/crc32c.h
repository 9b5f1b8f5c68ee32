// CRC-32C (Castagnoli, RFC 3720 appendix B.4): transport and disk checksum, not a defence against an
// attacker.
#pragma once

#include <cstdint>

#include "base/text.h"

namespace accord {

// The checksum of `bytes`, or of a longer message whose earlier part gave `previous`.
// Uses the SSE 4.2 instruction where the CPU has it.
[[nodiscard]] std::uint32_t Crc32c(ByteView bytes, std::uint32_t previous = 0);

}  // namespace accord
