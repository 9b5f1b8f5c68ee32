#include <torch/cuda.h>
#include <torch/version.h>

#include <cmath>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "data/text.h"
#include "model/frozen.h"
#include "model/layout.h"
#include "trainer/adapter_learner.h"
#include "trainer/blas.h"
#include "trainer/memory.h"
#include "trainer/torch_trainer.h"
#include "trainer/trainer.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

Status CheckMemory(const ModelLayout& model, const model::Partition& partition, const JobSpec& job) {
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t need, TrainingBytes(job, model, partition));
  return CheckFits("the model has " + std::to_string(model.size) + " parameters; training it", need);
}

Status CheckInner(const InnerSpec& inner) {
  if (inner.batch == 0) return Fail(errors::kJobInvalid, "inner.batch is 0");
  if (!std::isfinite(inner.lr)) return Fail(errors::kJobInvalid, "inner.lr is not a finite number");
  return {};
}

class TorchFactory final : public TrainerFactory {
 public:
  TorchFactory(const TorchOptions& options, at::Device device) : options_(options), device_(device) {}

  Result<std::unique_ptr<Trainer>> Create(const JobSpec& job, const DatasetConfig& data) override {
    return Guard("preparing the training", [&] { return Open(job, data); });
  }

  std::string Describe() const override {
    return "libtorch " TORCH_VERSION ", " + device_.str() + ", " + std::to_string(options_.threads) +
           (options_.threads == 1 ? " thread, " : " threads, ") +
           std::string(BlasName(DetectBlas(ReadMaps())));
  }

  std::vector<std::string> Warnings() const override {
    if (device_.is_cpu() && DetectBlas(ReadMaps()) == Blas::kReference) {
      return {
          "libtorch computes with the reference BLAS, which is 10 to 25 times slower than it need be; "
          "install libopenblas0-openmp"};
    }
    return {};
  }

 private:
  Result<std::unique_ptr<Trainer>> Open(JobSpec job, const DatasetConfig& data) const {
    ACCORD_RETURN_IF_ERROR(CheckInner(job.inner));
    ACCORD_ASSIGN_OR_RETURN(job.model, model::Resolve(job.model));
    ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, model::BuildLayout(job.model));
    ACCORD_ASSIGN_OR_RETURN(model::Partition partition, model::MakePartition(job));
    if (device_.is_cpu()) ACCORD_RETURN_IF_ERROR(CheckMemory(layout, partition, job));
    ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<Learner> learner, MakeLearner(job, layout, data));
    if (job.adapter.kind != AdapterKind::kNone) {
      ACCORD_ASSIGN_OR_RETURN(learner, WithAdapter(std::move(learner), job, partition, {layout, data.base}));
    }
    return std::unique_ptr<Trainer>(std::make_unique<TorchTrainer>(
        TorchTrainer::Parts{std::move(job), std::move(partition), std::move(learner), options_}));
  }

  struct Frozen {
    const ModelLayout& layout;
    const std::filesystem::path& path;
  };
  static Result<std::unique_ptr<Learner>> WithAdapter(std::unique_ptr<Learner> inner, const JobSpec& job,
                                                      const model::Partition& partition,
                                                      const Frozen& frozen) {
    ACCORD_ASSIGN_OR_RETURN(model::Adapter adapter,
                            model::MakeAdapter(job.adapter, job.model, frozen.layout));
    ACCORD_ASSIGN_OR_RETURN(const std::vector<float> base,
                            model::ReadFrozen(frozen.path, job.adapter.base, frozen.layout));
    return MakeAdapterLearner(
        std::move(inner),
        {.adapter = std::move(adapter), .trained = partition.trained, .base = base, .seed = job.seed});
  }

  Result<std::unique_ptr<Learner>> MakeLearner(const JobSpec& job, const ModelLayout& layout,
                                               const DatasetConfig& data) const {
    if (job.model.kind != "llama") {
      ACCORD_ASSIGN_OR_RETURN(data::Dataset dataset, data::LoadDataset(data, job.model));
      return MakeTableLearner(job.model, layout, std::move(dataset), device_);
    }
    if (options_.device == Device::kCuda) {
      return Fail(errors::kTrainerDevice, "a llama trains on the processor; device is cuda");
    }
    TextSpec text = job.text;
    if (text.context == 0) text.context = job.model.llama.max_position_embeddings;
    if (text.context > job.model.llama.max_position_embeddings) {
      return Fail(errors::kJobInvalid, "data.context is above model.max_position_embeddings");
    }
    ACCORD_ASSIGN_OR_RETURN(data::TextDataset dataset,
                            data::LoadText(data, text, job.model.llama.vocab_size, options_.cache));
    return MakeTextLearner(job, layout, std::move(dataset));
  }

  TorchOptions options_;
  at::Device device_;
};

}  // namespace

Result<std::unique_ptr<TrainerFactory>> MakeTorchTrainerFactory(const TorchOptions& options) {
  return Guard("starting libtorch", [&]() -> Result<std::unique_ptr<TrainerFactory>> {
    const bool cuda = options.device != Device::kCpu && torch::cuda::is_available();
    if (options.device == Device::kCuda && !cuda) {
      return Fail(errors::kTrainerDevice, "device is cuda, and this libtorch finds no CUDA device");
    }
    TorchOptions filled = options;
    if (filled.threads == 0) filled.threads = std::max(1U, std::thread::hardware_concurrency());
    return std::unique_ptr<TrainerFactory>(
        std::make_unique<TorchFactory>(filled, at::Device(cuda ? at::kCUDA : at::kCPU)));
  });
}

}  // namespace accord::trainer
