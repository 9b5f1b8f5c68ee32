// Shamir's secret sharing of 32 bytes over 2^61 - 1 (secagg.md 2.4): the secret is a 256-bit big-endian
// integer of five limbs of 52 bits, least significant first; a share is five u64, big-endian, 40 bytes. The
// x of a node is its index in the sorted roster, from 1. Used by a dealer to split, by the coordinator to
// recover. Constant time in secrets and shares; x and t are public. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "crypto/zeroizing.h"

namespace accord::secagg {

inline constexpr std::size_t kShamirSecretBytes = 32;
inline constexpr std::size_t kShareBytes = 40;

// What a dealer splits. All borrowed.
struct ShamirDeal {
  ByteView secret;            // 32 bytes
  ByteView coefficient_seed;  // 32 fresh secret bytes, used once; field samples of it are the coefficients
  std::uint32_t threshold;    // t >= 1: this many shares give the secret, fewer say nothing
  std::uint32_t dealer_x;     // whose share is never made; 0 when the dealer holds no index
};

struct DealtShare {
  std::uint32_t x;
  crypto::ZeroizingBytes share;  // 40 bytes
};
// The shares of the given x (1 <= x < 2^32) in their order, the dealer's own left out.
[[nodiscard]] std::vector<DealtShare> SplitSecret(const ShamirDeal& deal, std::span<const std::uint32_t> xs);

// `secagg.bad_share` unless `share` is 40 bytes of five limbs below p.
[[nodiscard]] Status CheckShare(ByteView share);

struct IndexedShare {
  std::uint32_t x;  // distinct within a list, not 0
  ByteView share;   // borrowed
};
// The secret through the first `threshold` shares; the rest is not looked at. `secagg.too_few_shares`;
// `secagg.bad_share` as CheckShare; `secagg.bad_secret` when they give limbs that are no secret of 32 bytes.
// Shares of another secret give another secret: the caller holds the result against its commitment.
[[nodiscard]] Result<crypto::ZeroizingBytes> RecoverSecret(std::uint32_t threshold,
                                                           std::span<const IndexedShare> shares);

// The same from the limbs themselves, for tests of the range check: `secagg.bad_secret` unless limbs 0 to 3
// are below 2^52 and limb 4 below 2^48.
[[nodiscard]] Result<crypto::ZeroizingBytes> JoinLimbs(std::span<const std::uint64_t, 5> limbs);

}  // namespace accord::secagg
