// What a node and the coordinator say on the Session stream, in domain types: the mirror of
// proto/accord/v1/node.proto, whose comments are the contract. src/rpc/convert maps between the two; the
// shells see only these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "job/job.h"
#include "round/round.h"
#include "secagg/context.h"
#include "secagg/messages.h"

namespace accord::charter {
struct JobBundle;
struct RoundProof;
}  // namespace accord::charter

namespace accord::rpc {

// Updates and sums of at most this size travel inside a message; larger ones by calls of their own.
inline constexpr std::uint64_t kMaxInlineBytes = 64 << 10;
// Of a model, in one message.
inline constexpr std::size_t kModelPartBytes = 1U << 20;
// No message of a session is larger on the wire; a receiver ends the stream of a larger one.
inline constexpr std::size_t kMaxSessionMessageBytes = 32U << 20;

// ---- from a node
struct Hello {
  std::uint32_t protocol_oldest = 0;
  std::uint32_t protocol_newest = 0;
  std::string version;
  std::string description;
  std::vector<JobId> held;  // jobs whose end this node has not heard of
};
struct Progress {
  JobId job;
  RoundId round;
  std::uint64_t steps_done = 0;
  std::uint64_t steps_total = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_total = 0;
  bool waiting = false;  // for a training slot
};
struct Heartbeat {
  std::vector<Progress> progress;
};
// That the nodes of a committed masked round found its model right.
struct ModelProof {
  secagg::Offer offer;  // of the attempt that was committed
  Digest u3_hash;
  std::uint64_t words = 0;
  Digest z_root;
  std::vector<secagg::NodeSignature> result;  // the certificate of the sum (secagg.md 7.6, ResultCert)
  std::vector<secagg::NodeSignature> model;   // over update::ModelStatement of the model after the step
};
// Where a node stands in a job.
struct Standing {
  RoundId round;                    // the highest that it answered; 0: none
  AttemptId next_attempt;           // above every one that it answered in that round
  Digest model_hash;                // that the round starts from; zero: not known
  bool has_model = false;           // and its bytes are at hand
  Digest made;                      // the model after the round, which this node found right; zero: none yet
  bool has_made = false;            // and its bytes are at hand
  std::vector<NodeId> signed_set;   // strictly ascending: the survivor set signed in this round; empty: none
  std::optional<ModelProof> proof;  // masked jobs: of model_hash, as it was told
};
struct Prepared {
  JobId job;
  Digest registry;  // the registry that this node has pinned; zero: none, so unmasked jobs only
  std::optional<Standing> standing = {};  // if Prepare asked for it
};
// Bytes of a model, from `offset` on: the answer to SendModel.
struct ModelPart {
  JobId job;
  Digest model_hash;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;  // 0: this node has not got it (any more)
  Bytes data;               // to the end, or kModelPartBytes
};
struct Declined {
  JobId job;
  RoundId round;  // 0: the whole job
  Status error;
};
struct Trained {
  JobId job;
  RoundId round;
};
struct Advertised {  // p2
  JobId job;
  RoundId round;
  AttemptId attempt;
  secagg::SignedBody advert;
};
struct GraphNonce {  // p3 of a cohort with a neighbour graph, before the shares
  JobId job;
  RoundId round;
  AttemptId attempt;
  secagg::SignedBody nonce;
};
struct Shared {  // p3
  JobId job;
  RoundId round;
  AttemptId attempt;
  secagg::SharesMessage shares;
};
struct Update {  // p4: a whole update, when it is small (kMaxInlineBytes)
  JobId job;
  RoundId round;
  AttemptId attempt;
  Bytes words;  // little-endian u64
  Digest root;
  std::optional<secagg::SignedBody> end;  // masked rounds
};
struct Masked {  // p4 of a masked round, after PutUpdate
  JobId job;
  RoundId round;
  AttemptId attempt;
  secagg::SignedBody end;
};
struct SurvivorsSigned {  // p5
  JobId job;
  RoundId round;
  AttemptId attempt;
  secagg::SignedBody u3;
};
struct Unmasked {  // p6
  JobId job;
  RoundId round;
  AttemptId attempt;
  secagg::SignedBody unmask;
};
struct Verified {
  JobId job;
  RoundId round;
  AttemptId attempt;
  Digest model_hash;
  struct Proof {  // masked rounds
    secagg::SignedBody result;
    crypto::Ed25519Signature model;  // over update::ModelStatement
  };
  std::optional<Proof> proof;
};
struct Refused {
  JobId job;
  RoundId round;
  AttemptId attempt;
  Status error;
  std::optional<secagg::SignedBody> abort;  // masked rounds: signed, and names whom it concerns
};
struct RoundReceipt {  // before the update of an attempt, where members decide
  JobId job;
  RoundId round;
  AttemptId attempt;
  Bytes receipt;  // the JSON of a signed envelope (charter/receipt.h)
};
struct CheckpointAnswer {    // of a witness, as c2sp.org/tlog-witness has it over HTTP
  std::uint32_t status = 0;  // ledger::WitnessVerdict
  Bytes body;
};
using FromNode =
    std::variant<Hello, Heartbeat, Prepared, Declined, Trained, Verified, Refused, Update, Advertised, Shared,
                 Masked, SurvivorsSigned, Unmasked, GraphNonce, ModelPart, CheckpointAnswer, RoundReceipt>;

// ---- from the coordinator
struct Welcome {
  std::uint32_t protocol = 0;
  NodeId node;
  Millis heartbeat{0};
  TimePoint time;
};
struct Prepare {
  JobId job;
  Bytes plan;
  Bytes token;            // empty with a bundle
  bool standing = false;  // the coordinator catches up: say where you stand
  // The members' decision; null in a federation without a charter.
  std::shared_ptr<const charter::JobBundle> bundle = {};
};
struct SendModel {  // while it catches up: the bytes of a model that the node has, from `offset` on
  JobId job;
  Digest model_hash;
  std::uint64_t offset = 0;
};
// The certified sum of one group, of which a node makes the model for itself; `proof.model` is empty.
struct GroupSum {
  std::uint32_t group = 0;  // by the order of names
  ModelProof proof;
  Digest sum;  // the blob of its words
};
struct Train {
  struct Collect {  // as the message Collect of this round would have it
    AttemptId attempt;
    std::vector<NodeId> cohort;
    friend bool operator==(const Collect&, const Collect&) = default;
  };
  JobId job;
  RoundId round;
  round::Purpose purpose = round::Purpose::kTrain;
  Digest model_hash;
  TimePoint deadline;               // epoch: none
  std::optional<ModelProof> proof;  // masked jobs, from the second model on
  std::optional<Collect> collect;   // unmasked jobs, small updates
  std::vector<GroupSum> groups;     // with groups instead of it: what the model is made of, ascending
  // Where members decide, from the second round on: the one before is in the log.
  std::shared_ptr<const charter::RoundProof> logged = {};
};
struct Offer {  // p2: advertise keys for this attempt
  JobId job;
  secagg::Offer offer;  // its round and attempt are those of the message
  TimePoint deadline;
};
struct Roster {  // p3
  JobId job;
  RoundId round;
  AttemptId attempt;
  std::vector<secagg::SignedBody> adverts;
  TimePoint deadline;
};
struct GraphSet {  // p3 of a cohort with a neighbour graph: all nonces of the roster
  JobId job;
  RoundId round;
  AttemptId attempt;
  std::vector<secagg::SignedBody> nonces;
  TimePoint deadline;
};
struct Collect {
  JobId job;
  RoundId round;
  AttemptId attempt;
  std::vector<NodeId> cohort;  // strictly ascending
  TimePoint deadline;
  std::vector<secagg::InboundShares> shares;  // masked rounds: of U2, for the reader; else empty
};
struct Survivors {  // p5
  JobId job;
  RoundId round;
  AttemptId attempt;
  Digest u2_hash;
  std::vector<secagg::SignedBody> ends;
};
struct Certificate {  // p6, malicious mode
  JobId job;
  RoundId round;
  AttemptId attempt;
  Digest u3_hash;
  std::vector<secagg::NodeSignature> signatures;
};
struct Commit {
  JobId job;
  RoundId round;
  AttemptId attempt;
  std::vector<NodeId> cohort;     // strictly ascending
  std::vector<NodeId> survivors;  // strictly ascending
  std::uint64_t words = 0;
  Digest sum_hash;
  Bytes sum;  // empty: fetch it by hash
  Digest model_hash;
  struct Opened {  // masked rounds
    Digest u3_hash;
    Digest z_root;
    std::vector<std::uint64_t> tau;
  };
  std::optional<Opened> opened;
};
struct Ended {
  JobId job;
  job::Phase state = job::Phase::kFinished;
  Digest model_hash;  // zero: none
  Status reason;
};
struct Drain {};
struct AddCheckpoint {          // to a witness
  Bytes body;                   // ledger::AddCheckpoint::Format
  std::vector<Bytes> charters;  // entries of the log: all versions of the charter, the first one first
};
using ToNode = std::variant<Welcome, Prepare, Train, Collect, Commit, Ended, Drain, Offer, Roster, Survivors,
                            Certificate, GraphSet, SendModel, AddCheckpoint>;

}  // namespace accord::rpc
