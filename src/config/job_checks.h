// Rules of a job file that span several keys. Internal to this module; called by ParseJob. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accord/job_spec.h"
#include "config/schema.h"

namespace accord::config {

inline constexpr std::uint32_t kMaxNodes = 65'535;  // secagg.md 2.7
inline constexpr std::uint32_t kMaxBits = 32;
// Fields of f = bits + ceil(log2 n) bits are summed exactly in doubles: f <= 53 for every plan in these
// bounds.
static_assert(kMaxBits + 16 <= 53);

// Complains to `schema` about every rule that `job` breaks; rules over keys that are wrong already are left
// out.
void CheckJob(Schema& schema, const JobSpec& job);

// Those of kind = "unigram", which CheckJob has called.
void CheckUnigram(Schema& schema, const JobSpec& job);

// Those of [samples], which CheckJob has called.
void CheckSamples(Schema& schema, const JobSpec& job);

// Those of [groups], which CheckJob has called.
void CheckGroups(Schema& schema, const JobSpec& job);
// Keys that have an effect only with one word of another key: elsewhere they are a mistake, not a wish.
void OnlyWith(Schema& schema, bool applies, const std::vector<std::string_view>& paths,
              const std::string& with);

}  // namespace accord::config
