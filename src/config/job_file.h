// The job file (DESIGN 6, TOML version 1) -> JobSpec. Read by the CLI (job validate), by the coordinator at
// submission and by every node for itself: the same bytes give the same verdict everywhere. Pure.
#pragma once

#include <string_view>

#include "accord/job_spec.h"
#include "accord/status.h"

namespace accord::config {

// A longer job file is refused unread: the plan travels as one length-value (secagg.md 7.1).
inline constexpr std::size_t kMaxJobBytes = 65'536;
// More parameters than this are refused whatever a coordinator allows; its own limit is [limits].
inline constexpr std::uint64_t kMaxParameters = 1ULL << 36;

// All errors at once as one `job.invalid`: a heading, then a line each, "NAME:line:column: key: what is
// wrong". `name` is only for messages (a path, or "job" for bytes from the wire). Refuses unknown keys, wrong
// types, missing keys, values out of range, and combinations that the protocol cannot run
// (secagg.md 2.5, 2.7).
[[nodiscard]] Result<JobSpec> ParseJob(std::string_view toml, std::string_view name);

// As job files write it: "malicious", "semi-honest", "off".
[[nodiscard]] std::string_view SecureName(SecureMode mode);
[[nodiscard]] std::string_view PriorityName(Priority priority);

// T of the plan: as given, else 0 below five nodes and n/5 from there on, n = round.min_nodes.
[[nodiscard]] std::uint32_t Corrupt(const JobSpec& job);

}  // namespace accord::config
