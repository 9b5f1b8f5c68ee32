// P5: what survivors open, and what of it holds.
#include "secagg/collector_internal.h"
#include "secagg/commitments.h"
#include "secagg/shamir.h"

namespace accord::secagg {
namespace {

// Whether the dealers are the sender's neighbours in U2, each with the one kind that its fate allows.
bool FitsTheSets(const AttemptSets& sets, const Unmask& body) {
  std::vector<NodeId> due = sets.roster.NeighboursOf(body.id);
  std::erase_if(due, [&](const NodeId& id) { return sets.u2.Find(id) == nullptr; });
  const auto fits = [&](const NodeId& id, const Unmask::Share& share) {
    return share.dealer == id && share.kind == (sets.u3.Contains(id) ? ShareKind::kSelf : ShareKind::kMask);
  };
  return std::ranges::equal(due, body.shares, fits);
}

enum class Opening : std::uint8_t { kHolds, kFails, kUnknown };

Opening Open(const Digest& ctx, const NodeId& receiver, const Unmask::Share& share, ByteView stored) {
  const Result<ShareEntry> entry = ShareEntry::Parse(stored);
  if (!entry.ok()) return Opening::kUnknown;  // the entry is lost, which is nobody's lie
  const Digest& commitment = share.kind == ShareKind::kSelf ? entry->com_share_b : entry->com_share_m;
  const Digest opened = CommitShare(ctx, {.kind = share.kind,
                                          .dealer = share.dealer,
                                          .receiver = receiver,
                                          .share = share.share.view(),
                                          .blind = share.blind.view()});
  return opened == commitment && CheckShare(share.share.view()).ok() ? Opening::kHolds : Opening::kFails;
}

}  // namespace

Checked<CheckedUnmask> CheckUnmask(const AttemptContext& context, const AttemptSets& sets,
                                   const EntryLookup& entries, const NodeId& sender,
                                   const SignedBody& message) {
  if (!sets.u3.Contains(sender)) return Against(sender, errors::kSecaggUnknownNode, "is no survivor");
  Checked<Unmask> body = OpenBody<Unmask>(context, sender, message);
  if (!body.ok()) return body.refusal();
  if (body->u3_hash != sets.u3.hash) {
    return Against(sender, errors::kSecaggWrongU3, "unmasks another survivor set");
  }
  if (!FitsTheSets(sets, *body)) {
    return Against(sender, errors::kSecaggBadShare, "opened other shares than those of the survivor set");
  }
  CheckedUnmask checked{.id = sender, .self_seed = {}, .shares = {}, .held = {}};
  const SharesHead* const head = sets.u2.Find(sender);
  if (CommitB(context.ctx, sender, body->self_seed.view()) == head->com_b) {
    checked.self_seed = std::move(body->self_seed);
  } else {
    checked.held.push_back(
        Against(sender, errors::kSecaggBadSecret, "revealed a secret that does not open its commitment"));
  }
  for (Unmask::Share& share : body->shares) {
    switch (Open(context.ctx, sender, share, entries(share.dealer, sender))) {
      case Opening::kHolds:
        checked.shares.push_back(std::move(share));
        break;
      case Opening::kFails:
        checked.held.push_back(Against(sender, errors::kSecaggBadShare,
                                       "opened another share than " + share.dealer.Hex() + " dealt to it"));
        break;
      case Opening::kUnknown:
        break;
    }
  }
  return checked;
}

}  // namespace accord::secagg
