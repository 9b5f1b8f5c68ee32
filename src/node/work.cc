#include "node/work.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <limits>
#include <mutex>

#include "base/codec.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/sha256.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "secagg/encode.h"
#include "secagg/secret_words.h"
#include "secagg/sum.h"
#include "secagg/weight.h"
#include "strategy/dynamic_steps.h"
#include "update/exchange.h"
#include "update/headers.h"
#include "update/next_model.h"
#include "update/rotation.h"

namespace accord::node {
namespace {

static_assert(std::endian::native == std::endian::little,
              "words and floats go to disk and wire as they lie in memory");

constexpr Millis kBulkTimeout = std::chrono::seconds(60);  // between two signs of progress

// Waits longer each time, or until stopped: the coordinator may be away for a while.
class Backoff {
 public:
  explicit Backoff(std::stop_token stop) : stop_(std::move(stop)) {}

  void Pause() {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop_, next_, [] { return false; });
    next_ = std::min<Millis>(next_ * 2, std::chrono::seconds(15));
  }

 private:
  const std::stop_token stop_;
  Millis next_{100};
};

// A whole blob, which must have out.size() bytes; resumed until it is there, refused or stopped.
Status Fetch(rpc::Bulk& client, const Digest& hash, std::span<std::uint8_t> out, std::stop_token stop) {
  std::uint64_t size = 0;
  const rpc::BlobSink sink = [&](std::uint64_t offset, std::uint64_t total, ByteView bytes) -> Status {
    if (total != out.size() || offset != size || bytes.size() > out.size() - size) {
      return Fail(errors::kBlobChecksum, "blob " + hash.Hex() + " has " + std::to_string(total) + " bytes, " +
                                             std::to_string(out.size()) + " were awaited");
    }
    if (!bytes.empty()) std::memcpy(out.data() + size, bytes.data(), bytes.size());
    size += bytes.size();
    return {};
  };
  for (Backoff backoff(stop);; backoff.Pause()) {
    const bool whole = size == 0;  // then the client compares the hash
    const Status got = client.GetBlob(hash, size, sink, {.stop = stop, .timeout = kBulkTimeout});
    if (got.ok() && whole) return {};
    if (got.ok()) break;
    const bool transient = got.code() == Code::kUnavailable || got.code() == Code::kTimeout;
    if (!transient || stop.stop_requested()) return got;
    LogWarn("fetch.interrupted", {{"blob", hash.Hex()}, {"why", Describe(got)}});
  }
  if (crypto::Sha256::Of(out) != hash)
    return Fail(errors::kBlobChecksum, "blob " + hash.Hex() + " came with other bytes");
  return {};
}

std::span<const float> AsFloats(ByteView bytes) {
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

bool RefusedForGood(const Status& status) {
  return status.error() == errors::kUploadClosed.id || status.error() == errors::kUploadCohort.id ||
         status.error() == errors::kUploadConflict.id || status.error() == errors::kUploadLength.id ||
         status.error() == errors::kJobNotFound.id || status.error() == errors::kNetCancelled.id;
}

}  // namespace

// ---------------------------------------------------------------- p1

Result<Weights> FindModel(const JobFacts& facts, const task::Assignment& round, rpc::Bulk* client,
                          std::stop_token stop) {
  auto weights = std::make_shared<std::vector<float>>(facts.layout->size);
  const bool first = round.round == RoundId{1};
  if (first && facts.spec->model.start.empty()) {
    model::InitialWeights(*facts.layout, facts.spec->seed, *weights);
    if (model::ModelHash(*facts.layout, *weights) == round.model_hash) return Weights(std::move(weights));
    return Fail(errors::kModelMismatch, "the initial model of the coordinator is not the plan's");
  }
  if (client == nullptr) return Fail(errors::kNetUnreachable, "not connected");
  Bytes file(model::SafetensorsSize(*facts.layout));
  ACCORD_RETURN_IF_ERROR(Fetch(*client, round.model_hash, file, stop));
  ACCORD_ASSIGN_OR_RETURN(*weights, model::ReadSafetensors(file, *facts.layout));
  if (!first) return Weights(std::move(weights));
  const Status named = update::CheckFirstState(*facts.spec, *facts.layout, *weights);
  if (named.ok()) return Weights(std::move(weights));
  return Fail(errors::kModelMismatch,
              "the initial model of the coordinator is not the plan's: " + named.message());
}

Result<std::vector<std::uint64_t>> FetchSum(rpc::Bulk* client, const Digest& hash, std::uint64_t words,
                                            std::stop_token stop) {
  if (client == nullptr) return Fail(errors::kNetUnreachable, "not connected");
  std::vector<std::uint64_t> sum(words);
  const std::span out(reinterpret_cast<std::uint8_t*>(sum.data()), sum.size() * sizeof(std::uint64_t));
  ACCORD_RETURN_IF_ERROR(Fetch(*client, hash, out, std::move(stop)));
  return sum;
}

std::uint64_t DeltaSize(const JobFacts& facts, RoundId round) {
  return facts.RoundOf(round).Unclipped().parameters + (update::HasRms(*facts.layout) ? 1 : 0) +
         (strategy::HasDynamicSteps(*facts.spec) ? 1 : 0);
}

Result<update::BaseModel> BaseOfDelta(const JobFacts& facts, RoundId round, const store::Blobs& deltas,
                                      const Digest& file) {
  update::BaseModel base = facts.RoundOf(round).Unclipped();
  if (!update::HasRms(*facts.layout) || file.IsZero()) return base;
  ACCORD_ASSIGN_OR_RETURN(const auto blob, deltas.Open(file));
  const std::span out(reinterpret_cast<std::uint8_t*>(&base.rms), sizeof base.rms);
  ACCORD_ASSIGN_OR_RETURN(const std::size_t got, blob->Read(base.parameters * sizeof(float), out));
  if (got != out.size()) return Fail(errors::kStoreCorrupt, "the delta " + file.Hex() + " is too short");
  return base;
}

// ---------------------------------------------------------------- p4

namespace {

// What a worker holds at a time while it encodes, tags and masks: it stays in the second cache.
constexpr std::uint64_t kTileWords = 4096;

// The header values of the update, and the warnings that go with them.
Result<std::vector<std::uint64_t>> HeadersOf(const EncodeTask& task, const secagg::Encoding& encoding,
                                             std::uint64_t clipped, double steps) {
  const JobSpec& spec = *task.facts.spec;
  const secagg::Weight weight =
      secagg::WeightOf(spec.update.weights, task.delta.examples, spec.update.max_examples);
  if (weight.cut)
    LogWarn("update.weight_cut",
            {{"job", spec.name}, {"max_examples", std::to_string(spec.update.max_examples)}});
  if (clipped > 0) {
    LogWarn("update.clipped", {{"job", spec.name},
                               {"round", std::to_string(task.round.round.value)},
                               {"coordinates", std::to_string(clipped)},
                               {"of", std::to_string(encoding.coordinates)}});
  }
  const update::Evaluation evaluation{task.delta.eval_examples, task.delta.eval_loss_sum,
                                      task.delta.eval_correct, task.delta.eval_bytes};
  return update::HeaderValues(
      spec, weight, evaluation,
      task.round.purpose == round::Purpose::kTrain ? std::optional(clipped) : std::nullopt, steps);
}

// Words [first, first + chunk.size()): plain, tagged, then masked, a tile at a time.
void FillChunk(secagg::Encoder& encoder, std::optional<Masking>& masking, std::uint64_t first,
               std::span<std::uint64_t> chunk) {
  for (std::uint64_t done = 0; done < chunk.size(); done += kTileWords) {
    const auto tile = chunk.subspan(done, std::min<std::uint64_t>(kTileWords, chunk.size() - done));
    encoder.Encode(first + done, tile);
    if (!masking) continue;
    if (masking->tagger) masking->tagger->Add(first + done, tile);
    masking->masks.Apply(first + done, tile);
  }
}

}  // namespace

namespace {

// A delta as it is encoded.
struct Coordinates {
  update::BaseModel base;
  std::span<const float> values;  // of one of those below
  double steps = 1.0;             // what they were divided by
  std::shared_ptr<const std::vector<float>> kept = {};
  Bytes file = {};
  std::vector<float> rotated = {};
};

Result<Coordinates> CoordinatesOf(const EncodeTask& task) {
  static constexpr std::array kNothing = {0.0F};  // an evaluation sends one zero coordinate
  const RoundId round = task.round.round;
  Coordinates out{.base = task.facts.RoundOf(round).Unclipped(), .values = kNothing};
  if (task.round.purpose == round::Purpose::kEvaluate) return out;
  if (task.values) {
    out.kept = task.values;
    out.values = *out.kept;
  } else {
    auto delta = task.deltas->Get(task.delta.file, DeltaSize(task.facts, round) * sizeof(float));
    if (!delta.ok()) return Fail(errors::kTaskNoDelta, Describe(delta.status()));
    out.file = *std::move(delta);
    out.values = AsFloats(out.file);
  }
  if (out.values.size() != DeltaSize(task.facts, round)) {
    return Fail(errors::kTaskNoDelta, "a delta of " + std::to_string(out.values.size()) + " values");
  }
  if (update::HasRms(*task.facts.layout)) out.base.rms = out.values[out.base.parameters];
  if (strategy::HasDynamicSteps(*task.facts.spec)) out.steps = static_cast<double>(out.values.back());
  out.values = out.values.first(out.base.parameters);
  if (task.facts.spec->update.transform == Transform::kHadamard) {
    out.rotated = update::Rotation(task.facts.spec->seed, round).Rotated(out.values);
    out.values = out.rotated;
  }
  return out;
}

}  // namespace

Result<EncodedUpdate> EncodeUpdate(EncodeTask task) {
  const JobSpec& spec = *task.facts.spec;
  ACCORD_ASSIGN_OR_RETURN(const Coordinates coordinates, CoordinatesOf(task));
  ACCORD_ASSIGN_OR_RETURN(const secagg::Encoding encoding,
                          update::EncodingFor(spec, task.round.purpose, coordinates.base, task.cohort));
  ACCORD_ASSIGN_OR_RETURN(const secagg::CheckedDelta checked,
                          secagg::CheckDelta(encoding, coordinates.values));
  ACCORD_ASSIGN_OR_RETURN(std::vector<std::uint64_t> headers,
                          HeadersOf(task, encoding, checked.clipped, coordinates.steps));
  const crypto::ZeroizingBytes key =
      secagg::NoiseKey(ByteView(secagg::RoundingSeed(spec.seed, task.round.round, task.facts.node).bytes));
  ACCORD_ASSIGN_OR_RETURN(secagg::Encoder encoder,
                          secagg::Encoder::Create(encoding, checked, std::move(headers), key.view()));

  EncodedUpdate update{.words = encoding.Words(), .root = {}, .spool = {}, .tag = {}};
  ACCORD_ASSIGN_OR_RETURN(update.spool, task.spools->Take(update.words * 8));
  crypto::MerkleTree tree;
  secagg::SecretWords words(std::min(rpc::kChunkWords, update.words));
  for (std::uint64_t first = 0; first < update.words; first += rpc::kChunkWords) {
    if (task.stop.stop_requested()) return Fail(errors::kNetCancelled, "the attempt has ended");
    const auto chunk = words.words().first(std::min(rpc::kChunkWords, update.words - first));
    FillChunk(encoder, task.masking, first, chunk);
    const ByteView bytes(reinterpret_cast<const std::uint8_t*>(chunk.data()), chunk.size_bytes());
    ACCORD_RETURN_IF_ERROR(update.spool->Append(bytes));
    tree.Add(bytes);
    if (task.commitment) task.commitment->Update(bytes);
  }
  update.root = tree.Root();
  if (task.masking && task.masking->tagger) {
    update.tag = std::make_shared<const secagg::SecretPair>(task.masking->tagger->Value());
  }
  return update;
}

Status SendUpdate(const SendTask& task) {
  task.progress->bytes_total = task.update.words * 8;
  std::uint64_t first_seq = 0;
  for (Backoff backoff(task.stop);;) {
    const rpc::Upload upload{.key = task.key,
                             .words = task.update.words,
                             .first_seq = first_seq,
                             .fill = [&](std::uint64_t seq, std::span<std::uint8_t> out) -> Status {
                               ACCORD_ASSIGN_OR_RETURN(
                                   const ByteView tile,
                                   task.update.spool->Tile(seq * rpc::kChunkBytes, out.size()));
                               std::memcpy(out.data(), tile.data(), tile.size());
                               return {};
                             },
                             .root = [&] { return Result<Digest>(task.update.root); },
                             .progress = [&](std::uint64_t bytes) { task.progress->bytes_sent = bytes; }};
    const Status sent = task.client->PutUpdate(upload, {.stop = task.stop, .timeout = kBulkTimeout});
    if (sent.ok() || RefusedForGood(sent) || task.stop.stop_requested()) return sent;
    LogWarn("upload.interrupted", {{"round", std::to_string(task.key.round.value)}, {"why", Describe(sent)}});
    backoff.Pause();
    const auto state = task.client->GetUpload(task.key, {.stop = task.stop});
    if (!state.ok() && RefusedForGood(state.status())) return state.status();
    first_seq = state.ok() ? state->next_seq : 0;
  }
}

// ---------------------------------------------------------------- p7

namespace {

// The sum that was announced, and no other.
Result<std::vector<std::uint64_t>> SumWords(const CheckTask& task) {
  ACCORD_ASSIGN_OR_RETURN(const secagg::Encoding encoding,
                          update::EncodingFor(*task.facts.spec, task.round.purpose,
                                              task.facts.RoundOf(task.round.round).Unclipped(),
                                              static_cast<std::uint32_t>(task.offer.cohort.size())));
  if (task.offer.words != encoding.Words()) {
    return Fail(errors::kSecaggWrongLength, "a sum of " + std::to_string(task.offer.words) + " words, not " +
                                                std::to_string(encoding.Words()));
  }
  if (task.sum.empty()) return FetchSum(task.client.get(), task.offer.sum, task.offer.words, task.stop);
  std::vector<std::uint64_t> words(task.offer.words);
  const std::span out(reinterpret_cast<std::uint8_t*>(words.data()), words.size() * sizeof(std::uint64_t));
  if (task.sum.size() != out.size() || crypto::Sha256::Of(task.sum) != task.offer.sum) {
    return Fail(errors::kBlobChecksum, "the sum is not the one that was announced");
  }
  std::ranges::copy(task.sum, out.begin());
  return words;
}

}  // namespace

Result<CheckedModel> CheckSum(const CheckTask& task) {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> words, SumWords(task));
  if (task.opened) ACCORD_RETURN_IF_ERROR(task.opened(words));
  const update::Sum sum{.purpose = task.round.purpose,
                        .round = task.round.round,
                        .cohort = static_cast<std::uint32_t>(task.offer.cohort.size()),
                        .survivors = static_cast<std::uint32_t>(task.offer.survivors.size()),
                        .words = words};
  const JobSpec& spec = *task.facts.spec;
  if (task.round.purpose == round::Purpose::kEvaluate || !spec.groups.nodes.empty()) {
    // No step: of one group's sum none is made.
    const update::BaseModel base = task.facts.RoundOf(task.round.round).Before(*task.weights);
    ACCORD_RETURN_IF_ERROR(update::OuterStep::Open(spec, sum, base).status());
    return CheckedModel{task.weights, task.round.model_hash};
  }
  auto weights = std::make_shared<std::vector<float>>(*task.weights);
  ACCORD_RETURN_IF_ERROR(update::NextModel(spec, sum, *weights).status());
  const Digest hash = model::ModelHash(*task.facts.layout, *weights);
  return CheckedModel{std::move(weights), hash};
}

}  // namespace accord::node
