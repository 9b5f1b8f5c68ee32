// What a job is called by. In a federation with a charter its token is the payload of the proposal that
// members voted on, and the job has the proposal's id (governance.md 2b); elsewhere the token is 16 bytes of
// its submitter's.
#pragma once

#include "crypto/sha256.h"
#include "job/codec.h"
#include "job/job_id.h"

namespace accord::coordinator {

inline constexpr std::size_t kTokenBytes = 16;

// Whether members decided on it. No proposal is as short as a token.
[[nodiscard]] inline bool IsDecided(const job::Submission& submission) {
  return submission.token.size() != kTokenBytes;
}

[[nodiscard]] inline JobId IdOf(const job::Submission& submission) {
  if (!IsDecided(submission)) return job::MakeJobId(submission.plan, submission.token);
  return JobId{crypto::Sha256::Of(submission.token).bytes};
}

}  // namespace accord::coordinator
