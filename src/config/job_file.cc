#include "config/job_file.h"

#include <limits>

#include "base/text.h"
#include "config/job_checks.h"
#include "config/schemas.h"

namespace accord::config {
namespace {

constexpr Millis kMaxWait{366LL * 86'400'000};
constexpr std::uint64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();
constexpr Range kPositive{.low = 0.0, .low_open = true};
constexpr Range kFraction{.low = 0.0, .high = 1.0, .high_open = true};

// A member that is text and takes one of these words.
Field Word(std::string& value, std::initializer_list<std::string_view> words) {
  Words<std::string> pairs;
  for (const std::string_view word : words) pairs.emplace_back(word, word);
  return Choice(value, pairs);
}

void PlanSections(Schema& s, JobSpec& job) {
  s.Section({},
            "A job file is the plan that members agree on: its bytes are hashed, so nothing is rewritten.");
  s.Key("version", Whole(job.version, 0), "version of the job file's format: 1", Need::kRequired);
  s.Key("name", Name(job.name), "name of the job", Need::kRequired);
  s.Key("purpose", Name(job.purpose), "what the model is for; nodes allow purposes by name", Need::kRequired);
  s.Key("seed", Whole(job.seed, 0), "seed of initial weights, batches and rounding");
  s.Key("priority",
        Choice(job.priority, {{PriorityName(Priority::kLow), Priority::kLow},
                              {PriorityName(Priority::kNormal), Priority::kNormal},
                              {PriorityName(Priority::kHigh), Priority::kHigh}}),
        "which job goes first where several wait: for a place at the coordinator, for a training slot at a "
        "node");
  s.Key("secure",
        Choice(job.secure, {{SecureName(SecureMode::kMalicious), SecureMode::kMalicious},
                            {SecureName(SecureMode::kSemiHonest), SecureMode::kSemiHonest},
                            {SecureName(SecureMode::kOff), SecureMode::kOff}}),
        "secure aggregation: against whom the masks hold");
  s.Key("corrupt", Whole(job.corrupt, 0, 65'535),
        "nodes that may collude with the coordinator; absent: 0 below five nodes, else a fifth");
  s.Section({"model"}, "What is trained.");
  s.Key("kind", Word(job.model.kind, {"mlp", "cnn"}), "architecture", Need::kRequired);
  s.Key("input", WholeList(job.model.input, 1, 1ULL << 32),
        "shape of one example: [features], [height, width] or [channels, height, width]", Need::kRequired);
  s.Key("classes", Whole(job.model.classes, 1, 1ULL << 32), "outputs; 1: one logit and a yes-or-no target",
        Need::kRequired);
  s.Key("hidden", WholeList(job.model.hidden, 1, 1ULL << 32),
        "widths of the hidden dense layers; empty: none for mlp, [128] for cnn");
  s.Key("channels", WholeList(job.model.channels, 1, 1ULL << 32),
        "cnn: channels of each 5x5 convolution; empty: [16, 32]");
  s.Section({"data"}, "On what.");
  s.Key("dataset", Name(job.dataset), "id that each node's configuration maps to its files", Need::kRequired);
}

void TrainingSections(Schema& s, InnerSpec& inner) {
  s.Section({"inner"}, "How a node trains in a round.");
  s.Key("optimizer",
        Choice(
            inner.optimizer,
            {{"sgd", OptimizerKind::kSgd}, {"adam", OptimizerKind::kAdam}, {"adamw", OptimizerKind::kAdamW}}),
        "local optimizer");
  s.Key("lr", Number(inner.lr, kPositive), "learning rate", Need::kRequired);
  s.Key("momentum", Number(inner.momentum, kFraction), "sgd: momentum");
  s.Key("beta1", Number(inner.beta1, kFraction), "adam, adamw: decay of the first moment");
  s.Key("beta2", Number(inner.beta2, kFraction), "adam, adamw: decay of the second moment");
  s.Key("epsilon", Number(inner.epsilon, kPositive), "adam, adamw: added to the denominator");
  s.Key("weight_decay", Number(inner.weight_decay, {.low = 0.0}), "decay of the weights");
  s.Key("local_epochs", Whole(inner.local_epochs, 1, 1'000'000),
        "passes over the node's data in a round; either this or local_steps");
  s.Key("local_steps", Whole(inner.local_steps, 0), "steps in a round, the same at all nodes");
  s.Key("batch", Whole(inner.batch, 1, 1'000'000), "examples in a step");
  s.Section({"inner", "schedule"}, "The learning rate as a function of the round, equal at all nodes.");
  s.Key("kind",
        Choice(inner.schedule.kind, {{"constant", ScheduleKind::kConstant},
                                     {"cosine", ScheduleKind::kCosine},
                                     {"step", ScheduleKind::kStep}}),
        "how it falls");
  s.Key("warmup_rounds", Whole(inner.schedule.warmup_rounds, 0), "rounds of a linear rise at the start");
  s.Key("min_lr", Number(inner.schedule.min_lr, {.low = 0.0}), "cosine: learning rate of the last round");
  s.Key("step_rounds", Whole(inner.schedule.step_rounds, 1), "step: rounds between two falls");
  s.Key("gamma", Number(inner.schedule.gamma, {.low = 0.0, .high = 1.0, .low_open = true}),
        "step: factor of a fall");
}

void CombiningSections(Schema& s, JobSpec& job) {
  s.Section({"outer"}, "How the updates change the global model.");
  s.Key("rule", Word(job.outer.rule, {"fedavg"}), "outer optimizer");
  s.Key("lr", Number(job.outer.lr, kPositive), "outer learning rate; 1: the plain average");
  s.Section({"update"}, "How an update becomes integers before it leaves the node.");
  s.Key("bits", Whole(job.update.bits, 2, kMaxBits), "bits a coordinate");
  s.Key("clip", Number(job.update.clip, kPositive),
        "each coordinate of an update is cut to plus or minus this");
  s.Key("max_examples", Whole(job.update.max_examples, 1, kMaxU32),
        "most examples that count as a node's weight; more are cut to it", Need::kRequired);
  s.Key("weights",
        Choice(job.update.weights, {{"coarse", WeightPolicy::kCoarse},
                                    {"exact", WeightPolicy::kExact},
                                    {"equal", WeightPolicy::kEqual}}),
        "weight of a node: sixteen steps of its examples, their number, or the same for all");
  s.Key("report_clipped", Bool(job.update.report_clipped),
        "show the share of coordinates that the clip cut, as a sum over the nodes");
  s.Section({"eval"}, "What is measured on the hold-outs, and leaves only inside a sum.");
  s.Key("metrics", Choices(job.eval.metrics, {{"loss", Metric::kLoss}, {"accuracy", Metric::kAccuracy}}),
        "figures of every round");
  s.Key("exact", Bool(job.eval.exact), "exact counts of examples instead of weighted means");
  s.Section({"round"}, "How many rounds, and when one may go on.");
  s.Key("count", Whole(job.round.count, 1, 1'000'000'000), "rounds of the job", Need::kRequired);
  s.Key("min_nodes", Whole(job.round.min_nodes, 1, kMaxNodes), "nodes that a round begins with",
        Need::kRequired);
  s.Key("min_survivors", Whole(job.round.min_survivors, 1, kMaxNodes),
        "nodes whose updates must arrive for the round to count", Need::kRequired);
  s.Key("goal", Whole(job.round.goal, 1, kMaxNodes),
        "updates that a round wants; soon after so many it goes on without the slower nodes; absent: those "
        "of all "
        "nodes");
  s.Key("over_selection", Whole(job.round.over_selection, 0, kMaxNodes),
        "nodes that a round begins with beyond its goal, in turns when more are ready");
  s.Key("min_wait", Duration(job.round.min_wait, Millis(0), kMaxWait),
        "no phase of a round waits shorter: how long a node may be away in a quick one; at most max_wait");
  s.Key("max_wait", Duration(job.round.max_wait, Millis(10), kMaxWait),
        "the longest that any phase of a round waits", Need::kRequired);
  s.Key("attempts", Whole(job.round.attempts, 1, 1'000), "tries of a round before the job fails");
}

void GroupSections(Schema& s, GroupsSpec& groups) {
  s.Section(
      {"groups"},
      "Jobs with groups: each group masks apart, and its sum is looked at before it counts. The keys of "
      "[round] hold for each group.");
  s.Key("min_groups", Whole(groups.min_groups, 1, kMaxNodes),
        "groups whose sums must be there for a round to count; needed when there are groups");
  s.Key("max_norm", Number(groups.max_norm, {.low = 0.0}),
        "a group whose mean update has a larger L2 norm is left out of the step; 0: any");
  s.Key("min_cosine", Number(groups.min_cosine, {.low = -1.0, .high = 1.0, .high_open = true}),
        "a group is left out when the cosine of its mean update and the groups' coordinate-wise median is "
        "smaller; -1: any");
  for (auto& [name, nodes] : groups.nodes) {
    s.Section({"groups", name}, "A group, for as long as the job runs.");
    s.Key("nodes",
          TextList(nodes,
                   [](const std::string& node) -> std::string {
                     return IsName(node) ? "" : "\"" + Printable(node, 100) + "\" is not the name of a node";
                   }),
          "names of its nodes", Need::kRequired);
  }
}

}  // namespace

Schema JobSchema(JobSpec& job) {
  Schema schema;
  PlanSections(schema, job);
  TrainingSections(schema, job.inner);
  CombiningSections(schema, job);
  GroupSections(schema, job.groups);
  return schema;
}

Result<JobSpec> ParseJob(std::string_view toml, std::string_view name) {
  if (toml.size() > kMaxJobBytes) {
    return Fail(errors::kJobInvalid, std::string(name) + " has " + std::to_string(toml.size()) +
                                         " bytes; a job file has at most " + std::to_string(kMaxJobBytes));
  }
  JobSpec job;
  const Document document = ReadToml(toml, name);
  for (const std::string& id : Ids(document, "groups")) job.groups.nodes[id];
  Schema schema = JobSchema(job);
  schema.Apply(document);
  job.has_corrupt = schema.Has("corrupt");
  job.inner.has_local_steps = schema.Has("inner.local_steps");
  if (schema.Readable()) CheckJob(schema, job);
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kJobInvalid, name));
  return job;
}

std::string_view SecureName(SecureMode mode) {
  switch (mode) {
    case SecureMode::kSemiHonest:
      return "semi-honest";
    case SecureMode::kMalicious:
      return "malicious";
    case SecureMode::kOff:
      break;
  }
  return "off";
}

std::string_view PriorityName(Priority priority) {
  switch (priority) {
    case Priority::kLow:
      return "low";
    case Priority::kHigh:
      return "high";
    case Priority::kNormal:
      break;
  }
  return "normal";
}

std::uint32_t Corrupt(const JobSpec& job) {
  if (job.has_corrupt) return job.corrupt;
  return job.round.min_nodes < 5 ? 0 : job.round.min_nodes / 5;
}

}  // namespace accord::config
