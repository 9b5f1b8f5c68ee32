// Which blobs a job's state needs. Pure.
#pragma once

#include <map>
#include <string_view>

#include "job/job.h"

namespace accord::job {

// What a blob is to its job; the worst when it is gone comes first.
enum class BlobUse : std::uint8_t {
  kModel,     // the newest model: without it the job cannot go on, a finished one has no result
  kGroupSum,  // of a group, waits for the others': without it the job cannot go on
  kNewModel,  // of the open round, not committed yet; it and the sum are taken once more
  kSum,       // of the open round
  kShares,    // of the open attempt: without them the next one begins
  kMadeOf,    // jobs with groups: what nodes that were away make the newest model of
};
[[nodiscard]] std::string_view Name(BlobUse use);

// Also of a round that stands in a pause. No zero digests.
[[nodiscard]] std::map<Digest, BlobUse> BlobsOf(const State& state);

}  // namespace accord::job
