// The coordinator's side of one attempt (secagg.md 7.7, and what 7.5 and 7.6 imply): what it holds against a
// node, what it relays, and whether a phase has enough. Free functions over values, and no state: a round
// machine that journals the bodies it accepted gets the same sets, hashes and messages again after a restart.
// Called by the coordinator's shell and, in tests, by federations in memory. Pure; any thread.
//
//   OpenAttempt -> CheckAdvertise, MakeRoster (-> CheckGraphNonce, LinkRoster) -> CheckShares, FixU2,
//   InboundFor
//     -> CheckMaskedEnd, FixU3 -> CheckU3Signature, CertifyU3 -> CheckUnmask -> recover.h, unmask.h
//     -> CheckResultSignature, CertifyResult
//
// Check* looks at one message of one node. `sender` is who brought it, as the transport knows it. A refusal
// concerns that node: its message counts as silence, and the round goes on if enough are left (Enough*).
// All check in this order: may the sender speak in this phase (`secagg.unknown_node`), `secagg.bad_signature`
// (also: a body in another's name), `secagg.bad_encoding`, then what is named at each. A second message of a
// node is the caller's to compare: equal is a repeat, different is discarded.
// Make*, Fix*, Link* take what passed its check, by node; bodies that did not are a bug.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "secagg/attempt_context.h"
#include "secagg/bodies.h"
#include "secagg/context.h"
#include "secagg/graph.h"
#include "secagg/messages.h"
#include "secagg/refusal.h"
#include "secagg/signed_body.h"

namespace accord::secagg {

using BodiesByNode = std::map<NodeId, SignedBody>;

// P0. Of the coordinator's own Offer: `secagg.bad_params` or `secagg.cohort_too_small` (7.4, or the cohort is
// not of n), `secagg.duplicate_node`, `secagg.bad_encoding` (order), `secagg.wrong_registry`,
// `secagg.unknown_node`. Entries that expired are for who picks the cohort: an attempt outlives its Offer.
[[nodiscard]] Checked<AttemptContext> OpenAttempt(const Offer& offer,
                                                  std::shared_ptr<const Registry> registry);

// P1 ------------------------------------------------------------------------------------------------------

// `secagg.not_in_cohort`; `secagg.bad_encoding` (a graph commitment is there or not, against the mode);
// `secagg.bad_key` (a key of low order: no node could use it); `secagg.duplicate_key` (both are one).
[[nodiscard]] Checked<Advertise> CheckAdvertise(const AttemptContext& context, const NodeId& sender,
                                                const SignedBody& message);

// U1, and who masks with whom in it.
struct Roster {
  bool full_graph = true;
  std::vector<Advertise> nodes;     // U1, ascending
  std::vector<SignedBody> adverts;  // the message Roster, in the same order
  Digest hash;
  std::vector<NodeId> dealers;      // of the MAC's keys, ascending; none without the MAC
  std::vector<Refusal> duplicates;  // `secagg.duplicate_key`, one for each node that was left out for it
  // k-graph mode, from LinkRoster on.
  std::optional<RingGraph> ring;
  std::vector<SignedBody> graph_set;  // the message GraphSet

  [[nodiscard]] std::vector<NodeId> Ids() const;
  // 0-based; its Shamir x is one more. nullopt: not in U1.
  [[nodiscard]] std::optional<std::uint32_t> IndexOf(const NodeId& id) const;
  // Ascending, without the node itself; of a member of U1. The full graph: all others. k-graph: needs `ring`.
  [[nodiscard]] std::vector<NodeId> NeighboursOf(const NodeId& id) const;
  [[nodiscard]] bool IsDealer(const NodeId& id) const;
};

// Closes P1 over the accepted adverts. Nodes that advertised a key of another node are all left out, and each
// refusal names both.
[[nodiscard]] Roster MakeRoster(const AttemptContext& context, const BodiesByNode& adverts);
// `secagg.roster_too_small`: fewer than u_min, in k-graph mode fewer than n.
[[nodiscard]] Verdict EnoughU1(const AttemptContext& context, const Roster& roster);

// P2a, k-graph mode: `secagg.wrong_roster`, `secagg.bad_graph_nonce`.
[[nodiscard]] Checked<GraphOpening> CheckGraphNonce(const AttemptContext& context, const Roster& roster,
                                                    const NodeId& sender, const SignedBody& message);
// Closes P2a: the same roster with its graph. `secagg.missing_graph_nonce`, concerning the first node of U1
// without one: the next attempt leaves it out.
[[nodiscard]] Checked<Roster> LinkRoster(const AttemptContext& context, Roster roster,
                                         const BodiesByNode& nonces);

// P2 ------------------------------------------------------------------------------------------------------

// `secagg.bad_entry`: the roster_hash; the receivers (neighbours, of a dealer all others) of head or entries;
// com_mac iff dealer; a digest; an entry whose form its receiver would refuse (it was signed, so it is
// proven).
[[nodiscard]] Checked<SharesHead> CheckShares(const AttemptContext& context, const Roster& roster,
                                              const NodeId& sender, const SharesMessage& message);

// Those who shared.
struct U2 {
  std::vector<SharesHead> nodes;  // ascending
  std::vector<SignedBody> heads;  // as sent, in the same order
  Digest hash;

  [[nodiscard]] std::vector<NodeId> Ids() const;
  [[nodiscard]] const SharesHead* Find(const NodeId& id) const;  // or nullptr
};
// Closes P2 over the accepted heads.
[[nodiscard]] U2 FixU2(const Roster& roster, const BodiesByNode& heads);
// `secagg.u2_too_small`: fewer than u_min; `secagg.few_live_neighbours`: fewer than u_min that have t_k
// neighbours in U2, and so will mask; `secagg.no_dealer`.
[[nodiscard]] Verdict EnoughU2(const AttemptContext& context, const Roster& roster, const U2& u2);

// The stored bytes of an accepted entry from `dealer` to `receiver`; asked only for those that the dealer's
// head lists. Empty, where it is lost: then it is relayed as missing, and its commitments open nothing.
using EntryLookup = std::function<ByteView(const NodeId& dealer, const NodeId& receiver)>;
// The message Inbound for a member of U2.
[[nodiscard]] std::vector<InboundShares> InboundFor(const U2& u2, const NodeId& receiver,
                                                    const EntryLookup& entries);

// P3 ------------------------------------------------------------------------------------------------------

// What came of an upload: bytes in all, and the tree hash over them, cut at chunk_words (chunk_root.h).
struct ReceivedUpload {
  std::uint64_t bytes = 0;
  Digest root;
};
// `secagg.wrong_u2`; `secagg.wrong_length` (announced or received); `secagg.bad_root`;
// `secagg.bad_masked_end` (number of tags).
[[nodiscard]] Checked<MaskedEnd> CheckMaskedEnd(const AttemptContext& context, const U2& u2,
                                                const ReceivedUpload& received, const NodeId& sender,
                                                const SignedBody& message);

// The survivor set.
struct U3 {
  std::vector<MaskedEnd> nodes;  // ascending
  std::vector<SignedBody> ends;  // as sent, in the same order: the message Survivors, with u2_hash
  Digest u2_hash;
  Digest hash;

  [[nodiscard]] std::vector<NodeId> Ids() const;
  [[nodiscard]] bool Contains(const NodeId& id) const;
};
// Closes P3 over the accepted ends; all of them, or those of a set that must be repeated (2.9).
[[nodiscard]] U3 FixU3(const U2& u2, const BodiesByNode& ends);
// The sets of an attempt from P4 on. Borrowed.
struct AttemptSets {
  const Roster& roster;
  const U2& u2;
  const U3& u3;
};
// `secagg.u3_too_small`: fewer than u_min. `secagg.few_live_neighbours`, concerning a survivor with fewer
// than t_k neighbours in U3: it would refuse, and nobody could open its mask. `secagg.too_few_shares`,
// concerning a node of U2 \ U3 whose masks are in the sum, but which has fewer neighbours in U3 than open its
// secret.
[[nodiscard]] Verdict EnoughU3(const AttemptContext& context, const AttemptSets& sets);

// P4, malicious mode --------------------------------------------------------------------------------------

// `secagg.wrong_u3`: a signature on another set. It is discarded and proves nothing.
[[nodiscard]] Verdict CheckU3Signature(const AttemptContext& context, const U3& u3, const NodeId& sender,
                                       const SignedBody& message);
// The certificate of all accepted signatures. `secagg.no_certificate`: fewer than t.
[[nodiscard]] Checked<std::vector<NodeSignature>> CertifyU3(const AttemptContext& context,
                                                            const BodiesByNode& signatures);

// P5 ------------------------------------------------------------------------------------------------------

// What of an Unmask may be used. Secret only as long as the sum is not opened; cleansed all the same.
struct CheckedUnmask {
  NodeId id;
  crypto::ZeroizingBytes self_seed;   // b_i; empty when it does not open com_b
  std::vector<Unmask::Share> shares;  // in range, and opening their commitments; ascending by dealer
  std::vector<Refusal> held;          // `secagg.bad_secret`, `secagg.bad_share`: the rest above still counts
};
// `secagg.wrong_u3`; `secagg.bad_share` when dealers and kinds are not those of the sets: nothing of it
// counts.
[[nodiscard]] Checked<CheckedUnmask> CheckUnmask(const AttemptContext& context, const AttemptSets& sets,
                                                 const EntryLookup& entries, const NodeId& sender,
                                                 const SignedBody& message);

// P6 ------------------------------------------------------------------------------------------------------

// `secagg.wrong_u3`; `secagg.forked_result`: it verified another sum than was sent.
[[nodiscard]] Verdict CheckResultSignature(const AttemptContext& context, const U3& u3, const Digest& z_root,
                                           const NodeId& sender, const SignedBody& message);
// As CertifyU3.
[[nodiscard]] Checked<std::vector<NodeSignature>> CertifyResult(const AttemptContext& context,
                                                                const BodiesByNode& signatures);

// Any phase -----------------------------------------------------------------------------------------------

// Signed under ctx, or under zeros by a node that refused the Offer. `secagg.not_in_cohort`.
[[nodiscard]] Checked<Abort> CheckAbort(const AttemptContext& context, const NodeId& sender,
                                        const SignedBody& message);

// Those of `expected` of whom there is nothing yet.
[[nodiscard]] std::vector<NodeId> Missing(std::span<const NodeId> expected, const BodiesByNode& have);

// What a refusal says about the node that it concerns (the table of 7.7).
enum class Blame : std::uint8_t {
  kNobody,  // the relay, or nobody
  kNamed,   // either it or the one who complains
  kProven,  // by its own signature
};
// Of a refusal by this file or by recover.h.
[[nodiscard]] Blame BlameOf(const Refusal& refusal);
// Of a node's complaint. Never proven: what a node could prove, the coordinator's own checks have found.
[[nodiscard]] Blame BlameOf(const Abort& abort);

}  // namespace accord::secagg
