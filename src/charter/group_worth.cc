#include "charter/group_worth.h"

#include <algorithm>
#include <functional>

#include "accord/job_spec.h"
#include "base/codec.h"
#include "base/errors.h"

namespace accord::charter {
namespace {

constexpr std::uint8_t kFormat = 1;

bool IsAscending(const auto& values) {
  return std::ranges::adjacent_find(values, std::ranges::greater_equal()) == values.end();
}

GroupWorth ReadRound(Reader& in) {
  GroupWorth worth{.round = in.U64(), .groups = {}, .fell = {}};
  const std::uint32_t groups = in.Count(4);
  if (groups == 0 || groups > GroupsSpec::kMostReshuffled) {
    in.Refuse();
    return worth;
  }
  for (std::uint32_t i = 0; i < groups; ++i) worth.groups.push_back(in.U32());
  for (std::size_t set = 0; set < std::size_t{1} << groups; ++set) worth.fell.push_back(in.F64());
  if (!IsAscending(worth.groups)) in.Refuse();
  return worth;
}

}  // namespace

void Put(JudgedRounds& judged, GroupWorth worth) {
  const auto at = std::ranges::lower_bound(judged.rounds, worth.round, {}, &GroupWorth::round);
  if (at != judged.rounds.end() && at->round == worth.round) {
    *at = std::move(worth);
  } else {
    judged.rounds.insert(at, std::move(worth));
  }
}

Bytes Encode(const JudgedRounds& judged) {
  Writer out;
  out.U8(kFormat).Fixed(judged.job).U32(static_cast<std::uint32_t>(judged.rounds.size()));
  for (const GroupWorth& worth : judged.rounds) {
    out.U64(worth.round).U32(static_cast<std::uint32_t>(worth.groups.size()));
    for (const std::uint32_t group : worth.groups) out.U32(group);
    for (const double fell : worth.fell) out.F64(fell);
  }
  return std::move(out).Take();
}

Result<JudgedRounds> DecodeJudgedRounds(ByteView bytes) {
  Reader in(bytes);
  const bool known = in.U8() == kFormat;
  JudgedRounds judged{.job = in.Fixed<Digest>(), .rounds = {}};
  const std::uint32_t rounds = in.Count(16);
  for (std::uint32_t i = 0; i < rounds && in.ok(); ++i) judged.rounds.push_back(ReadRound(in));
  std::vector<std::uint64_t> numbers;
  for (const GroupWorth& worth : judged.rounds) numbers.push_back(worth.round);
  if (known && in.Done() && IsAscending(numbers)) return judged;
  return Fail(errors::kStoreCorrupt, "it is no file of what groups were worth");
}

}  // namespace accord::charter
