#include "coordinator/aggregate.h"

#include <algorithm>
#include <future>
#include <thread>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "model/safetensors.h"
#include "rpc/messages.h"
#include "secagg/chunk_root.h"
#include "secagg/sum.h"
#include "secagg/unmask.h"
#include "update/groups.h"
#include "update/next_model.h"

namespace accord::coordinator {
namespace {

constexpr std::size_t kTileBytes = 128 * 1024;  // stays in the second cache
constexpr std::size_t kTileWords = kTileBytes / sizeof(std::uint64_t);
constexpr std::size_t kTileWeights = kTileBytes / sizeof(float);

// The sum of the uploads in `words`, in masked rounds without its masks.
Status Add(const AggregateTask& task, std::span<std::uint64_t> words) {
  const auto add = [&](std::size_t index, std::uint64_t first, std::span<std::uint64_t> tile) -> Status {
    ACCORD_ASSIGN_OR_RETURN(const ByteView bytes, task.uploads[index]->Tile(first * 8, tile.size() * 8));
    secagg::AddBytes(tile, 0, bytes);
    return {};
  };
  const auto masks = task.masked ? task.masked->masks.DataKeys() : std::vector<secagg::SignedKey>();
  return secagg::UnmaskSum({.uploads = task.uploads.size(),
                            .add = add,
                            .masks = masks,
                            .threads = std::max(1U, std::thread::hardware_concurrency())},
                           words);
}

struct StoredSum {
  Digest hash;
  std::optional<Digest> z_root;  // masked rounds
};

// The words as a blob, with its hashes.
Result<StoredSum> StoreSum(const AggregateTask& task, std::span<const std::uint64_t> words) {
  ACCORD_ASSIGN_OR_RETURN(const auto writer, task.blobs->NewWriter(store::Durability::kRecomputable));
  std::optional<secagg::ChunkRoot> root;
  if (task.masked) root.emplace(task.masked->chunk_words);
  Bytes bytes(std::min(kTileBytes, words.size_bytes()));
  while (!words.empty()) {
    const auto tile = words.first(std::min(kTileWords, words.size()));
    const auto out = std::span(bytes).first(tile.size_bytes());
    secagg::StoreWords(tile, out);
    ACCORD_RETURN_IF_ERROR(writer->Append(out));
    if (root) root->Update(out);
    words = words.subspan(tile.size());
  }
  StoredSum stored;
  ACCORD_ASSIGN_OR_RETURN(stored.hash, writer->Commit(std::nullopt));
  if (root) stored.z_root = root->Finish();
  return stored;
}

// A model's blob, read once from its beginning to its end and compared with its hash on the way.
class ModelReader {
 public:
  static Result<ModelReader> Open(const store::Blobs& blobs, const ModelLayout& layout, const Digest& hash) {
    ModelReader reader;
    ACCORD_ASSIGN_OR_RETURN(reader.blob_, blobs.Open(hash));
    reader.wanted_ = hash;
    const Bytes prefix = model::SafetensorsPrefix(layout);
    Bytes found(prefix.size());
    ACCORD_RETURN_IF_ERROR(reader.Next(found));
    if (found != prefix || reader.blob_->size() != model::SafetensorsSize(layout)) return reader.Corrupt();
    return reader;
  }

  Status Next(std::span<std::uint8_t> out) {
    ACCORD_ASSIGN_OR_RETURN(const std::size_t got, blob_->Read(at_, out));
    if (got != out.size()) return Corrupt();
    sha_.Update(out);
    at_ += got;
    return {};
  }

  Status Finish() { return sha_.Finish() == wanted_ ? Status() : Corrupt(); }

 private:
  [[nodiscard]] Status Corrupt() const {
    return Fail(errors::kStoreCorrupt, "the model " + wanted_.Hex() + " is damaged");
  }

  std::shared_ptr<const store::Blob> blob_;
  Digest wanted_;
  crypto::Sha256 sha_;
  std::uint64_t at_ = 0;
};

std::span<std::uint8_t> BytesOf(std::span<float> floats) {
  return {reinterpret_cast<std::uint8_t*>(floats.data()), floats.size_bytes()};
}

// A model without state, all of which changes: by tiles.
Status StepTiles(const ModelLayout& layout, ModelReader& before, update::OuterStep& step,
                 store::BlobWriter& after) {
  std::vector<float> weights(std::min<std::uint64_t>(kTileWeights, layout.size));
  for (std::uint64_t first = 0; first < layout.size; first += kTileWeights) {
    const auto tile = std::span(weights).first(std::min<std::uint64_t>(kTileWeights, layout.size - first));
    ACCORD_RETURN_IF_ERROR(before.Next(BytesOf(tile)));
    step.Apply(first, tile);
    ACCORD_RETURN_IF_ERROR(after.Append(model::WeightBytes(tile)));
  }
  return before.Finish();
}

// A model and its state, which lies behind it in the file.
Status StepWhole(const JobSpec& spec, const ModelLayout& layout, ModelReader& before, update::OuterStep& step,
                 store::BlobWriter& after) {
  std::vector<float> global(layout.size);
  ACCORD_RETURN_IF_ERROR(before.Next(BytesOf(global)));
  ACCORD_RETURN_IF_ERROR(before.Finish());
  ACCORD_ASSIGN_OR_RETURN(const update::GlobalParts parts, update::Split(spec, global));
  step.ApplyAll(parts);
  return after.Append(model::WeightBytes(global));
}

// The global state after the step, of the one before it.
template <class Task>
Result<Digest> StepModel(const Task& task, update::OuterStep& step) {
  const ModelLayout& layout = *task.layout;
  ACCORD_ASSIGN_OR_RETURN(ModelReader before, ModelReader::Open(*task.blobs, layout, task.model_hash));
  ACCORD_ASSIGN_OR_RETURN(const auto after, task.blobs->NewWriter(store::Durability::kRecomputable));
  ACCORD_RETURN_IF_ERROR(after->Append(model::SafetensorsPrefix(layout)));
  const bool plain = update::ParametersOf(layout) == layout.size && task.spec->streaming.fragments == 1;
  ACCORD_RETURN_IF_ERROR(plain ? StepTiles(layout, before, step, *after)
                               : StepWhole(*task.spec, layout, before, step, *after));
  return after->Commit(std::nullopt);
}

// A sum as StoreSum left it.
Result<std::vector<std::uint64_t>> ReadSum(const store::Blobs& blobs, const CombineTask::Part& part) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, blobs.Get(part.sum, part.words * sizeof(std::uint64_t)));
  std::vector<std::uint64_t> words(part.words);
  if (bytes.size() != words.size() * sizeof(std::uint64_t)) {
    return Fail(errors::kStoreCorrupt, "the sum " + part.sum.Hex() + " is damaged");
  }
  secagg::AddBytes(words, 0, bytes);
  return words;
}

}  // namespace

Result<update::BaseModel> BaseOf(const store::Blobs& blobs, const update::RoundBase& round,
                                 const Digest& model, Made made) {
  if (!update::HasRms(round.global)) return round.Unclipped();
  ACCORD_ASSIGN_OR_RETURN(const auto blob, blobs.Open(model));
  std::vector<float> tail(update::RmsElements(round.global));
  const std::span<std::uint8_t> bytes = BytesOf(tail);
  const std::uint64_t size = model::SafetensorsSize(round.global);
  ACCORD_ASSIGN_OR_RETURN(const std::size_t got, blob->Read(size - bytes.size(), bytes));
  if (got != bytes.size() || blob->size() != size)
    return Fail(errors::kStoreCorrupt, "the model " + model.Hex() + " is damaged");
  return made == Made::kBy ? round.After(tail) : round.Before(tail);
}

Result<CombinedSums> CombineGroups(const CombineTask& task) {
  std::vector<std::vector<std::uint64_t>> words(task.parts.size());
  std::vector<update::GroupSum> sums;
  for (std::size_t i = 0; i < task.parts.size(); ++i) {
    const CombineTask::Part& part = task.parts[i];
    ACCORD_ASSIGN_OR_RETURN(words[i], ReadSum(*task.blobs, part));
    sums.push_back({part.group, {task.purpose, task.round, part.cohort, part.survivors, words[i]}});
  }
  ACCORD_ASSIGN_OR_RETURN(
      const update::BaseModel base,
      BaseOf(*task.blobs, {*task.spec, *task.layout, task.round}, task.model_hash, Made::kBefore));
  ACCORD_ASSIGN_OR_RETURN(update::GroupStep made, update::OpenGroups(*task.spec, sums, base));
  CombinedSums done{.model_hash = task.model_hash, .metrics = {}, .left_out = std::move(made.left_out)};
  if (task.purpose == round::Purpose::kTrain) {
    ACCORD_ASSIGN_OR_RETURN(done.model_hash, StepModel(task, made.step));
    ACCORD_RETURN_IF_ERROR(task.blobs->MakeDurable(done.model_hash));
  }
  done.metrics = made.step.Metrics();
  return done;
}

Result<Digest> StoreInitialModel(store::Blobs& blobs, const ModelLayout& layout,
                                 std::span<const float> weights) {
  ACCORD_ASSIGN_OR_RETURN(const auto writer, blobs.NewWriter(store::Durability::kDurable));
  ACCORD_RETURN_IF_ERROR(writer->Append(model::SafetensorsPrefix(layout)));
  ACCORD_RETURN_IF_ERROR(writer->Append(model::WeightBytes(weights)));
  return writer->Commit(std::nullopt);
}

Result<Aggregated> Aggregate(const AggregateTask& task) {
  std::vector<std::uint64_t> words(task.words);
  ACCORD_RETURN_IF_ERROR(Add(task, words));
  ACCORD_ASSIGN_OR_RETURN(
      const update::BaseModel base,
      BaseOf(*task.blobs, {*task.spec, *task.layout, task.round}, task.model_hash, Made::kBefore));
  ACCORD_ASSIGN_OR_RETURN(
      update::OuterStep step,
      update::OuterStep::Open(*task.spec,
                              {.purpose = task.purpose,
                               .round = task.round,
                               .cohort = task.cohort,
                               .survivors = static_cast<std::uint32_t>(task.uploads.size()),
                               .words = words},
                              base));
  auto storing = std::async([&] { return StoreSum(task, words); });  // beside the step
  const Result<Digest> model = Steps(task) ? StepModel(task, step) : Result<Digest>(task.model_hash);
  ACCORD_ASSIGN_OR_RETURN(const StoredSum sum, storing.get());
  if (!model.ok()) return model.status();
  Aggregated done{.outcome = {.sum = sum.hash,
                              .words = task.words,
                              .model_hash = *model,
                              .metrics = step.Metrics(),
                              .opened = {}},
                  .sum = {}};
  if (sum.z_root) {
    const std::vector<secagg::SignedKey> tags = task.masked->masks.TagKeys();
    done.outcome.opened = round::Outcome::Opened{.u3_hash = task.masked->survivors.hash,
                                                 .z_root = *sum.z_root,
                                                 .tau = secagg::UnmaskTags(task.masked->survivors, tags)};
  }
  if (words.size() * 8 <= rpc::kMaxInlineBytes) {
    done.sum.resize(words.size() * 8);
    secagg::StoreWords(words, done.sum);
  }
  return done;
}

}  // namespace accord::coordinator
