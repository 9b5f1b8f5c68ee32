#include <algorithm>

#include "base/errors.h"
#include "secagg/member_attempt.h"
#include "secagg/share_channel.h"

namespace accord::secagg {
namespace {

// The checks of one entry (7.6): it is the one that its dealer signed for this node, and what it seals opens.
class EntryReader {
 public:
  EntryReader(const Digest& ctx, const Digest& roster_hash, const NodeId& me, const Peer& from)
      : route_{.ctx = ctx, .from = from.id, .to = me, .roster_hash = roster_hash}, from_(from) {}

  Verdict Read(const SharesHead& head, const std::optional<Bytes>& bytes, Received& out) {
    const Digest* const digest = head.Find(route_.to);
    const bool expected = from_.neighbour || from_.dealer;
    if (!expected) return bytes || digest != nullptr ? Bad("sent an entry that nobody expects") : Verdict();
    if (!bytes || digest == nullptr) return Bad("sent no entry");
    if (EntryDigest(*bytes) != *digest) return Bad("signed another entry than the one that came");
    const Result<ShareEntry> entry = ShareEntry::Parse(*bytes);
    if (!entry.ok()) return Refuse(entry.status(), from_.id);
    if (entry->receiver != route_.to) return Bad("sent an entry for another node");
    const bool more =
        (!from_.neighbour && !entry->shares.empty()) || (!from_.dealer && !entry->mac_key.empty());
    if (more) return Bad("sent more than is due");
    if (Verdict bad = ReadShares(*entry, out)) return bad;
    return ReadMacKey(*entry, head, out);
  }

 private:
  Verdict ReadShares(const ShareEntry& entry, Received& out) {
    if (!from_.neighbour) return {};
    if (entry.shares.empty()) return Refuse(errors::kSecaggBadShare, Who() + " sent no shares", from_.id);
    Result<crypto::ZeroizingBytes> plain =
        OpenFromPeer(from_.channel->receive.share.view(), route_, entry.shares);
    if (!plain.ok()) return Refuse(plain.status(), from_.id);
    const Result<SharePair> pair = SplitShares(plain->view());
    if (!pair.ok()) return Refuse(pair.status(), from_.id);
    if (Verdict bad = CheckOpened(ShareKind::kSelf, pair->share_b, pair->blind_b, entry.com_share_b))
      return bad;
    if (Verdict bad = CheckOpened(ShareKind::kMask, pair->share_m, pair->blind_m, entry.com_share_m))
      return bad;
    out.shares = std::move(*plain);
    return {};
  }

  Verdict CheckOpened(ShareKind kind, ByteView share, ByteView blind, const Digest& commitment) {
    if (Status in_range = CheckShare(share); !in_range.ok()) return Refuse(in_range, from_.id);
    const Digest opened = CommitShare(
        route_.ctx,
        {.kind = kind, .dealer = route_.from, .receiver = route_.to, .share = share, .blind = blind});
    if (opened == commitment) return {};
    return Refuse(errors::kSecaggBadShare, Who() + " dealt a share that does not open its commitment",
                  from_.id);
  }

  Verdict ReadMacKey(const ShareEntry& entry, const SharesHead& head, Received& out) {
    if (!from_.dealer) return {};
    if (entry.mac_key.empty()) return BadMacKey("sent no key of the check");
    Result<crypto::ZeroizingBytes> key =
        OpenFromPeer(from_.channel->receive.mackey.view(), route_, entry.mac_key);
    if (!key.ok()) return Refuse(key.status(), from_.id);
    if (CommitMacKey(route_.ctx, from_.id, key->view()) != *head.com_mac) {
      return BadMacKey("sent a key of the check that does not open its commitment");
    }
    out.mac_key = std::move(*key);
    return {};
  }

  [[nodiscard]] std::string Who() const { return from_.id.Hex(); }
  [[nodiscard]] Verdict Bad(const std::string& what) const {
    return Refuse(errors::kSecaggBadEntry, Who() + " " + what, from_.id);
  }
  [[nodiscard]] Verdict BadMacKey(const std::string& what) const {
    return Refuse(errors::kSecaggBadMacKey, Who() + " " + what, from_.id);
  }

  ShareRoute route_;
  const Peer& from_;
};

}  // namespace

// One head with its entry, up to what both give.
Verdict Member::Attempt::ReadInbound(const InboundShares& message, Received& out) {
  const Result<SharesHead> head = SharesHead::Parse(message.head.body);
  if (!head.ok()) return Refuse(head.status());
  const Peer* const from = Find(head->id);
  const auto bad = [&](const ErrorInfo& error, const char* what) {
    return Refuse(error, head->id.Hex() + " " + what, head->id);
  };
  if (from == nullptr) return bad(errors::kSecaggUnknownNode, "is not in the roster");
  if (!Verify(from->key, BodyType::kShares, ctx(), message.head)) {
    return bad(errors::kSecaggBadSignature, "did not sign its head of shares");
  }
  if (head->roster_hash != roster_hash) return bad(errors::kSecaggWrongRoster, "shared under another roster");
  if (head->com_mac.has_value() != from->dealer) {
    return bad(errors::kSecaggBadMacKey, "commits to a key of the check against its role");
  }
  out.from = from;
  out.head = BodyDigest(message.head.body);
  if (from->id != in.id) return EntryReader(ctx(), roster_hash, in.id, *from).Read(*head, message.entry, out);
  if (message.head.body != OwnHead().body || message.entry) {
    return Refuse(errors::kSecaggOwnEntryChanged, "the heads do not hold this node's as it was sent");
  }
  if (from->dealer) out.mac_key = own->mac_key.Clone();
  return {};
}

Verdict Member::Attempt::CheckU2(std::span<const Received> u2) {
  const auto after = [](const Received& a, const Received& b) { return !(a.from->id < b.from->id); };
  if (std::ranges::adjacent_find(u2, after) != u2.end()) {
    return Refuse(errors::kSecaggBadEncoding, "the heads are not ascending");
  }
  if (std::ranges::find(u2, in.id, [](const Received& r) { return r.from->id; }) == u2.end()) {
    return Refuse(errors::kSecaggOwnEntryChanged, "this node shared, but its head was left out");
  }
  if (u2.size() < params().thresholds.u_min) {
    return Refuse(errors::kSecaggU2TooSmall, std::to_string(u2.size()) + " nodes shared; it takes " +
                                                 std::to_string(params().thresholds.u_min));
  }
  const auto live = std::ranges::count_if(u2, [](const Received& r) { return r.from->neighbour; });
  if (params().graph && static_cast<std::uint64_t>(live) < params().graph->threshold) {
    return Refuse(errors::kSecaggFewLiveNeighbours, std::to_string(live) + " neighbours shared; it takes " +
                                                        std::to_string(params().graph->threshold));
  }
  if (params().verify && std::ranges::none_of(u2, [](const Received& r) { return r.from->dealer; })) {
    return Refuse(errors::kSecaggNoDealer, "no dealer of the sum's check shared");
  }
  return {};
}

Verdict Member::Attempt::AcceptInbound(std::span<const InboundShares> shares) {
  std::vector<Received> u2;
  for (const InboundShares& message : shares) {
    if (Verdict bad = ReadInbound(message, u2.emplace_back())) return bad;
  }
  if (Verdict bad = CheckU2(u2)) return bad;
  std::vector<HashedBody> heads;
  std::vector<crypto::ZeroizingBytes> dealt;
  for (Received& received : u2) {
    Peer& peer = *Find(received.from->id);
    peer.head = received.head;
    peer.shares = std::move(received.shares);
    heads.push_back({.id = peer.id, .digest = received.head});
    if (peer.dealer) dealt.push_back(std::move(received.mac_key));
  }
  u2_hash = U2Hash(roster_hash, heads);
  if (params().verify) mac.emplace(ctx(), dealt);
  state = MemberState::kReady;
  return {};
}

}  // namespace accord::secagg
