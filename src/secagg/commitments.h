// What nodes commit to before they open it, and who deals the MAC's keys (secagg.md 7.2). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "base/text.h"

namespace accord::secagg {

// com_b, com_mac, com_graph: of the 32-byte b, K_d or graph nonce of node `id`.
[[nodiscard]] Digest CommitB(const Digest& ctx, const NodeId& id, ByteView b);
[[nodiscard]] Digest CommitMacKey(const Digest& ctx, const NodeId& id, ByteView mac_key);
[[nodiscard]] Digest CommitGraphNonce(const Digest& ctx, const NodeId& id, ByteView nonce);

enum class ShareKind : std::uint8_t {
  kSelf = 0,  // of b, opened when the dealer survived
  kMask = 1,  // of m, opened when it dropped out
};
inline constexpr std::size_t kBlindBytes = 16;

// A share that `dealer` made for `receiver`, and what hides it until it is opened. Borrowed.
struct BlindedShare {
  ShareKind kind;
  const NodeId& dealer;
  const NodeId& receiver;
  ByteView share;  // 40 bytes
  ByteView blind;  // 16 bytes
};
// com_share.
[[nodiscard]] Digest CommitShare(const Digest& ctx, const BlindedShare& opened);

// SHA-256("FSA-1/dealer\0", ctx, id).
[[nodiscard]] Digest DealerRank(const Digest& ctx, const NodeId& id);
// The dealers of the MAC's keys: the (at most 3) members of U1 of smallest rank, ascending by id.
[[nodiscard]] std::vector<NodeId> Dealers(const Digest& ctx, std::span<const NodeId> u1);

}  // namespace accord::secagg
