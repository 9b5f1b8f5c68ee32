#include "job/blobs.h"

namespace accord::job {

std::string_view Name(BlobUse use) {
  switch (use) {
    case BlobUse::kModel:
      return "the newest model";
    case BlobUse::kGroupSum:
      return "the sum of a group, of which the next model is made";
    case BlobUse::kNewModel:
      return "the new model of the open round";
    case BlobUse::kSum:
      return "the sum of the open round";
    case BlobUse::kShares:
      return "the shares of the open attempt";
    case BlobUse::kMadeOf:
      return "a part of what the newest model was made of";
  }
  return "?";
}

std::map<Digest, BlobUse> BlobsOf(const State& state) {
  const Progress& progress = ProgressOf(state);
  std::map<Digest, BlobUse> blobs{{progress.model_hash, BlobUse::kModel}};
  const auto* paused = std::get_if<Paused>(&state);
  for (const OpenRound& open : paused != nullptr ? paused->rounds : RoundsOf(state)) {
    if (const auto* commit = std::get_if<round::Commit>(&open.state)) {
      blobs.emplace(commit->outcome.model_hash, BlobUse::kNewModel);
      blobs.emplace(commit->outcome.sum, BlobUse::kSum);
    }
    if (const round::Attempt* attempt = round::AttemptOf(open.state)) {
      blobs.emplace(attempt->shares, BlobUse::kShares);
    }
  }
  if (progress.groups.size() > 1 && !IsTerminal(state)) {
    for (const GroupProgress& group : progress.groups) {
      if (group.sum) blobs.emplace(group.sum->outcome.sum, BlobUse::kGroupSum);
    }
    for (const auto& sum : progress.made ? progress.made->sums : decltype(Made::sums)()) {
      blobs.emplace(sum->outcome.sum, BlobUse::kMadeOf);
      blobs.emplace(sum->plan.model_hash, BlobUse::kMadeOf);
    }
  }
  blobs.erase(Digest{});
  return blobs;
}

}  // namespace accord::job
