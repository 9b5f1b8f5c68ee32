// The sealed way of shares and MAC keys from one node to another through the coordinator (secagg.md 2.3, the
// entry of 7.5). Each key seals one message in one direction, so the nonce is zero. Pure.
#pragma once

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "crypto/zeroizing.h"
#include "secagg/shamir.h"

namespace accord::secagg {

// What a ciphertext is bound to.
struct ShareRoute {
  const Digest& ctx;
  const NodeId& from;
  const NodeId& to;
  const Digest& roster_hash;
};
// With `key` = ChannelKeys::share for the shares, ::mackey for K_d. The ciphertext has 16 bytes more.
[[nodiscard]] Bytes SealForPeer(ByteView key, const ShareRoute& route, ByteView plaintext);
// `secagg.bad_ciphertext` unless exactly that peer sealed it for exactly this route.
[[nodiscard]] Result<crypto::ZeroizingBytes> OpenFromPeer(ByteView key, const ShareRoute& route,
                                                          ByteView sealed);

// The plaintext of ct: the two shares and their blinds, 112 bytes. Views of the parts.
struct SharePair {
  ByteView share_b;  // 40 bytes
  ByteView blind_b;  // 16 bytes
  ByteView share_m;  // 40 bytes
  ByteView blind_m;  // 16 bytes
};
[[nodiscard]] crypto::ZeroizingBytes JoinShares(const SharePair& shares);
// `secagg.bad_ciphertext` when `plaintext` is not of 112 bytes. The result borrows from `plaintext`.
[[nodiscard]] Result<SharePair> SplitShares(ByteView plaintext);

}  // namespace accord::secagg
