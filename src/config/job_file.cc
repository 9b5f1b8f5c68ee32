#include "config/job_file.h"

#include <limits>

#include "base/text.h"
#include "config/job_checks.h"
#include "config/schemas.h"

namespace accord::config {
namespace {

constexpr Millis kMaxWait{366LL * 86'400'000};
// Rounds of a job and local steps of a round: their product is counted in 64 bits with room to spare.
constexpr std::uint64_t kMaxRounds = 1'000'000'000;
constexpr std::uint64_t kMaxSteps = 1'000'000'000;
constexpr std::uint64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();
constexpr Range kPositive{.low = 0.0, .low_open = true};
constexpr Range kFraction{.low = 0.0, .high = 1.0, .high_open = true};

// A member that is text and takes one of these words.
Field Word(std::string& value, std::initializer_list<std::string_view> words) {
  Words<std::string> pairs;
  for (const std::string_view word : words) pairs.emplace_back(word, word);
  return Choice(value, pairs);
}

constexpr std::uint64_t kMaxDimension = 1ULL << 32;
constexpr std::uint64_t kMaxPositions = 1ULL << 20;  // model::kMaxLlamaPositions

std::string CheckPreset(const std::string& text) {
  return text == "2m" || text == "15m" || text == "110m" ? "" : "must be \"2m\", \"15m\" or \"110m\"";
}

// The names are those of config.json, so that nobody has to learn others.
void LlamaKeys(Schema& s, LlamaSpec& llama) {
  s.Key("preset", Text(llama.preset, "\"2m\", \"15m\" or \"110m\"", CheckPreset),
        "llama: a size; the keys below change what it says");
  s.Key(
      "vocab_size", Whole(llama.vocab_size, 2, kMaxDimension),
      "llama: tokens; absent: those of the byte vocabulary; unigram: pieces of the vocabulary to begin with");
  s.Key("hidden_size", Whole(llama.hidden_size, 2, kMaxDimension), "llama: width");
  s.Key("intermediate_size", Whole(llama.intermediate_size, 1, kMaxDimension), "llama: width of SwiGLU");
  s.Key("num_hidden_layers", Whole(llama.num_hidden_layers, 1, 1'024), "llama: layers");
  s.Key("num_attention_heads", Whole(llama.num_attention_heads, 1, 65'536), "llama: heads");
  s.Key("num_key_value_heads", Whole(llama.num_key_value_heads, 1, 65'536),
        "llama: heads of keys and values; absent: as many as heads");
  s.Key("max_position_embeddings", Whole(llama.max_position_embeddings, 2, kMaxPositions),
        "llama: tokens that the model looks at");
  s.Key("rms_norm_eps", Number(llama.rms_norm_eps, kPositive), "llama: added under the root of a norm");
  s.Key("rope_theta", Number(llama.rope_theta, {.low = 1.0, .low_open = true}),
        "llama: base of the rotary positions");
  s.Key("tie_word_embeddings", Bool(llama.tie_word_embeddings),
        "llama: the last layer is the table of the first");
}

bool IsHash(const std::string& text) {
  constexpr std::string_view kHash = "sha256:";
  return text.starts_with(kHash) && text.size() == kHash.size() + 64 &&
         text.find_first_not_of("0123456789abcdef", kHash.size()) == std::string::npos;
}

std::string CheckTokenizer(const std::string& text) {
  return text == "byte" || IsHash(text) ? "" : "must be \"byte\", or \"sha256:\" and 64 hexadecimal digits";
}

std::string CheckHash(const std::string& text) {
  return IsHash(text) ? "" : "must be \"sha256:\" and 64 hexadecimal digits";
}

constexpr std::size_t kMaxPrompt = 1'000;

std::string CheckPrompt(const std::string& text) {
  return text.size() <= kMaxPrompt ? "" : "has more than " + std::to_string(kMaxPrompt) + " bytes";
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
}

void ModelSections(Schema& s, JobSpec& job) {
  s.Section({"model"}, "What is trained.");
  s.Key("kind", Word(job.model.kind, {"mlp", "cnn", "llama", "unigram"}), "architecture", Need::kRequired);
  s.Key("input", WholeList(job.model.input, 1, 1ULL << 32),
        "mlp, cnn: shape of one example: [features], [height, width] or [channels, height, width]");
  s.Key("classes", Whole(job.model.classes, 1, 1ULL << 32),
        "mlp, cnn: outputs; 1: one logit and a yes-or-no target");
  s.Key("hidden", WholeList(job.model.hidden, 1, 1ULL << 32),
        "widths of the hidden dense layers; empty: none for mlp, [128] for cnn");
  s.Key("channels", WholeList(job.model.channels, 1, 1ULL << 32),
        "cnn: channels of each 5x5 convolution; empty: [16, 32]");
  LlamaKeys(s, job.model.llama);
  s.Key(
      "start", Text(job.model.start, "\"sha256:HEX\"", CheckHash),
      "the weights to begin from, under the hash that accordd import-model prints; absent: as the seed draws "
      "them");
  s.Section({"data"}, "On what.");
  s.Key("dataset", Name(job.dataset), "id that each node's configuration maps to its files", Need::kRequired);
  s.Key("tokenizer", Text(job.text.tokenizer, "\"byte\" or \"sha256:HEX\"", CheckTokenizer),
        "llama: how text becomes tokens: its bytes, or the SentencePiece model with this hash; unigram: the "
        "SentencePiece model to begin with");
  s.Key("context", Whole(job.text.context, 2, kMaxPositions),
        "llama: tokens of one training example; absent: max_position_embeddings; unigram: bytes of one; "
        "absent: 4096");
}

void PartsSections(Schema& s, JobSpec& job) {
  s.Section({"adapter"},
            "Trained and exchanged are thin matrices beside those of a frozen model, W + alpha / rank * B A; "
            "absent: the whole model.");
  s.Key("kind",
        Choice(job.adapter.kind, {{"none", AdapterKind::kNone},
                                  {"lora", AdapterKind::kLora},
                                  {"ffa-lora", AdapterKind::kFfaLora},
                                  {"fedsa-lora", AdapterKind::kFedSaLora}}),
        "lora exchanges A and B; ffa-lora B alone, A stays as the seed draws it; fedsa-lora A alone, B stays "
        "at its node");
  s.Key("rank", Whole(job.adapter.rank, 1, 65'536), "rows of A and columns of B");
  s.Key("alpha", Number(job.adapter.alpha, kPositive), "what B A is scaled by, times rank");
  s.Key("projections", TextList(job.adapter.projections),
        "names of the matrices, as \"q_proj\"; absent: all seven of a llama's layer");
  s.Key("base", Text(job.adapter.base, "\"sha256:HEX\"", CheckHash),
        "the file of the frozen model, a safetensors file of this [model]; nodes name theirs in [data.ID] "
        "base");
  s.Section({"personal"}, "What each node trains for itself and never sends.");
  s.Key("kind",
        Choice(job.personal.kind, {{"none", PersonalKind::kNone},
                                   {"fedper", PersonalKind::kFedPer},
                                   {"ditto", PersonalKind::kDitto}}),
        "fedper: some tensors; ditto: a model of its own beside the common one");
  s.Key("tensors", TextList(job.personal.tensors),
        "fedper: names, as \"lm_head\", \"model.norm\" or \"input_layernorm\": each takes the tensors that "
        "have it in their name");
  s.Key("lambda", Number(job.personal.lambda, {.low = 0.0}),
        "ditto: pull of the own model towards the common one");
  s.Key("local_steps", Whole(job.personal.local_steps, 1, kMaxSteps),
        "ditto: steps of the own model in a round");
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
  s.Key("local_steps", Whole(inner.local_steps, 0, kMaxSteps),
        "steps in a round, the same at all nodes but for round_time; with [streaming] those in which every "
        "fragment is "
        "exchanged once");
  s.Key("round_time", Duration(inner.round_time, Millis(1), kMaxWait),
        "what the local steps of a round should take: a node too slow for all of them takes fewer, and its "
        "update is normalised (FedNova); absent: all nodes take all");
  s.Key("min_steps", Whole(inner.min_steps, 1, kMaxSteps),
        "round_time: the fewest steps of a slow node, by which it also learns its speed; absent: a tenth of "
        "local_steps");
  s.Key("batch", Whole(inner.batch, 1, 1'000'000), "examples in a step");
  s.Key("accumulate", Whole(inner.accumulate, 1, 65'536),
        "parts of a batch, computed one after the other in less memory");
  s.Key("checkpointing", Bool(inner.checkpointing),
        "llama: compute activations again in the backward pass: less memory, a third more time");
  s.Key("precision", Choice(inner.precision, {{"f32", Precision::kF32}, {"bf16", Precision::kBf16}}),
        "llama: of matrix products; weights and optimizer stay f32");
  s.Key("clip_norm", Number(inner.clip_norm, {.low = 0.0}),
        "the gradient's L2 norm is cut to this; 0: never");
  s.Key("proximal", Number(inner.proximal, {.low = 0.0}),
        "FedProx: pull towards the round's model, the mu of mu/2 |w - x|^2");
  s.Key("keep_state", Bool(inner.keep_state),
        "momentum and moments live from round to round at the node; false: each round begins anew");
  s.Section({"inner", "schedule"}, "The learning rate as a function of the round, equal at all nodes.");
  s.Key("kind",
        Choice(inner.schedule.kind, {{"constant", ScheduleKind::kConstant},
                                     {"cosine", ScheduleKind::kCosine},
                                     {"step", ScheduleKind::kStep},
                                     {"wsd", ScheduleKind::kWsd}}),
        "how it falls; wsd: stays, and falls in the last decay_steps as 1 - sqrt");
  s.Key("unit", Choice(inner.schedule.unit, {{"round", ScheduleUnit::kRound}, {"step", ScheduleUnit::kStep}}),
        "step: the rate changes with each local step, counted over all rounds; needs local_steps");
  s.Key("warmup_steps", Whole(inner.schedule.warmup_steps, 0), "unit = \"step\": steps of a linear rise");
  s.Key("decay_steps", Whole(inner.schedule.decay_steps, 1), "wsd: steps of the fall at the end");
  s.Key("warmup_rounds", Whole(inner.schedule.warmup_rounds, 0), "rounds of a linear rise at the start");
  s.Key("min_lr", Number(inner.schedule.min_lr, {.low = 0.0}), "cosine, wsd: learning rate at the end");
  s.Key("step_rounds", Whole(inner.schedule.step_rounds, 1), "step: rounds between two falls");
  s.Key("gamma", Number(inner.schedule.gamma, {.low = 0.0, .high = 1.0, .low_open = true}),
        "step: factor of a fall");
}

void StreamingSection(Schema& s, StreamingSpec& streaming) {
  s.Section(
      {"streaming"},
      "Streaming DiLoCo: fragments of the model's layers take turns, a round exchanges one, and nodes go "
      "on training from their own weights; absent: a round exchanges the whole model and begins with it.");
  s.Key("fragments", Whole(streaming.fragments, 1, 1'024),
        "fragments that the layers are dealt out to in turn; a round has local_steps / fragments steps");
  s.Key("delay", Whole(streaming.delay, 0, 1'000'000),
        "local steps that go on while a fragment's sum is made; its new value counts behind them");
  s.Key("alpha", Number(streaming.alpha, {.low = 0.0, .high = 1.0}),
        "share of its own value that a node keeps when a fragment's new global value comes");
}

void CombiningSections(Schema& s, JobSpec& job) {
  s.Section({"outer"}, "How the updates change the global model.");
  s.Key("rule",
        Word(job.outer.rule, {"diloco", "fedadagrad", "fedadagrad-flower", "fedadam", "fedadam-flower",
                              "fedavg", "fedavgm", "fedyogi", "fedyogi-flower"}),
        "outer optimizer");
  s.Key("lr", Number(job.outer.lr, kPositive), "outer learning rate; 1: the plain average");
  s.Key("momentum", Number(job.outer.momentum, kFraction), "fedavgm, diloco: momentum");
  s.Key("beta1", Number(job.outer.beta1, kFraction),
        "fedadagrad, fedadam, fedyogi: decay of the first moment");
  s.Key("beta2", Number(job.outer.beta2, kFraction), "fedadam, fedyogi: decay of the second moment");
  s.Key("tau", Number(job.outer.tau, kPositive),
        "fedadagrad, fedadam, fedyogi: added to the root of the second moment");
  StreamingSection(s, job.streaming);
  s.Section({"update"}, "How an update becomes integers before it leaves the node.");
  s.Key("bits", Whole(job.update.bits, 2, kMaxBits), "bits a coordinate");
  s.Key("clip", Number(job.update.clip, kPositive),
        "each coordinate of an update is cut to plus or minus this");
  s.Key("clip_rms", Number(job.update.clip_rms, {.low = 0.0}),
        "the clip of a round as a multiple of the RMS of the mean update before; 0: always `clip`");
  s.Key("transform",
        Choice(job.update.transform, {{"none", Transform::kNone}, {"hadamard", Transform::kHadamard}}),
        "what an update goes through before it is cut: hadamard spreads each value, so that few bits do");
  s.Key("max_examples", Whole(job.update.max_examples, 1, kMaxU32),
        "most examples that count as a node's weight; more are cut to it", Need::kRequired);
  s.Key("weights",
        Choice(job.update.weights, {{"coarse", WeightPolicy::kCoarse},
                                    {"exact", WeightPolicy::kExact},
                                    {"equal", WeightPolicy::kEqual}}),
        "weight of a node: sixteen steps of its examples, their number, or the same for all");
  s.Key("report_clipped", Bool(job.update.report_clipped),
        "show the share of coordinates that the clip cut, as a sum over the nodes; with `clip_rms` the "
        "clip grows where it is above 1 %");
  s.Section({"eval"}, "What is measured on the hold-outs, and leaves only inside a sum.");
  s.Key("metrics",
        Choices(job.eval.metrics, {{"loss", Metric::kLoss},
                                   {"accuracy", Metric::kAccuracy},
                                   {"bits_per_byte", Metric::kBitsPerByte}}),
        "figures of every round");
  s.Key("exact", Bool(job.eval.exact), "exact counts of examples instead of weighted means");
  s.Key("every", Whole(job.eval.every, 1, 1'000'000'000),
        "measure in the first round and in each after so many; the last model has its figures in any case");
  s.Section({"round"}, "How many rounds, and when one may go on.");
  s.Key("count", Whole(job.round.count, 1, kMaxRounds), "rounds of the job", Need::kRequired);
  s.Key("synchronous", Whole(job.round.synchronous, 0, kMaxRounds),
        "the first rounds, of one local step each and averaged plainly: a start in step");
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

void SamplesSections(Schema& s, SamplesSpec& samples) {
  s.Section(
      {"samples"},
      "llama: what accord job samples lets the common model say as training goes on. It is made where it "
      "is asked for, from the job's model alone.");
  s.Key("tokens", Whole(samples.tokens, 1, 4'096), "tokens of each sample");
  for (auto& [name, prompt] : samples.prompts) {
    s.Section({"samples", name}, "A sample, named as a nation or a language.");
    s.Key("prompt", Text(prompt, "text", CheckPrompt), "how its text begins", Need::kRequired);
  }
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
  s.Key("reshuffle", config::Bool(groups.reshuffle),
        "true: each round deals the nodes anew to groups of the same sizes, by a draw that every node makes "
        "for "
        "itself from the members' votes, so that scores of single nodes can be told from the groups' sums "
        "(docs/governance.md, with the price); the charter has to allow it: contribution_scores");
  for (auto& [name, nodes] : groups.nodes) {
    s.Section({"groups", name}, "A group, for as long as the job runs, unless groups.reshuffle.");
    s.Key("nodes",
          TextList(nodes,
                   [](const std::string& node) -> std::string {
                     const std::size_t slash = node.find('/');  // DOMAIN/NAME
                     const bool both = slash == std::string::npos || IsName(node.substr(0, slash));
                     return both && IsName(node.substr(slash + 1))
                                ? ""
                                : "\"" + Printable(node, 100) + "\" is not the name of a node";
                   }),
          "names of its nodes; DOMAIN/NAME for one of a member's own trust domain", Need::kRequired);
  }
}

}  // namespace

Schema JobSchema(JobSpec& job) {
  Schema schema;
  PlanSections(schema, job);
  ModelSections(schema, job);
  PartsSections(schema, job);
  TrainingSections(schema, job.inner);
  CombiningSections(schema, job);
  SamplesSections(schema, job.samples);
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
  for (const std::string& id : Ids(document, "samples")) job.samples.prompts[id];
  Schema schema = JobSchema(job);
  schema.Apply(document);
  job.has_corrupt = schema.Has("corrupt");
  job.inner.has_local_steps = schema.Has("inner.local_steps");
  if (schema.Readable()) CheckJob(schema, job);
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kJobInvalid, name));
  job.plan = toml;
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
