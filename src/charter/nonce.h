// Nonces in signed documents; for the .cc files of this module alone.
#pragma once

#include <array>
#include <string>

#include "accord/ids.h"
#include "ledger/strict_json.h"

namespace accord::charter {

template <std::size_t N>
[[nodiscard]] std::string ToHex(const std::array<std::uint8_t, N>& bytes) {
  return FixedBytes<struct NonceTag, N>{bytes}.Hex();
}

template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> ReadNonce(ledger::JsonReader& in, std::string_view field) {
  return in.Fixed<FixedBytes<struct NonceTag, N>>(field).bytes;
}

}  // namespace accord::charter
