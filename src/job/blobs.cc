#include "job/blobs.h"

namespace accord::job {

std::string_view Name(BlobUse use) {
  switch (use) {
    case BlobUse::kModel:
      return "the newest model";
    case BlobUse::kNewModel:
      return "the new model of the open round";
    case BlobUse::kSum:
      return "the sum of the open round";
    case BlobUse::kShares:
      return "the shares of the open attempt";
  }
  return "?";
}

std::map<Digest, BlobUse> BlobsOf(const State& state) {
  std::map<Digest, BlobUse> blobs{{ProgressOf(state).model_hash, BlobUse::kModel}};
  const OpenRound* open = RoundOf(state);
  if (const auto* paused = std::get_if<Paused>(&state); paused != nullptr && paused->round)
    open = &*paused->round;
  if (open != nullptr) {
    if (const auto* commit = std::get_if<round::Commit>(&open->state)) {
      blobs.emplace(commit->outcome.model_hash, BlobUse::kNewModel);
      blobs.emplace(commit->outcome.sum, BlobUse::kSum);
    }
    if (const round::Attempt* attempt = round::AttemptOf(open->state)) {
      blobs.emplace(attempt->shares, BlobUse::kShares);
    }
  }
  blobs.erase(Digest{});
  return blobs;
}

}  // namespace accord::job
