#include <torch/cuda.h>
#include <torch/version.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "data/text.h"
#include "model/frozen.h"
#include "model/layout.h"
#include "model/unigram.h"
#include "trainer/adapter_learner.h"
#include "trainer/blas.h"
#include "trainer/memory.h"
#include "trainer/torch_trainer.h"
#include "trainer/trainer.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

// What is not on a device of its own is in the machine's memory, and text is nowhere else.
bool TakesMemory(const Machine& machine, const JobSpec& job) {
  return machine.device.is_cpu() || model::ReadsText(job.model);
}

// Before anything of the model is made.
Status CheckMemory(const ModelLayout& model, const model::Partition& partition, const JobSpec& job) {
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t need, TrainingBytes(job, model, partition));
  return CheckFits("the model has " + std::to_string(model.size) + " parameters; training it", need);
}

// Before the first step, which would be killed for them: how many examples there are is known by now.
Status CheckActivations(const Machine& machine, const ModelLayout& model, const TorchTrainer::Parts& parts) {
  const JobSpec& job = parts.job;
  if (job.model.kind != "llama") return {};
  const LlamaSpec& llama = job.model.llama;
  const std::uint64_t context = job.text.context != 0 ? job.text.context : llama.max_position_embeddings;
  const std::uint64_t windows = LargestPart(job.inner, parts.learner->examples(),
                                            machine.options.group ? machine.options.group->size : 1);
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t flat, TrainingBytes(job, model, parts.partition));
  const std::uint64_t kept = ActivationBytes(llama, job.inner, windows, context);
  return CheckFits("training on " + std::to_string(windows) + " examples of " + std::to_string(context) +
                       " tokens at once (inner.accumulate and inner.checkpointing make it less)",
                   kept > UINT64_MAX - flat ? UINT64_MAX : flat + kept);
}

Status CheckInner(const InnerSpec& inner) {
  if (inner.batch == 0) return Fail(errors::kJobInvalid, "inner.batch is 0");
  if (!std::isfinite(inner.lr)) return Fail(errors::kJobInvalid, "inner.lr is not a finite number");
  return {};
}

struct Frozen {
  const ModelLayout& layout;
  const std::filesystem::path& path;
};

Result<std::unique_ptr<Learner>> WithAdapter(std::unique_ptr<Learner> inner, const JobSpec& job,
                                             const model::Partition& partition, const Frozen& frozen) {
  ACCORD_ASSIGN_OR_RETURN(model::Adapter adapter, model::MakeAdapter(job.adapter, job.model, frozen.layout));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<float> base,
                          model::ReadFrozen(frozen.path, job.adapter.base, frozen.layout, job.model));
  return MakeAdapterLearner(
      std::move(inner),
      {.adapter = std::move(adapter), .trained = partition.trained, .base = base, .seed = job.seed});
}

Result<std::unique_ptr<Learner>> MakeLearner(const Machine& machine, const JobSpec& job,
                                             const ModelLayout& layout, const DatasetConfig& data) {
  if (!model::ReadsText(job.model)) {
    ACCORD_ASSIGN_OR_RETURN(data::Dataset dataset, data::LoadDataset(data, job.model));
    return MakeTableLearner(job.model, layout, std::move(dataset), machine.device);
  }
  if (machine.options.device == Device::kCuda) {
    return Fail(errors::kTrainerDevice, "a " + job.model.kind + " trains on the processor; device is cuda");
  }
  if (job.model.kind == "unigram") return MakeUnigramLearner(job, data, machine.options.cache);
  TextSpec text = job.text;
  if (text.context == 0) text.context = job.model.llama.max_position_embeddings;
  if (text.context > job.model.llama.max_position_embeddings) {
    return Fail(errors::kJobInvalid, "data.context is above model.max_position_embeddings");
  }
  ACCORD_ASSIGN_OR_RETURN(data::TextDataset dataset,
                          data::LoadText(data, text, job.model.llama.vocab_size, machine.options.cache));
  return MakeTextLearner(job, layout, std::move(dataset));
}

class TorchFactory final : public TrainerFactory {
 public:
  TorchFactory(Machine machine, std::shared_ptr<GroupLeader> group)
      : machine_(std::move(machine)), group_(std::move(group)) {}

  Result<std::unique_ptr<Trainer>> Create(const JobSpec& job, const DatasetConfig& data) override {
    return Guard("preparing the training", [&]() -> Result<std::unique_ptr<Trainer>> {
      ACCORD_ASSIGN_OR_RETURN(TorchTrainer::Parts parts, OpenParts(machine_, job, data));
      parts.group = group_;
      return std::unique_ptr<Trainer>(std::make_unique<TorchTrainer>(std::move(parts)));
    });
  }

  std::string Describe() const override {
    const std::uint32_t threads = machine_.options.threads;
    return "libtorch " TORCH_VERSION ", " + machine_.device.str() + ", " + std::to_string(threads) +
           (threads == 1 ? " thread, " : " threads, ") + std::string(BlasName(DetectBlas(ReadMaps()))) +
           (group_ ? ", " + std::to_string(group_->place().size) + " processes" : "");
  }

  std::vector<std::string> Warnings() const override {
    if (machine_.device.is_cpu() && DetectBlas(ReadMaps()) == Blas::kReference) {
      return {
          "libtorch computes with the reference BLAS, which is 10 to 25 times slower than it need be; "
          "install libopenblas0-openmp"};
    }
    return {};
  }

 private:
  Machine machine_;
  std::shared_ptr<GroupLeader> group_;
};

}  // namespace

Result<Machine> FindMachine(const TorchOptions& options) {
  const bool cuda = options.device != Device::kCpu && torch::cuda::is_available();
  if (options.device == Device::kCuda && !cuda) {
    return Fail(errors::kTrainerDevice, "device is cuda, and this libtorch finds no CUDA device");
  }
  Machine machine{options, at::Device(cuda ? at::kCUDA : at::kCPU)};
  if (options.threads == 0) machine.options.threads = std::max(1U, std::thread::hardware_concurrency());
  return machine;
}

Result<TorchTrainer::Parts> OpenParts(const Machine& machine, JobSpec job, const DatasetConfig& data) {
  ACCORD_RETURN_IF_ERROR(CheckInner(job.inner));
  ACCORD_ASSIGN_OR_RETURN(job.model, model::Resolve(job.model));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, model::BuildLayout(job.model));
  ACCORD_ASSIGN_OR_RETURN(model::Partition partition, model::MakePartition(job));
  if (TakesMemory(machine, job)) ACCORD_RETURN_IF_ERROR(CheckMemory(layout, partition, job));
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<Learner> learner, MakeLearner(machine, job, layout, data));
  if (job.adapter.kind != AdapterKind::kNone) {
    ACCORD_ASSIGN_OR_RETURN(learner, WithAdapter(std::move(learner), job, partition, {layout, data.base}));
  }
  TorchTrainer::Parts parts{std::move(job), std::move(partition), std::move(learner), machine.options, {}};
  ACCORD_RETURN_IF_ERROR(CheckActivations(machine, layout, parts));
  return parts;
}

Result<std::unique_ptr<TrainerFactory>> MakeTorchTrainerFactory(const TorchOptions& options) {
  return Guard("starting libtorch", [&]() -> Result<std::unique_ptr<TrainerFactory>> {
    ACCORD_ASSIGN_OR_RETURN(Machine machine, FindMachine(options));
    std::shared_ptr<GroupLeader> group;
    if (options.group) {
      ACCORD_ASSIGN_OR_RETURN(group, GroupLeader::Open(*options.group));
    }
    return std::unique_ptr<TrainerFactory>(
        std::make_unique<TorchFactory>(std::move(machine), std::move(group)));
  });
}

}  // namespace accord::trainer
