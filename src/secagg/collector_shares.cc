// P2: the shares of secrets on their way between nodes.
#include "secagg/collector_internal.h"

namespace accord::secagg {
namespace {

// Holds one Shares message against what its dealer owes to U1.
class DealChecker {
 public:
  DealChecker(const Roster& roster, const SharesHead& head, const SharesMessage& message)
      : roster_(roster),
        head_(head),
        message_(message),
        dealer_(roster.IsDealer(head.id)),
        neighbours_(roster.NeighboursOf(head.id)) {}

  [[nodiscard]] Verdict Check() const {
    if (head_.roster_hash != roster_.hash) return Bad("shared under another roster");
    if (head_.com_mac.has_value() != dealer_) {
      return Bad("commits to a key of the check against its role");
    }
    if (!LeadsToAllReceivers()) return Bad("does not share with exactly those who await it");
    for (std::size_t i = 0; i < head_.entries.size(); ++i) {
      if (EntryDigest(message_.entries[i].bytes) != head_.entries[i].digest) {
        return Bad("signed another entry than the one that came");
      }
      if (!IsInForm(message_.entries[i])) return Bad("made an entry of another form than is due");
    }
    return {};
  }

 private:
  // The head and the entries, both, in ascending order.
  [[nodiscard]] bool LeadsToAllReceivers() const {
    std::vector<NodeId> due = dealer_ ? roster_.Ids() : neighbours_;
    if (dealer_) std::erase(due, head_.id);
    return std::ranges::equal(due, head_.entries, {}, {}, &SharesHead::EntryRef::receiver) &&
           std::ranges::equal(due, message_.entries, {}, {}, &SharesMessage::Entry::receiver);
  }

  // What the receiver would refuse at once: nobody else could have done that to bytes that were signed.
  [[nodiscard]] bool IsInForm(const SharesMessage::Entry& sent) const {
    const Result<ShareEntry> entry = ShareEntry::Parse(sent.bytes);
    return entry.ok() && entry->receiver == sent.receiver && !entry->mac_key.empty() == dealer_ &&
           !entry->shares.empty() == std::ranges::binary_search(neighbours_, sent.receiver);
  }

  [[nodiscard]] Verdict Bad(const std::string& what) const {
    return Against(head_.id, errors::kSecaggBadEntry, what);
  }

  const Roster& roster_;
  const SharesHead& head_;
  const SharesMessage& message_;
  bool dealer_;  // of the MAC's keys
  std::vector<NodeId> neighbours_;
};

}  // namespace

Checked<SharesHead> CheckShares(const AttemptContext& context, const Roster& roster, const NodeId& sender,
                                const SharesMessage& message) {
  if (!roster.IndexOf(sender)) return Against(sender, errors::kSecaggUnknownNode, "is not in the roster");
  Checked<SharesHead> head = OpenBody<SharesHead>(context, sender, message.head);
  if (!head.ok()) return head;
  if (Verdict bad = DealChecker(roster, *head, message).Check()) return *bad;
  return head;
}

std::vector<NodeId> U2::Ids() const { return IdsOf(nodes); }

const SharesHead* U2::Find(const NodeId& id) const { return FindById(nodes, id); }

U2 FixU2(const Roster& roster, const BodiesByNode& heads) {
  U2 u2;
  std::vector<HashedBody> hashed;
  for (const auto& [id, message] : heads) {
    u2.nodes.push_back(AcceptedBody<SharesHead>(id, message));
    u2.heads.push_back(message);
    hashed.push_back({.id = id, .digest = BodyDigest(message.body)});
  }
  u2.hash = U2Hash(roster.hash, hashed);
  return u2;
}

Verdict EnoughU2(const AttemptContext& context, const Roster& roster, const U2& u2) {
  const std::uint32_t u_min = context.params.thresholds.u_min;
  const std::vector<NodeId> ids = u2.Ids();
  if (ids.size() < u_min) {
    return Refuse(errors::kSecaggU2TooSmall, TooFew(ids.size(), "nodes shared", u_min));
  }
  if (const auto& graph = context.params.graph) {
    const auto goes_on = [&](const NodeId& id) {
      return CountIn(roster.NeighboursOf(id), ids) >= graph->threshold;
    };
    const auto going_on = static_cast<std::size_t>(std::ranges::count_if(ids, goes_on));
    if (going_on < u_min) {
      return Refuse(errors::kSecaggFewLiveNeighbours,
                    TooFew(going_on, "nodes have neighbours enough left to mask with", u_min));
    }
  }
  if (context.params.verify && CountIn(roster.dealers, ids) == 0) {
    return Refuse(errors::kSecaggNoDealer, "no dealer of the sum's check shared");
  }
  return {};
}

std::vector<InboundShares> InboundFor(const U2& u2, const NodeId& receiver, const EntryLookup& entries) {
  std::vector<InboundShares> inbound;
  for (std::size_t i = 0; i < u2.nodes.size(); ++i) {
    InboundShares& shares = inbound.emplace_back(InboundShares{.head = u2.heads[i], .entry = {}});
    if (u2.nodes[i].Find(receiver) == nullptr) continue;
    const ByteView entry = entries(u2.nodes[i].id, receiver);
    if (!entry.empty()) shares.entry.emplace(entry.begin(), entry.end());
  }
  return inbound;
}

}  // namespace accord::secagg
