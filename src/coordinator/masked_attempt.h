// One attempt of a masked round at the coordinator: the words of nodes as they came, checked by
// src/secagg/collector, and what is relayed of them. The round machine says when; this says what, and whether
// a word is right. Made by JobRunner when an attempt begins, or again after a restart from the blob of
// shares. On the job's strand; Unmasking is handed to a worker.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "accord/job_spec.h"
#include "round/round.h"
#include "rpc/messages.h"
#include "secagg/collector.h"
#include "secagg/recover.h"
#include "update/global_state.h"

namespace accord::coordinator {

class MaskedAttempt {
 public:
  struct Inputs {
    JobId job;
    std::string federation;  // its trust domain
    const JobSpec& spec;
    update::BaseModel base;  // that the round starts from
    const round::Plan& plan;
    const round::Attempt& attempt;
    std::shared_ptr<const secagg::Registry> registry;
  };
  // The Offer that these make, and its context; `secagg.*` when it breaks a rule.
  [[nodiscard]] static Result<secagg::Offer> OfferOf(const Inputs& inputs);
  [[nodiscard]] static Result<std::unique_ptr<MaskedAttempt>> Open(const Inputs& inputs);

  [[nodiscard]] AttemptId id() const { return offer_.attempt; }
  [[nodiscard]] const secagg::Offer& offer() const { return offer_; }
  [[nodiscard]] const secagg::AttemptContext& context() const { return context_; }

  // p2. Keeps what is right.
  [[nodiscard]] secagg::Verdict OnAdvert(NodeId node, const secagg::SignedBody& advert);
  // Whether the adverts of all of these are here; they are lost when a job starts over, as its nodes' secrets
  // are with their restart.
  [[nodiscard]] bool HasAdverts(const round::NodeSet& u1) const;
  // p3. The roster is U1 of the machine, fixed by the first call. Has its adverts.
  [[nodiscard]] const std::vector<secagg::SignedBody>& Roster(const round::NodeSet& u1);
  [[nodiscard]] secagg::Verdict OnShares(NodeId node, secagg::SharesMessage shares);
  // p2a, neighbour graph only: the nonces that draw it. Once all of the roster's are there, `graph_set`.
  [[nodiscard]] secagg::Verdict OnNonce(NodeId node, const secagg::SignedBody& nonce);
  [[nodiscard]] const std::vector<secagg::SignedBody>& graph_set() const { return roster_->graph_set; }
  // Fixes U2 and gives all that p4 to p6 need, as one blob; Load takes it after a restart. `secagg.no_dealer`
  // and the like when U2 cannot do.
  [[nodiscard]] Result<Bytes> StoreShares(const round::NodeSet& u2);
  [[nodiscard]] Status Load(ByteView blob);

  // p4
  [[nodiscard]] std::vector<secagg::InboundShares> InboundFor(NodeId node) const;
  [[nodiscard]] secagg::Checked<Bytes> CheckEnd(NodeId node, const secagg::ReceivedUpload& upload,
                                                const secagg::SignedBody& end) const;
  // p5. `uploads` is U3 of the machine, fixed by the first call.
  void FixSurvivors(const round::Uploads& uploads);
  [[nodiscard]] const Digest& u2_hash() const { return u2_->hash; }
  [[nodiscard]] const secagg::U3& survivors() const { return *u3_; }
  [[nodiscard]] secagg::Verdict CheckSurvivorsSigned(NodeId node, const secagg::SignedBody& u3) const;
  // p6, and of slower nodes p7. What is wrong in one that counts is in its `held`.
  [[nodiscard]] secagg::Checked<secagg::CheckedUnmask> CheckUnmask(NodeId node,
                                                                   const secagg::SignedBody& unmask) const;
  // Complete once the sum can be opened.
  void Keep(secagg::CheckedUnmask unmask);
  [[nodiscard]] bool Complete() const;
  [[nodiscard]] secagg::Checked<secagg::OpenedMasks> Recover() const;
  // What was revealed is forgotten: a restart of p6, or the sum is taken.
  void ForgetUnmasks() { unmasks_.clear(); }

 private:
  struct Shares {
    secagg::SignedBody head;
    std::map<NodeId, Bytes> entries;  // by receiver
  };
  MaskedAttempt(secagg::Offer offer, secagg::AttemptContext context);
  void FixU2();
  [[nodiscard]] secagg::AttemptSets Sets() const { return {*roster_, *u2_, *u3_}; }
  [[nodiscard]] secagg::EntryLookup Entries() const;

  const secagg::Offer offer_;
  const secagg::AttemptContext context_;
  secagg::BodiesByNode adverts_;
  std::set<crypto::X25519PublicKey> keys_;  // of the adverts
  std::optional<secagg::Roster> roster_;
  secagg::BodiesByNode nonces_;
  std::map<NodeId, Shares> shares_;
  std::optional<secagg::U2> u2_;
  std::optional<secagg::U3> u3_;
  std::vector<secagg::CheckedUnmask> unmasks_;
};

// A signed word as the round machine keeps it, and back.
[[nodiscard]] Bytes PackWord(const secagg::SignedBody& word);
[[nodiscard]] secagg::SignedBody UnpackWord(ByteView packed);  // of PackWord; anything else is a bug
// What a node signed of a committed round: of the sum, and of the model.
struct VerifiedWord {
  crypto::Ed25519Signature result;
  crypto::Ed25519Signature model;
};
[[nodiscard]] Bytes PackWord(const VerifiedWord& word);
[[nodiscard]] VerifiedWord UnpackVerified(ByteView packed);

// p7: whether the node signed this outcome and this model under `ctx`; needs nothing of p2 to p6.
[[nodiscard]] secagg::Checked<Bytes> CheckVerified(const secagg::AttemptContext& context, NodeId node,
                                                   const round::Outcome& outcome,
                                                   const rpc::Verified& message);

}  // namespace accord::coordinator
