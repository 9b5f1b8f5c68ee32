#include "config/job_checks.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/job_file.h"

namespace accord::config {
namespace {

// a * b, or more than any limit when it would overflow.
std::uint64_t Times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}
std::uint64_t Plus(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

// Parameters that the model has at the least: dense layers of mlp, the convolutions and dense layers that are
// written out for cnn. src/model counts exactly.
std::uint64_t LeastParameters(const ModelSpec& model) {
  std::uint64_t total = 0;
  std::uint64_t width = 1;
  if (model.kind == "cnn") {
    std::uint64_t channels = model.input.size() == 3 ? model.input.front() : 1;
    for (const std::uint64_t next : model.channels) {
      total = Plus(total, Times(25, Times(channels, next)));
      channels = next;
    }
    width = model.channels.empty() ? 1 : channels;
  } else {
    for (const std::uint64_t edge : model.input) width = Times(width, edge);
  }
  for (const std::uint64_t next : model.hidden) {
    total = Plus(total, Times(Plus(width, 1), next));
    width = next;
  }
  return Plus(total, Times(Plus(width, 1), model.classes));
}

const std::vector<std::string_view>& LlamaKeys() {
  static const std::vector<std::string_view> kKeys = {"model.preset",
                                                      "model.hidden_size",
                                                      "model.intermediate_size",
                                                      "model.num_hidden_layers",
                                                      "model.num_attention_heads",
                                                      "model.num_key_value_heads",
                                                      "model.max_position_embeddings",
                                                      "model.rms_norm_eps",
                                                      "model.rope_theta",
                                                      "model.tie_word_embeddings",
                                                      "inner.checkpointing",
                                                      "inner.precision"};
  return kKeys;
}

void Needs(Schema& schema, std::string_view path, const std::string& with) {
  if (!schema.Has(path)) schema.Complain(std::string(path), "is missing, " + with + " needs it");
}

void CheckLlama(Schema& schema, const JobSpec& job) {
  const LlamaSpec& llama = job.model.llama;
  OnlyWith(schema, false, {"model.input", "model.classes", "model.hidden", "model.channels"},
           "kind = \"mlp\" or \"cnn\"");
  if (llama.preset.empty()) {
    for (const std::string_view path :
         {"model.hidden_size", "model.intermediate_size", "model.num_hidden_layers",
          "model.num_attention_heads", "model.max_position_embeddings"}) {
      Needs(schema, path, "kind = \"llama\" without a preset");
    }
  }
  if (job.text.tokenizer != "byte") Needs(schema, "model.vocab_size", "a tokenizer other than \"byte\"");
  if (schema.Has("model.max_position_embeddings") && job.text.context > llama.max_position_embeddings)
    schema.Complain("data.context", "is above model.max_position_embeddings");
}

void CheckModel(Schema& schema, const JobSpec& job) {
  if (!schema.Good({"model.kind"})) return;
  const ModelSpec& model = job.model;
  const bool llama = model.kind == "llama";
  const bool unigram = model.kind == "unigram";
  OnlyWith(schema, llama, LlamaKeys(), "kind = \"llama\"");
  OnlyWith(schema, llama || unigram, {"model.vocab_size", "data.tokenizer", "data.context"},
           "kind = \"llama\" or \"unigram\"");
  if (llama) return CheckLlama(schema, job);
  if (unigram) return CheckUnigram(schema, job);
  for (const std::string_view path : {"model.input", "model.classes"})
    Needs(schema, path, "kind = \"" + model.kind + "\"");
  const bool cnn = model.kind == "cnn";
  OnlyWith(schema, cnn, {"model.channels"}, "kind = \"cnn\"");
  if (schema.Good({"model.input"})) {
    if (model.input.empty()) {
      schema.Complain("model.input", "must not be empty");
    } else if (cnn && model.input.size() != 2 && model.input.size() != 3) {
      schema.Complain("model.input", "cnn needs [height, width] or [channels, height, width]");
    }
  }
  if (!schema.Good({"model.input", "model.classes", "model.hidden", "model.channels"})) return;
  if (const std::uint64_t least = LeastParameters(model); least > kMaxParameters) {
    schema.Complain("model", "has at least " + (least == UINT64_MAX ? "2^64" : std::to_string(least)) +
                                 " parameters; the most is " + std::to_string(kMaxParameters));
  }
}

// A list that says nothing, or something twice.
void CheckNames(Schema& schema, std::string_view path, const std::vector<std::string>& names) {
  if (!schema.Has(path) || !schema.Good({path})) return;
  if (names.empty()) schema.Complain(std::string(path), "must not be empty");
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    const bool plain = !name.empty() && !name.starts_with('.') && !name.ends_with('.');
    if (!plain) schema.Complain(std::string(path), "\"" + Printable(name, 100) + "\" is not a name");
    if (!seen.insert(name).second) schema.Complain(std::string(path), Printable(name, 100) + " stands twice");
  }
}

// What begins from given weights is the whole model, the same at all nodes.
void CheckStart(Schema& schema, const JobSpec& job) {
  if (!schema.Has("model.start") || !schema.Good({"model.start", "model.kind"})) return;
  if (job.model.kind == "unigram")
    schema.Complain("model.start", "does not go with kind = \"unigram\", which begins with its vocabulary");
  if (schema.Good({"adapter.kind"}) && job.adapter.kind != AdapterKind::kNone)
    schema.Complain("model.start",
                    "does not go with an adapter: adapter.base names what is beside it, and it begins as the "
                    "seed draws it");
  if (schema.Good({"personal.kind"}) && job.personal.kind == PersonalKind::kFedPer)
    schema.Complain("model.start",
                    "does not go with kind = \"fedper\": what stays at a node begins as the seed draws it");
}

// model/partition.h says whether the names are there; here is what a file alone can get wrong.
void CheckParts(Schema& schema, const JobSpec& job) {
  if (!schema.Good({"adapter.kind", "personal.kind"})) return;
  const bool adapter = job.adapter.kind != AdapterKind::kNone;
  OnlyWith(schema, adapter, {"adapter.rank", "adapter.alpha", "adapter.projections", "adapter.base"},
           "an adapter.kind");
  if (adapter) Needs(schema, "adapter.base", "an adapter");
  if (adapter && job.model.kind != "llama" && !job.model.kind.empty())
    Needs(schema, "adapter.projections", "an adapter of a model other than llama");
  const bool fedper = job.personal.kind == PersonalKind::kFedPer;
  const bool ditto = job.personal.kind == PersonalKind::kDitto;
  OnlyWith(schema, fedper, {"personal.tensors"}, "kind = \"fedper\"");
  OnlyWith(schema, ditto, {"personal.lambda", "personal.local_steps"}, "kind = \"ditto\"");
  if (fedper) Needs(schema, "personal.tensors", "kind = \"fedper\"");
  if (ditto) Needs(schema, "personal.local_steps", "kind = \"ditto\"");
  if (job.adapter.kind == AdapterKind::kFedSaLora && (fedper || ditto))
    schema.Complain("personal.kind", "fedsa-lora has a personal part already: its B");
  CheckNames(schema, "adapter.projections", job.adapter.projections);
  CheckNames(schema, "personal.tensors", job.personal.tensors);
}

void CheckUnit(Schema& schema, const ScheduleSpec& schedule) {
  const bool steps = schedule.unit == ScheduleUnit::kStep;
  OnlyWith(schema, steps, {"inner.schedule.warmup_steps"}, "unit = \"step\"");
  OnlyWith(schema, !steps, {"inner.schedule.warmup_rounds", "inner.schedule.step_rounds"},
           "unit = \"round\"");
  if (steps) Needs(schema, "inner.local_steps", "unit = \"step\"");
  if (schedule.kind == ScheduleKind::kStep && steps)
    schema.Complain("inner.schedule.unit", "kind = \"step\" falls by rounds");
  if (schedule.kind == ScheduleKind::kWsd && !steps)
    schema.Complain("inner.schedule.unit", "kind = \"wsd\" falls by steps: unit = \"step\"");
}

void CheckInner(Schema& schema, const InnerSpec& inner, const RoundSpec& round) {
  if (schema.Good({"inner", "inner.local_epochs", "inner.local_steps"})) {
    const bool epochs = schema.Has("inner.local_epochs");
    const bool steps = schema.Has("inner.local_steps");
    if (epochs && steps)
      schema.Complain("inner.local_steps", "give either local_epochs or local_steps, not both");
    if (!epochs && !steps) schema.Complain("inner", "local_epochs or local_steps is missing");
  }
  if (schema.Good({"inner.optimizer"})) {
    const bool sgd = inner.optimizer == OptimizerKind::kSgd;
    OnlyWith(schema, sgd, {"inner.momentum"}, "optimizer = \"sgd\"");
    OnlyWith(schema, !sgd, {"inner.beta1", "inner.beta2", "inner.epsilon"},
             "optimizer = \"adam\" or \"adamw\"");
  }
  const ScheduleSpec& schedule = inner.schedule;
  if (schema.Good({"inner.schedule.kind"})) {
    const bool wsd = schedule.kind == ScheduleKind::kWsd;
    OnlyWith(schema, schedule.kind == ScheduleKind::kCosine || wsd, {"inner.schedule.min_lr"},
             "kind = \"cosine\" or \"wsd\"");
    OnlyWith(schema, wsd, {"inner.schedule.decay_steps"}, "kind = \"wsd\"");
    if (wsd) Needs(schema, "inner.schedule.decay_steps", "kind = \"wsd\"");
    CheckUnit(schema, schedule);
    const bool step = schedule.kind == ScheduleKind::kStep;
    OnlyWith(schema, step, {"inner.schedule.step_rounds", "inner.schedule.gamma"}, "kind = \"step\"");
    if (step && !schema.Has("inner.schedule.step_rounds")) {
      schema.Complain("inner.schedule.step_rounds", "is missing, kind = \"step\" needs it");
    }
  }
  if (schema.Good({"inner.lr", "inner.schedule.min_lr"}) && schema.Has("inner.lr") &&
      schedule.min_lr > inner.lr) {
    schema.Complain("inner.schedule.min_lr", "is above inner.lr");
  }
  if (schema.Good({"inner.schedule.warmup_rounds", "round.count"}) && schema.Has("round.count") &&
      schedule.warmup_rounds > round.count) {
    schema.Complain("inner.schedule.warmup_rounds", "is above round.count");
  }
}

// A node goes through all steps of a round to say what share its own are (strategy::Reach), and nothing can
// stop it there: so many take some tenths of a second.
constexpr std::uint64_t kMaxDynamicSteps = 1'000'000;

// Where slow nodes take fewer steps than others, what would be wrong or would hold all up none the less.
void CheckDynamicSteps(Schema& schema, const JobSpec& job) {
  OnlyWith(schema, schema.Has("inner.round_time"), {"inner.min_steps"}, "inner.round_time");
  if (!schema.Has("inner.round_time") || !schema.Good({"inner.round_time", "inner.local_steps"})) return;
  Needs(schema, "inner.local_steps", "inner.round_time");
  const InnerSpec& inner = job.inner;
  if (schema.Has("inner.local_steps") && inner.local_steps < 2)
    schema.Complain("inner.round_time",
                    "leaves nothing to choose with inner.local_steps = " + std::to_string(inner.local_steps));
  if (inner.local_steps > kMaxDynamicSteps)
    schema.Complain("inner.local_steps", std::to_string(inner.local_steps) + " is above " +
                                             std::to_string(kMaxDynamicSteps) +
                                             ", the most with inner.round_time");
  if (schema.Good({"inner.min_steps"}) && inner.min_steps > inner.local_steps)
    schema.Complain("inner.min_steps", "is above inner.local_steps");
  if (schema.Good({"round.max_wait"}) && schema.Has("round.max_wait") &&
      inner.round_time > job.round.max_wait)
    schema.Complain("inner.round_time", "is above round.max_wait: rounds would end before it");
  if (schema.Has("streaming.fragments"))
    schema.Complain("inner.round_time",
                    "does not go with [streaming]: an update there is of the steps of several rounds");
  if (schema.Good({"personal.kind"}) && job.personal.kind == PersonalKind::kDitto)
    schema.Complain("inner.round_time",
                    "does not go with kind = \"ditto\": the steps of a node's own model are the plan's");
}

// secagg.md 2.5: n of the job's parameters is the least cohort, round.min_nodes.
void CheckThresholds(Schema& schema, const JobSpec& job) {
  if (!schema.Good({"secure", "corrupt", "round.min_nodes", "round.min_survivors"})) return;
  if (!schema.Has("round.min_nodes") || !schema.Has("round.min_survivors")) return;
  const std::uint32_t n = job.round.min_nodes;
  const std::uint32_t survivors = job.round.min_survivors;
  if (survivors > n) {
    schema.Complain("round.min_survivors",
                    std::to_string(survivors) + " is above round.min_nodes = " + std::to_string(n));
  }
  if (job.secure == SecureMode::kOff) return;
  const std::uint32_t corrupt = Corrupt(job);
  if (n < 3) {
    schema.Complain("round.min_nodes", "secure aggregation hides a nation among at least 3 nodes, not " +
                                           std::to_string(n) + "; or set secure = \"off\"");
    return;
  }
  if (corrupt > n - 2) {
    schema.Complain("corrupt",
                    std::to_string(corrupt) +
                        " leaves fewer than two honest nodes of round.min_nodes = " + std::to_string(n));
    return;
  }
  const bool malicious = job.secure == SecureMode::kMalicious;
  const std::uint32_t t = malicious ? (n + corrupt) / 2 + 1 : std::max(corrupt + 1, n / 2 + 1);
  const std::uint32_t least = std::max({t, corrupt + 2, 3U});
  if (survivors >= least) return;
  schema.Complain(
      "round.min_survivors",
      std::to_string(survivors) + " is below max(t, T + 2, 3) = " + std::to_string(least) +
          ", where t = " + (malicious ? "floor((n + T) / 2) + 1" : "max(T + 1, floor(n / 2) + 1)") + " = " +
          std::to_string(t) + ", n = round.min_nodes = " + std::to_string(n) +
          ", T = corrupt = " + std::to_string(corrupt));
}

void CheckFragments(Schema& schema, const JobSpec& job) {
  if (!schema.Good({"streaming.fragments", "streaming.delay", "inner.local_steps"})) return;
  const std::uint64_t steps = job.inner.local_steps;
  const std::uint64_t interval = steps / job.streaming.fragments;
  if (steps == 0 || steps % job.streaming.fragments != 0) {
    schema.Complain("streaming.fragments",
                    std::to_string(job.streaming.fragments) +
                        " does not divide inner.local_steps = " + std::to_string(steps));
  } else if (job.streaming.delay >= interval) {
    schema.Complain("streaming.delay", std::to_string(job.streaming.delay) + " is not below the " +
                                           std::to_string(interval) +
                                           " steps between two fragments, inner.local_steps / fragments");
  }
}

// What a model of this shape cannot have, model/partition.h and update/exchange.h say.
void CheckStreaming(Schema& schema, const JobSpec& job) {
  if (!schema.Has("streaming.fragments") && !schema.Has("streaming.delay") && !schema.Has("streaming.alpha"))
    return;
  Needs(schema, "streaming.fragments", "[streaming]");
  Needs(schema, "inner.local_steps", "[streaming]");
  if (schema.Has("inner.local_steps")) CheckFragments(schema, job);
  if (schema.Good({"inner.keep_state"}) && !job.inner.keep_state)
    schema.Complain("inner.keep_state",
                    "must be true with [streaming]: rounds are one training that goes on");
  if (schema.Good({"inner.proximal"}) && job.inner.proximal > 0.0)
    schema.Complain("inner.proximal",
                    "pulls towards the round's model, with which nodes that stream do not begin");
  if (schema.Good({"personal.kind"}) && job.personal.kind != PersonalKind::kNone)
    schema.Complain("personal.kind", "does not go with [streaming]: it was trained beside the round's model");
  if (schema.Good({"adapter.kind"}) && job.adapter.kind == AdapterKind::kFedSaLora)
    schema.Complain("adapter.kind", "\"fedsa-lora\" does not go with [streaming]: its B stays at the node");
}

void CheckOuter(Schema& schema, const OuterSpec& outer) {
  if (!schema.Good({"outer.rule"})) return;
  const std::string& rule = outer.rule;
  const bool adaptive = rule.starts_with("fedad") || rule.starts_with("fedyogi");
  OnlyWith(schema, rule == "fedavgm" || rule == "diloco", {"outer.momentum"},
           "rule = \"fedavgm\" or \"diloco\"");
  OnlyWith(schema, adaptive, {"outer.beta1", "outer.beta2", "outer.tau"},
           "rule = \"fedadagrad\", \"fedadam\" or \"fedyogi\"");
  if (rule.starts_with("fedadagrad") && schema.Has("outer.beta2"))
    schema.Complain("outer.beta2", "fedadagrad adds up second moments; it has no decay");
}

void CheckRound(Schema& schema, const JobSpec& job) {
  const RoundSpec& round = job.round;
  OnlyWith(schema, job.inner.has_local_steps, {"round.synchronous"}, "inner.local_steps");
  if (schema.Good({"round.synchronous", "round.count"}) && schema.Has("round.count") &&
      round.synchronous > round.count) {
    schema.Complain("round.synchronous", "is above round.count");
  }
  if (schema.Good({"round.min_wait", "round.max_wait"}) && schema.Has("round.min_wait") &&
      schema.Has("round.max_wait") && round.min_wait > round.max_wait) {
    schema.Complain("round.min_wait", "is above round.max_wait");
  }
  OnlyWith(schema, schema.Has("round.goal"), {"round.over_selection"}, "round.goal");
  if (!schema.Good({"round.goal", "round.over_selection", "round.min_nodes", "round.min_survivors"})) return;
  if (!schema.Has("round.goal")) return;
  if (round.goal < round.min_survivors) {
    schema.Complain("round.goal", std::to_string(round.goal) + " is below round.min_survivors = " +
                                      std::to_string(round.min_survivors));
  }
  if (round.goal + round.over_selection < round.min_nodes) {
    schema.Complain("round.min_nodes", std::to_string(round.min_nodes) +
                                           " is above round.goal + round.over_selection = " +
                                           std::to_string(round.goal + round.over_selection));
  }
}

}  // namespace

void OnlyWith(Schema& schema, bool applies, const std::vector<std::string_view>& paths,
              const std::string& with) {
  for (const std::string_view path : paths) {
    if (!applies && schema.Has(path)) schema.Complain(std::string(path), "has a meaning only with " + with);
  }
}

void CheckJob(Schema& schema, const JobSpec& job) {
  if (schema.Good({"version"}) && schema.Has("version") && job.version != 1) {
    schema.Complain("version", std::to_string(job.version) + " is not known; this program reads version 1");
  }
  CheckModel(schema, job);
  CheckParts(schema, job);
  CheckStart(schema, job);
  CheckInner(schema, job.inner, job.round);
  CheckDynamicSteps(schema, job);
  CheckThresholds(schema, job);
  CheckOuter(schema, job.outer);
  CheckStreaming(schema, job);
  CheckRound(schema, job);
  CheckSamples(schema, job);
  CheckGroups(schema, job);
}

}  // namespace accord::config
