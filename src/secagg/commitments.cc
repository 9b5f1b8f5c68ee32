#include "secagg/commitments.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "crypto/sha256.h"
#include "secagg/shamir.h"

namespace accord::secagg {
namespace {

// All with the zero byte that ends them.
constexpr std::string_view kB("FSA-1/com/b\0", 12);
constexpr std::string_view kMac("FSA-1/com/mac\0", 14);
constexpr std::string_view kGraph("FSA-1/com/graph\0", 16);
constexpr std::string_view kShare("FSA-1/com/share\0", 16);
constexpr std::string_view kDealer("FSA-1/dealer\0", 13);

constexpr std::size_t kDealers = 3;

// Hashed piece by piece: the value is secret and no copy of it may stay behind in a buffer.
Digest Commit(std::string_view label, const Digest& ctx, const NodeId& id, ByteView value) {
  ACCORD_CHECK(value.size() == 32);
  return crypto::Sha256().Update(label).Update(ctx.bytes).Update(id.bytes).Update(value).Finish();
}

}  // namespace

Digest CommitB(const Digest& ctx, const NodeId& id, ByteView b) { return Commit(kB, ctx, id, b); }

Digest CommitMacKey(const Digest& ctx, const NodeId& id, ByteView mac_key) {
  return Commit(kMac, ctx, id, mac_key);
}

Digest CommitGraphNonce(const Digest& ctx, const NodeId& id, ByteView nonce) {
  return Commit(kGraph, ctx, id, nonce);
}

Digest CommitShare(const Digest& ctx, const BlindedShare& opened) {
  ACCORD_CHECK(opened.share.size() == kShareBytes && opened.blind.size() == kBlindBytes);
  const auto kind = static_cast<std::uint8_t>(opened.kind);
  crypto::Sha256 hash;
  hash.Update(kShare).Update(ctx.bytes).Update(ByteView(&kind, 1));
  hash.Update(opened.dealer.bytes).Update(opened.receiver.bytes);
  return hash.Update(opened.share).Update(opened.blind).Finish();
}

Digest DealerRank(const Digest& ctx, const NodeId& id) {
  return crypto::Sha256().Update(kDealer).Update(ctx.bytes).Update(id.bytes).Finish();
}

std::vector<NodeId> Dealers(const Digest& ctx, std::span<const NodeId> u1) {
  std::vector<std::pair<Digest, NodeId>> ranked;
  ranked.reserve(u1.size());
  for (const NodeId& id : u1) ranked.emplace_back(DealerRank(ctx, id), id);
  std::ranges::sort(ranked);
  if (ranked.size() > kDealers) ranked.resize(kDealers);
  std::vector<NodeId> dealers;
  for (const auto& [rank, id] : ranked) dealers.push_back(id);
  std::ranges::sort(dealers);
  return dealers;
}

}  // namespace accord::secagg
