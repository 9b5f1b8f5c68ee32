// What the sums of groups were worth to one judge: how far each set of them lets the mean loss on its
// hold-out fall. A judge's node keeps it round by round (node/judge.h) until a person of the lab makes scores
// of it (score_report.h). Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"

namespace accord::charter {

struct GroupWorth {
  std::uint64_t round = 0;
  std::vector<std::uint32_t>
      groups;                // whose sums made the round's model, ascending, by their places in the plan
  std::vector<double> fell;  // in nats, by the sets of them whose bits are set; 2^groups

  friend bool operator==(const GroupWorth&, const GroupWorth&) = default;
};

// The rounds of a job, ascending.
struct JudgedRounds {
  Digest job;
  std::vector<GroupWorth> rounds;

  friend bool operator==(const JudgedRounds&, const JudgedRounds&) = default;
};

// Puts a round in its place, instead of what was there of it.
void Put(JudgedRounds& judged, GroupWorth worth);

[[nodiscard]] Bytes Encode(const JudgedRounds& judged);
// `store.corrupt` for what Encode does not make.
[[nodiscard]] Result<JudgedRounds> DecodeJudgedRounds(ByteView bytes);

}  // namespace accord::charter
