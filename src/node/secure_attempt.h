// One masked attempt of a job at this node: its secagg::Member, what the lab's terms add to the member's
// checks, and the answers that were given. Whoever holds it journals what an answer stands for before the
// answer leaves (src/task). Nothing in here is ever written to a disk or a log.
//
// Thread rule: all methods are thread-safe; the sum is checked on a worker while the strand may ask for
// answers.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "node/model_proof.h"
#include "node/work.h"
#include "rpc/messages.h"
#include "secagg/member.h"
#include "task/task.h"

namespace accord::node {

class SecureAttempt {
 public:
  struct Inputs {
    MaskedTerms terms;
    task::Assignment round;  // what this node trained
    secagg::MemberMemory memory;
    std::shared_ptr<const crypto::Ed25519Key> key;  // the identity's protocol key
    std::unique_ptr<secagg::Secrets> secrets;
  };
  // p2: all checks of an offer (secagg.md 7.6), and that it is of this federation, job and plan. A refusal
  // leaves nothing behind.
  [[nodiscard]] static secagg::Checked<std::shared_ptr<SecureAttempt>> Open(const secagg::Offer& offer,
                                                                            Inputs inputs);
  ~SecureAttempt();
  SecureAttempt(const SecureAttempt&) = delete;
  SecureAttempt& operator=(const SecureAttempt&) = delete;

  [[nodiscard]] RoundId round() const { return offer_.round; }
  [[nodiscard]] AttemptId attempt() const { return offer_.attempt; }
  [[nodiscard]] const secagg::Offer& offer() const { return offer_; }

  // Each checks a message and keeps the answer; what it gives goes into the event that the journal takes.
  [[nodiscard]] task::Leaving Advertise();
  struct RosterAnswer {
    task::Leaving answer;
    bool graph = false;  // it is the nonce of a neighbour graph
  };
  [[nodiscard]] secagg::Checked<RosterAnswer> OnRoster(std::span<const secagg::SignedBody> adverts);
  [[nodiscard]] secagg::Checked<task::Leaving> OnGraphSet(std::span<const secagg::SignedBody> nonces);
  [[nodiscard]] secagg::Verdict OnInbound(std::span<const secagg::InboundShares> shares);
  // Nothing once the attempt cannot be masked (any more).
  [[nodiscard]] std::optional<Masking> StartMasking();
  [[nodiscard]] secagg::Checked<task::Leaving> Seal(const secagg::UploadEnd& end);
  struct Survivors {
    round::NodeSet u3;
    Digest u3_hash;
    task::Leaving answer;
  };
  // Nothing: this node is not among them, and is silent from here on.
  [[nodiscard]] secagg::Checked<std::optional<Survivors>> OnSurvivors(
      const Digest& u2_hash, std::span<const secagg::SignedBody> ends);
  [[nodiscard]] secagg::Checked<task::Leaving> OnCertificate(
      const Digest& u3_hash, std::span<const secagg::NodeSignature> signatures);
  // p7. Long: for a worker.
  [[nodiscard]] secagg::Verdict OnResult(const secagg::ResultMessage& result);
  [[nodiscard]] secagg::Verdict OnResultCertificate(const rpc::ModelProof& proof);

  // The answers as they travel; nothing while there is none.
  [[nodiscard]] std::optional<rpc::FromNode> Answer(task::Answer answer) const;
  [[nodiscard]] std::optional<secagg::SignedBody> end() const;  // of the upload
  // What this node says of the verified sum and of the model that came out of it, as the journal keeps it.
  [[nodiscard]] Bytes Proof(const Digest& model_hash) const;

  // Why the member ended the attempt; nothing while it lives.
  [[nodiscard]] std::optional<secagg::Refusal> over() const;
  // Ends the attempt, and says so.
  [[nodiscard]] secagg::SignedBody Abort(const secagg::Refusal& refusal);
  // Of a message that is refused and ends nothing.
  [[nodiscard]] secagg::SignedBody SignRefusal(const secagg::Refusal& refusal) const;

 private:
  SecureAttempt(secagg::Offer offer, Inputs inputs, secagg::Member member);
  secagg::Refusal Note(const secagg::Refusal& refusal) ACCORD_REQUIRES(mutex_);

  const secagg::Offer offer_;
  const JobId job_;
  const NodeId node_;
  const std::shared_ptr<const crypto::Ed25519Key> key_;
  mutable Mutex mutex_;
  secagg::Member member_ ACCORD_GUARDED_BY(mutex_);
  std::optional<secagg::SignedBody> advert_ ACCORD_GUARDED_BY(mutex_);
  std::optional<secagg::SignedBody> nonce_ ACCORD_GUARDED_BY(mutex_);  // of the neighbour graph
  std::optional<secagg::SharesMessage> shares_ ACCORD_GUARDED_BY(mutex_);
  std::optional<secagg::SignedBody> end_ ACCORD_GUARDED_BY(mutex_);
  std::optional<secagg::SignedBody> set_ ACCORD_GUARDED_BY(mutex_);
  std::optional<secagg::SignedBody> unmask_ ACCORD_GUARDED_BY(mutex_);
  std::optional<secagg::SignedBody> result_ ACCORD_GUARDED_BY(mutex_);
  std::optional<secagg::Refusal> over_ ACCORD_GUARDED_BY(mutex_);
};

// Verified::Proof as it lies in the journal, and back. `store.corrupt`.
[[nodiscard]] Bytes EncodeProof(const rpc::Verified::Proof& proof);
[[nodiscard]] Result<rpc::Verified::Proof> DecodeProof(ByteView bytes);

}  // namespace accord::node
