#include "coordinator/aggregate.h"

#include <algorithm>
#include <thread>

#include "crypto/sha256.h"
#include "model/safetensors.h"
#include "rpc/messages.h"
#include "secagg/chunk_root.h"
#include "secagg/sum.h"
#include "secagg/unmask.h"
#include "update/next_model.h"

namespace accord::coordinator {
namespace {

constexpr std::size_t kTileBytes = 256 * 1024;

Status AddSpool(store::Spool& spool, std::span<std::uint64_t> words) {
  for (std::uint64_t offset = 0; offset < spool.size(); offset += kTileBytes) {
    const std::size_t size = std::min<std::uint64_t>(kTileBytes, spool.size() - offset);
    ACCORD_ASSIGN_OR_RETURN(const ByteView tile, spool.Tile(offset, size));
    secagg::AddBytes(words, offset, tile);
  }
  return {};
}

// The sum of the uploads in `words`, without masks; in masked rounds with what proves it.
Result<std::optional<round::Outcome::Opened>> Sum(const AggregateTask& task, std::span<std::uint64_t> words) {
  if (!task.masked) {
    for (const auto& spool : task.uploads) ACCORD_RETURN_IF_ERROR(AddSpool(*spool, words));
    return std::optional<round::Outcome::Opened>();
  }
  const auto add = [&](std::size_t index, std::uint64_t first, std::span<std::uint64_t> tile) -> Status {
    ACCORD_ASSIGN_OR_RETURN(const ByteView bytes, task.uploads[index]->Tile(first * 8, tile.size() * 8));
    secagg::AddBytes(tile, 0, bytes);
    return {};
  };
  const std::vector<secagg::SignedKey> data = task.masked->masks.DataKeys();
  ACCORD_RETURN_IF_ERROR(secagg::UnmaskSum({.uploads = task.uploads.size(),
                                            .add = add,
                                            .masks = data,
                                            .threads = std::max(1U, std::thread::hardware_concurrency())},
                                           words));
  const std::vector<secagg::SignedKey> tags = task.masked->masks.TagKeys();
  return std::optional(round::Outcome::Opened{.u3_hash = task.masked->survivors.hash,
                                              .z_root = secagg::RootOf(words, task.masked->chunk_words),
                                              .tau = secagg::UnmaskTags(task.masked->survivors, tags)});
}

}  // namespace

Result<Digest> StoreModel(store::Blobs& blobs, const ModelLayout& layout, std::span<const float> weights,
                          store::Durability durability) {
  ACCORD_ASSIGN_OR_RETURN(const auto writer, blobs.NewWriter(durability));
  ACCORD_RETURN_IF_ERROR(writer->Append(model::SafetensorsPrefix(layout)));
  ACCORD_RETURN_IF_ERROR(writer->Append(model::WeightBytes(weights)));
  return writer->Commit(std::nullopt);
}

Result<std::vector<float>> LoadModel(const store::Blobs& blobs, const ModelLayout& layout,
                                     const Digest& hash) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes file, blobs.Get(hash, model::SafetensorsSize(layout)));
  return model::ReadSafetensors(file, layout);
}

Result<Aggregated> Aggregate(const AggregateTask& task) {
  std::vector<std::uint64_t> words(task.words);
  Aggregated done;
  ACCORD_ASSIGN_OR_RETURN(done.outcome.opened, Sum(task, words));
  auto weights = std::make_shared<std::vector<float>>();
  if (task.weights) {
    *weights = *task.weights;
  } else {
    ACCORD_ASSIGN_OR_RETURN(*weights, LoadModel(*task.blobs, *task.layout, task.model_hash));
  }
  ACCORD_ASSIGN_OR_RETURN(done.outcome.metrics,
                          update::NextModel(*task.spec,
                                            {.purpose = task.purpose,
                                             .round = task.round,
                                             .cohort = task.cohort,
                                             .survivors = static_cast<std::uint32_t>(task.uploads.size()),
                                             .words = words},
                                            *weights));
  Bytes bytes(words.size() * 8);
  secagg::StoreWords(words, bytes);
  ACCORD_ASSIGN_OR_RETURN(done.outcome.sum, task.blobs->Put(bytes, store::Durability::kRecomputable));
  done.outcome.words = task.words;
  done.outcome.model_hash = task.model_hash;
  if (task.purpose == round::Purpose::kTrain) {
    ACCORD_ASSIGN_OR_RETURN(done.outcome.model_hash, StoreModel(*task.blobs, *task.layout, *weights,
                                                                store::Durability::kRecomputable));
  }
  if (bytes.size() <= rpc::kMaxInlineBytes) done.sum = std::move(bytes);
  done.weights = std::move(weights);
  return done;
}

}  // namespace accord::coordinator
