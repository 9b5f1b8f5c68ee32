// Rules of kind = "unigram": what a step is, and so what may not be added to it.
#include <algorithm>
#include <string>

#include "config/job_checks.h"

namespace accord::config {
namespace {

// A wish that the steps of a unigram do not have.
void Not(Schema& schema, bool wished, const std::string& path, const std::string& why) {
  if (schema.Good({path}) && wished) schema.Complain(path, why);
}

// p <- (1 - g) p + g c is the step of rate g of EM (Cappe and Moulines, 0712.4273); sums over nations are
// EM over all their texts only while nothing else is done to them.
void CheckSteps(Schema& schema, const JobSpec& job) {
  const InnerSpec& inner = job.inner;
  const std::string em = "does not go with kind = \"unigram\", whose steps are those of EM";
  Not(schema, inner.optimizer != OptimizerKind::kSgd, "inner.optimizer", em + ": optimizer = \"sgd\"");
  Not(schema, inner.momentum != 0.0, "inner.momentum", em);
  Not(schema, inner.weight_decay != 0.0, "inner.weight_decay", em);
  Not(schema, inner.clip_norm != 0.0, "inner.clip_norm", em);
  Not(schema, inner.proximal != 0.0, "inner.proximal", em);
  Not(schema, inner.lr > 1.0, "inner.lr",
      "is above 1: with kind = \"unigram\" it is the share that a step takes");
  Not(schema, schema.Has("inner.round_time"), "inner.round_time", em + "; a slow node's would be stretched");
  Not(schema, job.outer.rule != "fedavg", "outer.rule", em + ": rule = \"fedavg\"");
  Not(schema, job.outer.lr != 1.0, "outer.lr", em + ": lr = 1");
  Not(schema, job.update.clip > 1.0, "update.clip", "is above 1, and no frequency of a unigram is");
  Not(schema, job.update.clip_rms != 0.0, "update.clip_rms",
      "would cut the most frequent pieces of a unigram, which are far above the mean");
}

}  // namespace

void CheckUnigram(Schema& schema, const JobSpec& job) {
  OnlyWith(schema, false, {"model.input", "model.classes", "model.hidden", "model.channels"},
           "kind = \"mlp\" or \"cnn\"");
  for (const std::string path : {"model.vocab_size", "data.tokenizer"}) {
    if (!schema.Has(path)) schema.Complain(path, "is missing, kind = \"unigram\" needs it");
  }
  Not(schema, schema.Has("data.tokenizer") && job.text.tokenizer == "byte", "data.tokenizer",
      "must name the vocabulary to begin with, \"sha256:\" and 64 hexadecimal digits");
  CheckSteps(schema, job);
  const std::string whole = "does not go with kind = \"unigram\", which is one small tensor for all";
  Not(schema, job.adapter.kind != AdapterKind::kNone, "adapter.kind", whole);
  Not(schema, job.personal.kind != PersonalKind::kNone, "personal.kind", whole);
  Not(schema, job.streaming.fragments > 1, "streaming.fragments", whole);
  Not(schema, std::ranges::count(job.eval.metrics, Metric::kAccuracy) > 0, "eval.metrics",
      "a unigram predicts nothing that could be right: \"accuracy\" has no meaning");
}

}  // namespace accord::config
