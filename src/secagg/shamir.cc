#include "secagg/shamir.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/check.h"
#include "base/errors.h"
#include "secagg/field61.h"
#include "secagg/samples.h"
#include "secagg/secret_words.h"

namespace accord::secagg {
namespace {

constexpr std::size_t kLimbs = 5;
constexpr unsigned kLimbBits = 52;
constexpr std::uint64_t kLimbMask = (1ULL << kLimbBits) - 1;
constexpr unsigned kLastLimbBits = 48;
constexpr std::size_t kWords = 4;  // of 64 bits in a secret
constexpr std::size_t kWordBytes = 8;

std::uint64_t LoadBigEndian(ByteView bytes) {
  std::uint64_t word = 0;
  for (const std::uint8_t byte : bytes.first(kWordBytes)) word = word << 8 | byte;
  return word;
}

void StoreBigEndian(std::uint64_t word, std::span<std::uint8_t> out) {
  for (std::size_t i = kWordBytes; i-- > 0; word >>= 8) out[i] = static_cast<std::uint8_t>(word);
}

void SplitLimbs(ByteView secret, std::span<std::uint64_t> limbs) {
  SecretWords words(kWords);  // least significant first
  for (std::size_t i = 0; i < kWords; ++i) {
    words[i] = LoadBigEndian(secret.subspan((kWords - 1 - i) * kWordBytes));
  }
  for (std::size_t limb = 0; limb < kLimbs; ++limb) {
    const std::size_t word = limb * kLimbBits / 64;
    const unsigned shift = limb * kLimbBits % 64;
    std::uint64_t bits = words[word] >> shift;
    if (shift != 0 && word + 1 < kWords) bits |= words[word + 1] << (64 - shift);
    limbs[limb] = bits & kLimbMask;
  }
}

// The polynomials of all limbs at x, by Horner; coefficients are ordered by degree, then by limb.
void Evaluate(const SecretWords& coefficients, std::uint32_t x, std::span<std::uint8_t> share) {
  for (std::size_t limb = 0; limb < kLimbs; ++limb) {
    std::uint64_t value = 0;
    for (std::size_t at = coefficients.size() + limb; at >= kLimbs;) {
      at -= kLimbs;
      value = FieldAdd(FieldMultiply(value, x), coefficients[at]);
    }
    StoreBigEndian(value, share.subspan(limb * kWordBytes));
  }
}

// What share `j` counts for in the value at 0: the product over the others of x_m / (x_m - x_j).
std::uint64_t LagrangeAtZero(std::span<const IndexedShare> shares, std::size_t j) {
  std::uint64_t over = 1;
  std::uint64_t under = 1;
  for (std::size_t m = 0; m < shares.size(); ++m) {
    if (m == j) continue;
    over = FieldMultiply(over, shares[m].x);
    under = FieldMultiply(under, FieldSubtract(shares[m].x, shares[j].x));
  }
  ACCORD_CHECK(over != 0 && under != 0);  // the x are distinct and not 0
  return FieldMultiply(over, FieldInverse(under));
}

}  // namespace

std::vector<DealtShare> SplitSecret(const ShamirDeal& deal, std::span<const std::uint32_t> xs) {
  ACCORD_CHECK(deal.secret.size() == kShamirSecretBytes && deal.threshold >= 1);
  SecretWords coefficients(deal.threshold * kLimbs);
  SplitLimbs(deal.secret, coefficients.words());
  FieldSamples samples(deal.coefficient_seed);
  for (std::uint64_t& coefficient : coefficients.words().subspan(kLimbs)) coefficient = samples.Next();
  std::vector<DealtShare> shares;
  shares.reserve(xs.size());
  for (const std::uint32_t x : xs) {
    ACCORD_CHECK(x != 0);  // at 0 lies the secret itself
    if (x == deal.dealer_x) continue;
    shares.push_back({.x = x, .share = crypto::ZeroizingBytes(kShareBytes)});
    Evaluate(coefficients, x, shares.back().share.bytes());
  }
  return shares;
}

Status CheckShare(ByteView share) {
  if (share.size() != kShareBytes) return Fail(errors::kSecaggBadShare, "a share is not of 40 bytes");
  std::uint64_t above = 0;  // value or p - 1 - value has a bit from the 61st on exactly when value >= p
  for (std::size_t limb = 0; limb < kLimbs; ++limb) {
    const std::uint64_t value = LoadBigEndian(share.subspan(limb * kWordBytes));
    above |= (kFieldPrime - 1 - value) | value;
  }
  if (above >> kFieldBits61 != 0) return Fail(errors::kSecaggBadShare, "a limb of a share is not below p");
  return {};
}

Result<crypto::ZeroizingBytes> RecoverSecret(std::uint32_t threshold, std::span<const IndexedShare> shares) {
  ACCORD_CHECK(threshold >= 1);
  if (shares.size() < threshold) {
    return Fail(errors::kSecaggTooFewShares,
                std::to_string(shares.size()) + " shares, not " + std::to_string(threshold));
  }
  shares = shares.first(threshold);
  SecretWords limbs(kLimbs);
  for (std::size_t j = 0; j < shares.size(); ++j) {
    ACCORD_RETURN_IF_ERROR(CheckShare(shares[j].share));
    const std::uint64_t weight = LagrangeAtZero(shares, j);
    for (std::size_t limb = 0; limb < kLimbs; ++limb) {
      const std::uint64_t value = LoadBigEndian(shares[j].share.subspan(limb * kWordBytes));
      limbs[limb] = FieldAdd(limbs[limb], FieldMultiply(weight, value));
    }
  }
  return JoinLimbs(limbs.words().first<kLimbs>());
}

Result<crypto::ZeroizingBytes> JoinLimbs(std::span<const std::uint64_t, 5> limbs) {
  std::uint64_t above = limbs[kLimbs - 1] >> kLastLimbBits;
  for (std::size_t limb = 0; limb + 1 < kLimbs; ++limb) above |= limbs[limb] >> kLimbBits;
  if (above != 0) return Fail(errors::kSecaggBadSecret, "the shares give no secret of 32 bytes");
  SecretWords words(kWords);
  for (std::size_t limb = 0; limb < kLimbs; ++limb) {
    const std::size_t word = limb * kLimbBits / 64;
    const unsigned shift = limb * kLimbBits % 64;
    words[word] |= limbs[limb] << shift;
    if (shift != 0 && word + 1 < kWords) words[word + 1] |= limbs[limb] >> (64 - shift);
  }
  crypto::ZeroizingBytes secret(kShamirSecretBytes);
  for (std::size_t i = 0; i < kWords; ++i) {
    StoreBigEndian(words[i], secret.bytes().subspan((kWords - 1 - i) * kWordBytes));
  }
  return secret;
}

}  // namespace accord::secagg
