#include "coordinator/aggregate.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "model/safetensors.h"
#include "rpc/messages.h"
#include "secagg/sum.h"
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
  for (const auto& spool : task.uploads) ACCORD_RETURN_IF_ERROR(AddSpool(*spool, words));

  auto weights = std::make_shared<std::vector<float>>();
  if (task.weights) {
    *weights = *task.weights;
  } else {
    ACCORD_ASSIGN_OR_RETURN(*weights, LoadModel(*task.blobs, *task.layout, task.model_hash));
  }
  Aggregated done;
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
