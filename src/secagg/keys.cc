#include "secagg/keys.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "base/codec.h"
#include "crypto/hkdf.h"

namespace accord::secagg {
namespace {

// All with the zero byte that ends them.
constexpr std::string_view kMaskData("FSA-1/mask/data\0", 16);
constexpr std::string_view kMaskTag("FSA-1/mask/tag\0", 15);
constexpr std::string_view kChannelShare("FSA-1/chan/share\0", 17);
constexpr std::string_view kChannelMacKey("FSA-1/chan/mackey\0", 18);
constexpr std::string_view kSelfData("FSA-1/self/data\0", 16);
constexpr std::string_view kSelfTag("FSA-1/self/tag\0", 15);
constexpr std::string_view kMaskSecret("FSA-1/x25519\0", 13);
constexpr std::string_view kMacAlpha("FSA-1/mac/alpha\0", 16);
constexpr std::string_view kMacPad("FSA-1/mac/pad\0", 14);

crypto::ZeroizingBytes Expand(ByteView prk, const Writer& info) {
  return crypto::HkdfExpand(prk, info.bytes());
}

// label, id and id, key of the first and of the second.
Writer PairInfo(std::string_view label, const KeyPeer& first, const KeyPeer& second) {
  Writer info;
  info.Raw(label).Fixed(first.id).Fixed(second.id).Fixed(first.key).Fixed(second.key);
  return info;
}

Result<crypto::ZeroizingBytes> PairPrk(const Digest& ctx, const KeyOwner& mine, const KeyPeer& peer) {
  ACCORD_CHECK(mine.id != peer.id);
  ACCORD_ASSIGN_OR_RETURN(const crypto::ZeroizingBytes shared, mine.key.Derive(peer.key));
  return crypto::HkdfExtract(ctx.bytes, shared.view());
}

}  // namespace

Result<MaskKeys> PairMaskKeys(const Digest& ctx, const KeyOwner& mine, const KeyPeer& peer) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::ZeroizingBytes prk, PairPrk(ctx, mine, peer));
  const KeyPeer own{.id = mine.id, .key = mine.key.PublicKey()};
  const bool first = own.id < peer.id;
  const KeyPeer& lo = first ? own : peer;
  const KeyPeer& hi = first ? peer : own;
  return MaskKeys{.data = Expand(prk.view(), PairInfo(kMaskData, lo, hi)),
                  .tag = Expand(prk.view(), PairInfo(kMaskTag, lo, hi))};
}

MaskKeys SelfMaskKeys(const Digest& ctx, ByteView b, const NodeId& id) {
  const crypto::ZeroizingBytes prk = crypto::HkdfExtract(ctx.bytes, b);
  return {.data = Expand(prk.view(), Writer().Raw(kSelfData).Fixed(id)),
          .tag = Expand(prk.view(), Writer().Raw(kSelfTag).Fixed(id))};
}

Result<Channel> DeriveChannel(const Digest& ctx, const KeyOwner& mine, const KeyPeer& peer) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::ZeroizingBytes prk, PairPrk(ctx, mine, peer));
  const KeyPeer own{.id = mine.id, .key = mine.key.PublicKey()};
  const auto keys = [&prk](const KeyPeer& from, const KeyPeer& to) {
    return ChannelKeys{.share = Expand(prk.view(), PairInfo(kChannelShare, from, to)),
                       .mackey = Expand(prk.view(), PairInfo(kChannelMacKey, from, to))};
  };
  return Channel{.send = keys(own, peer), .receive = keys(peer, own)};
}

crypto::X25519Key MaskKeyPair(ByteView m) {
  return crypto::X25519Key::FromSecret(crypto::HkdfExpand(m, AsBytes(kMaskSecret)).view());
}

MacKey::MacKey(const Digest& ctx, std::span<const crypto::ZeroizingBytes> dealt) {
  ACCORD_CHECK(!dealt.empty());
  crypto::ZeroizingBytes all(32 * dealt.size());
  for (std::size_t i = 0; i < dealt.size(); ++i) {
    ACCORD_CHECK(dealt[i].size() == 32);
    std::ranges::copy(dealt[i].view(), all.bytes().begin() + static_cast<std::ptrdiff_t>(32 * i));
  }
  prk_ = crypto::HkdfExtract(ctx.bytes, all.view());
}

SecretPair MacKey::Alpha() const { return SecretPair(Expand(prk_.view(), Writer().Raw(kMacAlpha)).view()); }

SecretPair MacKey::Pad(const NodeId& id) const {
  return SecretPair(Expand(prk_.view(), Writer().Raw(kMacPad).Fixed(id)).view());
}

}  // namespace accord::secagg
