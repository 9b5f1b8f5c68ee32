#include "study/graduate.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/text.h"
#include "model/frozen.h"
#include "model/gguf_adapter.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/partition.h"
#include "model/peft_export.h"
#include "model/safetensors.h"
#include "study/scratch.h"
#include "study/whole_model.h"
#include "trainer/torch_trainer.h"

namespace accord::study {
namespace {

constexpr std::uint64_t kWarmupPart = 20;  // of the steps
constexpr double kLastRate = 0.1;          // of the greatest

Status Invalid(const std::string& what) {
  return Fail(errors::kJobInvalid, what, "See: accord-node graduate --help");
}

Status CheckNew(const std::filesystem::path& path) {
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return {};
  return Fail(errors::kCliExists, "\"" + Printable(path.string(), 200) + "\" is there already",
              "Choose another name, or remove it first.");
}

Status CheckWish(const GraduateWish& wish) {
  if (!wish.kept.empty() && !model::HasPersonal(wish.job))
    return Invalid("no part of this job's model stays at a node");
  if (wish.method != GraduateMethod::kNone && wish.steps == 0)
    return Invalid("a graduate takes at least one step");
  if (!std::isfinite(wish.lr) || wish.lr < 0.0) return Invalid("the learning rate must be above 0");
  if (!std::isfinite(wish.lambda) || wish.lambda < 0.0) return Invalid("lambda must not be below 0");
  if (!wish.adapter_out.empty() && wish.method != GraduateMethod::kLora)
    return Invalid("only a graduate by lora has an adapter to write");
  if (wish.adapter_out.extension() == ".gguf" && wish.job.model.kind != "llama")
    return Invalid("a GGUF file is of a language model's adapter");
  ACCORD_RETURN_IF_ERROR(CheckNew(wish.out));
  return CheckNew(wish.adapter_out);
}

// One round on this lab's data that follows nobody else's schedule.
JobSpec TuningOf(const GraduateWish& wish, const JobSpec& resolved) {
  JobSpec job = resolved;
  job.adapter = {};
  job.personal = {};
  job.streaming = {};
  job.seed = wish.seed;
  job.round.count = 1;
  job.round.synchronous = 0;
  InnerSpec& inner = job.inner;
  inner.has_local_steps = true;
  inner.local_steps = wish.steps;
  if (wish.lr > 0.0) inner.lr = wish.lr;
  if (wish.batch > 0) inner.batch = wish.batch;
  inner.keep_state = false;
  inner.proximal = wish.method == GraduateMethod::kDitto ? wish.lambda : 0.0;
  inner.schedule = {.kind = ScheduleKind::kCosine,
                    .unit = ScheduleUnit::kStep,
                    .warmup_steps = wish.steps / kWarmupPart,
                    .min_lr = kLastRate * inner.lr};
  return job;
}

Result<std::unique_ptr<Trainer>> OpenTrainer(const GraduateWish& wish, const JobSpec& job,
                                             const DatasetConfig& data) {
  ACCORD_ASSIGN_OR_RETURN(const auto factory,
                          trainer::MakeTorchTrainerFactory({.threads = wish.threads,
                                                            .device = trainer::Device::kCpu,
                                                            .shuffle_seed = wish.seed,
                                                            .cache = wish.cache}));
  return factory->Create(job, data);
}

Result<Worth> WorthIn(const GraduateWish& wish, Trainer& trainer, std::span<const float> weights) {
  ACCORD_ASSIGN_OR_RETURN(const EvalOutcome outcome, trainer.Evaluate(weights, wish.stop));
  if (outcome.examples == 0)
    return Fail(errors::kDataEmpty, "there is no hold-out to say what a graduate is worth");
  return WorthOf(outcome);
}

// The weights of `start` after the tuning, with what both are worth.
Result<std::vector<float>> Tune(const GraduateWish& wish, Trainer& trainer, std::span<const float> start,
                                Graduate& graduate) {
  ACCORD_ASSIGN_OR_RETURN(graduate.common, WorthIn(wish, trainer, start));
  std::vector<float> result(start.size());
  ACCORD_ASSIGN_OR_RETURN(const TrainOutcome outcome, trainer.Train({.round = 1,
                                                                     .weights = start,
                                                                     .result = result,
                                                                     .checkpoint = {},
                                                                     .state = {},
                                                                     .progress = wish.progress,
                                                                     .stop = wish.stop}));
  if (!std::ranges::all_of(result, [](float x) { return std::isfinite(x); }))
    return Fail(errors::kUpdateNotFinite, "the tuning diverged", "Lower the learning rate.");
  graduate.examples = outcome.examples;
  ACCORD_ASSIGN_OR_RETURN(graduate.worth, WorthIn(wish, trainer, result));
  return result;
}

struct Place {
  const JobSpec& job;  // of the tuning
  const ModelLayout& layout;
};

// Tunes an adapter, merges it into `weights`, and writes it where that is wished.
Status TuneAdapter(const GraduateWish& wish, const Place& place, std::vector<float>& weights,
                   Graduate& graduate) {
  ACCORD_ASSIGN_OR_RETURN(const auto scratch, Scratch::Make());
  JobSpec job = place.job;
  DatasetConfig data = wish.data;
  data.base = scratch->path() / "base";
  ACCORD_ASSIGN_OR_RETURN(const Digest hash, model::WriteSafetensors(data.base, place.layout, weights));
  job.adapter = wish.adapter;
  job.adapter.kind = AdapterKind::kLora;
  job.adapter.base = model::NameOfHash(hash);
  ACCORD_ASSIGN_OR_RETURN(const model::Adapter adapter,
                          model::MakeAdapter(job.adapter, job.model, place.layout));
  ACCORD_ASSIGN_OR_RETURN(const auto trainer, OpenTrainer(wish, job, data));
  std::vector<float> start(adapter.layout.size);
  model::InitialWeights(adapter.layout, job.seed, start);
  ACCORD_ASSIGN_OR_RETURN(const std::vector<float> tuned, Tune(wish, *trainer, start, graduate));
  model::Merge(adapter, tuned, weights);
  if (wish.adapter_out.empty()) return {};
  if (wish.adapter_out.extension() == ".gguf")
    return model::WriteGgufAdapter(wish.adapter_out, model::GgufType::kF32,
                                   {job.model.llama, adapter, tuned, job.name}, FileMode::kPrivate);
  return model::WritePeftAdapter(
      wish.adapter_out, {.spec = job.adapter, .model = job.model, .adapter = adapter, .weights = tuned});
}

Status TuneWhole(const GraduateWish& wish, const Place& place, std::vector<float>& weights,
                 Graduate& graduate) {
  ACCORD_ASSIGN_OR_RETURN(const auto trainer, OpenTrainer(wish, place.job, wish.data));
  ACCORD_ASSIGN_OR_RETURN(weights, Tune(wish, *trainer, weights, graduate));
  return {};
}

// The model as it is; of Ditto the node's own beside the common one.
Status TakeWhole(const GraduateWish& wish, const Place& place, const WholeModel& whole,
                 std::span<const float> weights, Graduate& graduate) {
  ACCORD_ASSIGN_OR_RETURN(const auto trainer, OpenTrainer(wish, place.job, wish.data));
  ACCORD_ASSIGN_OR_RETURN(graduate.worth, WorthIn(wish, *trainer, weights));
  if (whole.kept.empty() || whole.job.personal.kind != PersonalKind::kDitto) return {};
  WholeModel common = {.job = whole.job, .model = whole.model, .base = whole.base, .kept = {}};
  ACCORD_ASSIGN_OR_RETURN(const std::vector<float> others, ReadWhole(common));
  ACCORD_ASSIGN_OR_RETURN(graduate.common, WorthIn(wish, *trainer, others));
  return {};
}

}  // namespace

Result<Graduate> MakeGraduate(const GraduateWish& wish) {
  ACCORD_RETURN_IF_ERROR(CheckWish(wish));
  JobSpec job = wish.job;
  ACCORD_ASSIGN_OR_RETURN(job.model, model::Resolve(job.model));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, model::BuildLayout(job.model));
  const WholeModel whole{.job = job, .model = wish.model, .base = wish.data.base, .kept = wish.kept};
  ACCORD_ASSIGN_OR_RETURN(std::vector<float> weights, ReadWhole(whole));
  const JobSpec tuning = TuningOf(wish, job);
  const Place place{tuning, layout};
  Graduate graduate;
  Status done;
  if (wish.method == GraduateMethod::kNone) {
    done = TakeWhole(wish, place, whole, weights, graduate);
  } else if (wish.method == GraduateMethod::kLora) {
    done = TuneAdapter(wish, place, weights, graduate);
  } else {
    done = TuneWhole(wish, place, weights, graduate);
  }
  ACCORD_RETURN_IF_ERROR(done);
  Result<Digest> written = model::WriteSafetensors(wish.out, layout, weights, FileMode::kPrivate);
  if (!written.ok()) {
    std::error_code ignored;
    if (!wish.adapter_out.empty()) std::filesystem::remove_all(wish.adapter_out, ignored);
    return written.status();
  }
  graduate.hash = *written;
  return graduate;
}

}  // namespace accord::study
