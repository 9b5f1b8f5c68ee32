// Every check that this node makes before it takes part in a governed job, without doing anything yet: what
// Governance acts on, and what `accord-node policy check` shows to people, is one and the same.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "charter/admission.h"
#include "charter/budget.h"
#include "charter/node_policy.h"
#include "config/node_config.h"
#include "node/own_certificate.h"
#include "rpc/messages.h"

namespace accord::node {

// What a decision depends on beside the job.
struct Circumstances {
  const config::NodeConfig& config;
  const charter::Pinned& pinned;
  std::span<const charter::BudgetEntry> ledger;
  std::uint32_t running = 0;  // other jobs that are open here
  charter::UnixSeconds now = 0;
};

struct Consideration {
  std::uint32_t check = 1;  // of charter::kChecks, from 1 on: that failed, or the last
  Status status;            // of that check: ok when all hold
  // From check 8 on:
  std::optional<charter::Admitted> admitted;
  std::optional<charter::GroupDraw> draw;  // where the job's groups are dealt anew
  std::optional<OwnCertificate> certificate;
  std::optional<Digest> policy_hash;  // of the file, once it was read
  charter::PolicyVerdict policy;
  // From check 9 on: what has to be reserved, and within which bounds.
  charter::BudgetEntry asked;
  charter::BudgetCeilings ceilings;
};

// Errors of charter::Admit and CheckOwnCertificate; `bundle.missing`; `groups.consent` for groups that are
// dealt anew without the charter's consent, or smaller than it asks for; `policy.invalid`, `policy.denied`
// with the reason for the lab; `policy.budget`. The policy is read anew each time: what the lab's people
// changed holds at once. Reads no data.
[[nodiscard]] Consideration Consider(const rpc::Prepare& message, const JobSpec& spec,
                                     const Circumstances& circumstances);

}  // namespace accord::node
