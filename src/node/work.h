// The work of a node in one round, for worker threads: train, encode, send, check. Each is a function of its
// inputs; none touches the task machine. Failures are named; data values are in none of them.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/trainer.h"
#include "charter/group_draw.h"
#include "charter/receipt.h"
#include "crypto/merkle.h"
#include "node/energy_meter.h"
#include "rpc/bulk.h"
#include "rpc/messages.h"
#include "secagg/mask.h"
#include "secagg/poly_mac.h"
#include "store/blobs.h"
#include "store/spool.h"
#include "task/task.h"
#include "update/global_state.h"

namespace accord::node {

// A model with what the outer rule keeps beside it: the flat buffer of a global state.
using Weights = std::shared_ptr<const std::vector<float>>;

// The plan of a job at this node, fixed once it was taken.
struct JobFacts {
  JobId id;
  std::shared_ptr<const JobSpec> spec;
  std::shared_ptr<const ModelLayout> layout;  // of the global state (update/global_state.h)
  NodeId node;
  std::shared_ptr<const charter::GroupDraw> draw = {};  // where groups are dealt anew each round

  [[nodiscard]] std::uint64_t parameters() const { return update::ParametersOf(*layout); }
  [[nodiscard]] update::RoundBase RoundOf(RoundId round) const { return {*spec, *layout, round}; }
};

// Telemetry of the work under way; read by heartbeats.
struct WorkProgress {
  std::atomic<std::uint64_t> round{0}, steps_done{0}, steps_total{0}, bytes_sent{0}, bytes_total{0};
  std::atomic<bool> waiting{false};  // for a training slot
};

// The model with this hash: the plan's initial weights in round 1 (computed here: another hash is
// `model.mismatch`), else fetched from the coordinator: `net.unreachable` without a client. Fetched is also
// what the plan begins from where it names weights, and held to that name: else `model.mismatch`.
[[nodiscard]] Result<Weights> FindModel(const JobFacts& facts, const task::Assignment& round,
                                        rpc::Bulk* client, std::stop_token stop);

// The words of a sum by the hash of their blob; there must be `words` of them.
[[nodiscard]] Result<std::vector<std::uint64_t>> FetchSum(rpc::Bulk* client, const Digest& hash,
                                                          std::uint64_t words, std::stop_token stop);

// The delta of a training as it lies in its file, an f32 a parameter of what the round exchanges
// (update/exchange.h), and with update.clip_rms one more: the RMS that the clip of the round follows from.
// With inner.round_time the values are normalised, and the last of all is the share of the round's steps that
// they were divided by (strategy/dynamic_steps.h). Null once it was let go, in an evaluation, and after a
// restart.
struct KeptDelta {
  Digest file;
  std::shared_ptr<const std::vector<float>> values;
};

// f32 values of the file of a delta of `round`.
[[nodiscard]] std::uint64_t DeltaSize(const JobFacts& facts, RoundId round);
// What the encoding of a delta of `round` needs to know of the model that it was trained from: out of its
// file.
[[nodiscard]] Result<update::BaseModel> BaseOfDelta(const JobFacts& facts, RoundId round,
                                                    const store::Blobs& deltas, const Digest& file);

// p1: evaluates the model received, trains from it, stores the delta in `deltas`.
struct TrainTask {
  JobFacts facts;
  task::Assignment round;
  Weights weights;
  Trainer* trainer = nullptr;
  store::Blobs* deltas = nullptr;
  std::filesystem::path checkpoint;
  std::filesystem::path state;  // what the trainer keeps from round to round
  std::shared_ptr<WorkProgress> progress;
  std::stop_token stop;
  std::optional<std::chrono::nanoseconds> step_time = {};  // as node/pace.h has it given
  EnergyMeter* energy = nullptr;                           // read now and then on the way
};
// With `kept`, the values that it stored are left there, too.
[[nodiscard]] Result<task::Delta> TrainRound(const TrainTask& task, KeptDelta* kept = nullptr);

// What hides an upload: taken on the strand, used by one worker, dropped with the attempt.
struct Masking {
  secagg::MaskSet masks;
  std::optional<secagg::PolyMac> tagger;  // none: a sum without a check
};

// p4: the update of one attempt, encoded (and masked) and spooled, with the root over its chunks.
struct EncodedUpdate {
  std::uint64_t words = 0;
  Digest root;
  std::shared_ptr<store::Spool> spool;
  std::shared_ptr<const secagg::SecretPair> tag;  // of the plain words; none without a tagger
};
struct EncodeTask {
  JobFacts facts;
  task::Assignment round;
  task::Delta delta;
  std::uint32_t cohort = 0;
  store::Blobs* deltas = nullptr;
  // What `delta.file` names, if at hand; else it is read from `deltas` and checked.
  std::shared_ptr<const std::vector<float>> values = {};
  store::SpoolPool* spools = nullptr;
  std::optional<Masking> masking;
  std::stop_token stop;
  // Takes in what leaves, where members decide; else null.
  std::shared_ptr<charter::UpdateCommitment> commitment = {};
};
// `net.cancelled` when stopped.
[[nodiscard]] Result<EncodedUpdate> EncodeUpdate(EncodeTask task);

// p4: sends it, going on where the coordinator stands, until it is taken, refused for good (`upload.closed`,
// `upload.cohort`, `upload.conflict`) or stopped.
struct SendTask {
  rpc::UploadKey key;
  EncodedUpdate update;
  std::shared_ptr<rpc::Bulk> client;
  std::shared_ptr<WorkProgress> progress;
  std::stop_token stop;
};
[[nodiscard]] Status SendUpdate(const SendTask& task);

// p7: what a masked attempt has to say of the opened sum, before it is stepped from.
using CheckOpened = std::function<Status(std::span<const std::uint64_t> words)>;
// p7: the sum, checked and stepped from; `weights` is the model that the round started from.
struct CheckTask {
  JobFacts facts;
  task::Assignment round;
  task::Offer offer;
  Bytes sum;  // as it came inline; empty: fetch it
  Weights weights;
  std::shared_ptr<rpc::Bulk> client;
  std::stop_token stop;
  CheckOpened opened;  // masked rounds
};
struct CheckedModel {
  Weights weights;
  Digest model_hash;
};
[[nodiscard]] Result<CheckedModel> CheckSum(const CheckTask& task);

}  // namespace accord::node
