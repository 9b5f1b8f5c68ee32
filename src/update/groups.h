// Jobs with groups (secagg.md 4): the plan's partition, the gates that the groups' sums must pass, and the
// outer step of those that do. Coordinator and every node run this same code over the same words and must
// come to the same bits. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "round/round.h"
#include "update/next_model.h"

namespace accord::update {

// The plan itself lists the nodes of each group, so the job's id stands for the partition, and train_cfg_hash
// with it: it is the same in every version of the registry, and in every round unless the plan has it
// reshuffled.
struct Group {
  std::string name;
  round::NodeSet nodes;
};
using Partition = std::vector<Group>;  // ascending by name; empty: a job without groups

// The node names of the plan as ids: NAME is of the federation's trust domain, DOMAIN/NAME of a member's own.
// `spiffe.invalid`.
[[nodiscard]] Result<Partition> PartitionOf(const JobSpec& spec, const std::string& trust_domain);
// The groups of a round whose seed this is, where the plan has them dealt anew: the same nodes, and each
// group of its size. The nodes, ascending by id, are shuffled from the last place down (Durstenfeld 1964);
// the place that changes with place i is u64be(SHA-256("accord/groups" || 0 || seed || u64be draw)[:8]) mod
// (i + 1), with draws from 0 on, those left out that would favour a place. Then the groups take theirs in
// order.
[[nodiscard]] Partition Reshuffled(const Partition& plan, const Digest& seed);
// The group of a node; none when the plan does not name it. 0 for everybody in a job without groups.
[[nodiscard]] std::optional<std::uint32_t> GroupOf(const Partition& partition, NodeId node);

enum class Gate : std::uint8_t {
  kNorm = 0,    // the L2 norm of the group's mean update is above groups.max_norm
  kCosine = 1,  // its angle to the coordinate-wise median of the groups is too wide for groups.min_cosine
};

struct GroupSum {
  std::uint32_t group = 0;
  Sum sum;
};

// The step of one round's sums, ascending by group. Every sum is checked (`secagg.*` as OuterStep::Open);
// those of a training that fail a gate are left out of the step and named in `left_out`. The cosine gate
// looks at those that passed the norm gate, if they are at least three, and at rotated coordinates where the
// plan rotates updates (which changes no norm and no angle of two groups, but the median); a group that sent
// nothing but zeros has no direction and passes. Fewer than groups.min_groups left: `job.too_few_groups`.
struct GroupStep {
  OuterStep step;
  std::vector<round::LeftOut> left_out;
};
[[nodiscard]] Result<GroupStep> OpenGroups(const JobSpec& spec, std::span<const GroupSum> sums,
                                           const BaseModel& base);

// For people: "group west was left out of the step: ...".
[[nodiscard]] std::string Describe(const JobSpec& spec, const round::LeftOut& left_out);

}  // namespace accord::update
