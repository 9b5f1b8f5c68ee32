#include "crypto/ed25519_point.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace accord::crypto {
namespace {

// The y of the eight points P with 8 P = 0; x and -x share one. Computed from the curve's equation as L Q for
// points Q, L the order of the base point.
constexpr std::array<std::string_view, 5> kSmallOrder{
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

// 2^255 - 19 and above, little-endian without the sign of x.
bool IsBelowPrime(const Ed25519PublicKey& y) {
  const auto& bytes = y.bytes;
  const bool high = bytes[31] == 0x7F && std::all_of(bytes.begin() + 1, bytes.begin() + 31,
                                                     [](std::uint8_t byte) { return byte == 0xFF; });
  return !high || bytes[0] < 0xED;
}

}  // namespace

bool IsSoundEd25519Key(const Ed25519PublicKey& key) {
  Ed25519PublicKey y = key;
  y.bytes[31] &= 0x7F;
  const std::string hex = y.Hex();
  return IsBelowPrime(y) && std::ranges::find(kSmallOrder, hex) == kSmallOrder.end();
}

}  // namespace accord::crypto
