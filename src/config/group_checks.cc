// What the groups of a job file have to be.
#include <map>
#include <string>

#include "base/text.h"
#include "config/job_checks.h"

namespace accord::config {
namespace {

void CheckMembers(Schema& schema, const JobSpec& job) {
  std::map<std::string, std::string> group_of;
  for (const auto& [name, nodes] : job.groups.nodes) {
    const std::string path = "groups." + name;
    if (!IsName(name)) schema.Complain(path, "is not a name");
    for (const std::string& node : nodes) {
      const auto [known, fresh] = group_of.emplace(node, name);
      if (!fresh) schema.Complain(path + ".nodes", node + " is in group " + known->second + " already");
    }
    const std::uint32_t least = job.round.min_nodes;
    if (!schema.Good({path, "round.min_nodes"}) || !schema.Has(path + ".nodes")) continue;
    if (nodes.size() < least) {
      schema.Complain(path + ".nodes",
                      "has " + std::to_string(nodes.size()) +
                          " nodes; its rounds begin with round.min_nodes = " + std::to_string(least));
    }
  }
}

// Groups that are dealt anew each round are for scores; gates are for groups that people can name and answer
// for. That a sum is of three nodes at least is what masks ask for anyhow.
void CheckReshuffle(Schema& schema, const JobSpec& job) {
  const std::string path = "groups.reshuffle";
  if (schema.Has("groups.max_norm") || schema.Has("groups.min_cosine"))
    schema.Complain(path,
                    "is for scores, groups.max_norm and groups.min_cosine for groups that stay the same");
  if (schema.Good({"secure"}) && job.secure == SecureMode::kOff)
    schema.Complain(path, "needs masks: without them every update is seen alone");
  if (schema.Good({"streaming.fragments"}) && job.streaming.fragments > 1)
    schema.Complain(path, "needs rounds of the whole model: streaming.fragments = 1");
  if (job.groups.nodes.size() > GroupsSpec::kMostReshuffled)
    schema.Complain(path, std::to_string(job.groups.nodes.size()) + " groups; at most " +
                              std::to_string(GroupsSpec::kMostReshuffled) +
                              " can be scored, since each set of groups is looked at");
}

}  // namespace

void CheckGroups(Schema& schema, const JobSpec& job) {
  const GroupsSpec& groups = job.groups;
  const std::size_t count = groups.nodes.size();
  if (count == 0) {
    OnlyWith(schema, false, {"groups.min_groups", "groups.max_norm", "groups.min_cosine", "groups.reshuffle"},
             "groups: sections [groups.NAME]");
    return;
  }
  CheckMembers(schema, job);
  if (job.groups.reshuffle) CheckReshuffle(schema, job);
  if (count == 1) schema.Complain("groups", "one group is no partition; leave [groups] out");
  if (!schema.Has("groups.min_groups")) {
    schema.Complain("groups.min_groups", "is missing: how many groups' sums does a round need?");
  } else if (schema.Good({"groups.min_groups"}) && groups.min_groups > count) {
    schema.Complain("groups.min_groups",
                    std::to_string(groups.min_groups) + " of " + std::to_string(count) + " groups");
  }
  if (schema.Good({"groups.min_cosine"}) && groups.min_cosine > -1.0 && count < 3) {
    schema.Complain("groups.min_cosine", "needs at least 3 groups: of two, nobody can say which one is off");
  }
  if (schema.Good({"eval", "eval.metrics"}) && job.eval.metrics.empty()) {
    schema.Complain("eval.metrics",
                    "a job with groups needs one: in the final evaluation the nodes check the last model");
  }
}

}  // namespace accord::config
