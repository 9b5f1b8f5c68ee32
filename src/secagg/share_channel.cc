#include "secagg/share_channel.h"

#include <algorithm>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "crypto/aes_gcm.h"
#include "secagg/commitments.h"

namespace accord::secagg {
namespace {

constexpr crypto::GcmNonce kNonce{};
constexpr std::size_t kPairBytes = 2 * (kShareBytes + kBlindBytes);

Bytes Aad(const ShareRoute& route) {
  return Writer().Fixed(route.ctx).Fixed(route.from).Fixed(route.to).Fixed(route.roster_hash).bytes();
}

}  // namespace

Bytes SealForPeer(ByteView key, const ShareRoute& route, ByteView plaintext) {
  return crypto::GcmSeal(key, kNonce, Aad(route), plaintext);
}

Result<crypto::ZeroizingBytes> OpenFromPeer(ByteView key, const ShareRoute& route, ByteView sealed) {
  return crypto::GcmOpen(key, kNonce, Aad(route), sealed);
}

crypto::ZeroizingBytes JoinShares(const SharePair& shares) {
  crypto::ZeroizingBytes joined(kPairBytes);
  auto out = joined.bytes().begin();
  const auto append = [&out](ByteView part, std::size_t size) {
    ACCORD_CHECK(part.size() == size);
    out = std::ranges::copy(part, out).out;
  };
  append(shares.share_b, kShareBytes);
  append(shares.blind_b, kBlindBytes);
  append(shares.share_m, kShareBytes);
  append(shares.blind_m, kBlindBytes);
  return joined;
}

Result<SharePair> SplitShares(ByteView plaintext) {
  if (plaintext.size() != kPairBytes) {
    return Fail(errors::kSecaggBadCiphertext, "what was sealed is not two shares");
  }
  Reader reader(plaintext);
  SharePair shares;
  shares.share_b = reader.Raw(kShareBytes);
  shares.blind_b = reader.Raw(kBlindBytes);
  shares.share_m = reader.Raw(kShareBytes);
  shares.blind_m = reader.Raw(kBlindBytes);
  return shares;
}

}  // namespace accord::secagg
