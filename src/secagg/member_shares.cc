#include "secagg/member_attempt.h"
#include "secagg/share_channel.h"

namespace accord::secagg {
namespace {

// Both shares of one neighbour, and what hides them.
struct Dealt {
  crypto::ZeroizingBytes share_b, blind_b, share_m, blind_m;
};

// Seals the shares into the entry and commits to them.
void SealShares(const ShareRoute& route, const Peer& to, const Dealt& dealt, ShareEntry& entry) {
  entry.com_share_b = CommitShare(route.ctx, {.kind = ShareKind::kSelf,
                                              .dealer = route.from,
                                              .receiver = to.id,
                                              .share = dealt.share_b.view(),
                                              .blind = dealt.blind_b.view()});
  entry.com_share_m = CommitShare(route.ctx, {.kind = ShareKind::kMask,
                                              .dealer = route.from,
                                              .receiver = to.id,
                                              .share = dealt.share_m.view(),
                                              .blind = dealt.blind_m.view()});
  const crypto::ZeroizingBytes plain = JoinShares({.share_b = dealt.share_b.view(),
                                                   .blind_b = dealt.blind_b.view(),
                                                   .share_m = dealt.share_m.view(),
                                                   .blind_m = dealt.blind_m.view()});
  entry.shares = SealForPeer(to.channel->send.share.view(), route, plain.view());
}

}  // namespace

std::vector<DealtShare> Member::Attempt::Split(ByteView secret, SecretName coefficients,
                                               std::span<const std::uint32_t> xs) {
  const crypto::ZeroizingBytes seed = in.secrets->Draw(coefficients);
  return SplitSecret({.secret = secret,
                      .coefficient_seed = seed.view(),
                      .threshold = params().ShareThreshold(),
                      .dealer_x = Self().x},
                     xs);
}

SharesMessage Member::Attempt::Deal() {
  std::vector<std::uint32_t> xs;
  for (const Peer& peer : roster) {
    if (peer.neighbour) xs.push_back(peer.x);
  }
  std::vector<DealtShare> of_b = Split(own->self_seed.view(), SecretName::kSelfCoefficients, xs);
  std::vector<DealtShare> of_m = Split(own->mask_seed.view(), SecretName::kMaskCoefficients, xs);

  const bool dealer = Self().dealer;
  SharesHead head{.id = in.id,
                  .roster_hash = roster_hash,
                  .com_b = CommitB(ctx(), in.id, own->self_seed.view()),
                  .com_mac = {},
                  .entries = {}};
  if (dealer) head.com_mac = CommitMacKey(ctx(), in.id, own->mac_key.view());
  SharesMessage message;
  std::size_t next = 0;  // neighbour, in the order of xs
  for (const Peer& peer : roster) {
    if (peer.id == in.id || !(peer.neighbour || dealer)) continue;
    const ShareRoute route{.ctx = ctx(), .from = in.id, .to = peer.id, .roster_hash = roster_hash};
    ShareEntry entry{.receiver = peer.id, .com_share_b = {}, .com_share_m = {}, .shares = {}, .mac_key = {}};
    if (peer.neighbour) {
      const Dealt dealt{.share_b = std::move(of_b[next].share),
                        .blind_b = in.secrets->DrawBlind(ShareKind::kSelf, peer.id),
                        .share_m = std::move(of_m[next].share),
                        .blind_m = in.secrets->DrawBlind(ShareKind::kMask, peer.id)};
      ++next;
      SealShares(route, peer, dealt, entry);
    }
    if (dealer) entry.mac_key = SealForPeer(peer.channel->send.mackey.view(), route, own->mac_key.view());
    Bytes bytes = entry.Encode();
    head.entries.push_back({.receiver = peer.id, .digest = EntryDigest(bytes)});
    message.entries.push_back({.receiver = peer.id, .bytes = std::move(bytes)});
  }
  message.head = SignAs(BodyType::kShares, head.Encode());
  return message;
}

}  // namespace accord::secagg
