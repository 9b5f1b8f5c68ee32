#include "model/partition.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/text.h"
#include "model/layout.h"

namespace accord::model {
namespace {

constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kA = ".lora_A.weight";
constexpr std::string_view kB = ".lora_B.weight";

Status Invalid(const std::string& what) { return Fail(errors::kJobInvalid, what); }

std::string Quoted(std::string_view name) { return "\"" + Printable(name, 100) + "\""; }

std::string_view ModuleOf(std::string_view tensor) {
  return tensor.ends_with(kWeight) ? tensor.substr(0, tensor.size() - kWeight.size()) : std::string_view();
}

bool Takes(std::string_view projection, std::string_view module) {
  return module == projection ||
         (module.ends_with(projection) && module[module.size() - projection.size() - 1] == '.');
}

// A table of vectors is no map of them, though it is a matrix.
bool IsLinear(const TensorSpec& tensor, std::string_view module) {
  return tensor.shape.size() == 2 && !module.ends_with("embed_tokens");
}

Status CheckRank(const AdaptedMatrix& matrix, std::uint64_t rank) {
  if (rank <= std::min(matrix.out, matrix.in)) return {};
  return Invalid("adapter.rank = " + std::to_string(rank) + " is above the smaller side of " + matrix.module +
                 " [" + std::to_string(matrix.out) + ", " + std::to_string(matrix.in) + "]");
}

Result<std::vector<std::string>> ProjectionsOf(const AdapterSpec& spec, const ModelSpec& model) {
  if (!spec.projections.empty()) return spec.projections;
  if (model.kind != "llama")
    return Invalid("adapter.projections is missing: a " + model.kind + " has no usual ones");
  const auto all = LlamaProjections();
  return std::vector<std::string>(all.begin(), all.end());
}

Result<std::vector<AdaptedMatrix>> MatricesOf(const std::vector<std::string>& projections,
                                              const ModelLayout& base) {
  std::vector<bool> taken(projections.size());
  std::vector<AdaptedMatrix> matrices;
  for (const TensorSpec& tensor : base.tensors) {
    const std::string_view module = ModuleOf(tensor.name);
    bool adapted = false;
    for (std::size_t i = 0; i < projections.size() && !module.empty(); ++i) {
      if (!Takes(projections[i], module)) continue;
      if (!IsLinear(tensor, module))
        return Invalid("adapter.projections: " + tensor.name + " is no matrix of a linear map");
      adapted = taken[i] = true;
    }
    if (!adapted) continue;
    matrices.push_back(
        {.module = std::string(module), .out = tensor.shape[0], .in = tensor.shape[1], .w = tensor.offset});
  }
  const auto none = std::ranges::find(taken, false);
  if (none == taken.end()) return matrices;
  return Invalid("adapter.projections: the model has no matrix called " +
                 Quoted(projections[static_cast<std::size_t>(none - taken.begin())]));
}

std::string NameOf(const AdaptedMatrix& matrix, std::string_view which) {
  return "base_model.model." + matrix.module + std::string(which);
}

// Whether `part` stands in the name as one or several whole components.
bool HasPart(const std::string& name, const std::string& part) {
  return ("." + name + ".").find("." + part + ".") != std::string::npos;
}

// Which of the trained tensors stay: by job, and by kind of adapter.
Result<std::vector<bool>> PersonalOf(const JobSpec& job, const ModelLayout& trained) {
  std::vector<bool> stays(trained.tensors.size());
  if (job.adapter.kind == AdapterKind::kFedSaLora) {
    for (std::size_t i = 0; i < stays.size(); ++i) stays[i] = trained.tensors[i].name.ends_with(kB);
    return stays;
  }
  if (job.personal.kind != PersonalKind::kFedPer) return stays;
  for (const std::string& part : job.personal.tensors) {
    bool found = false;
    for (std::size_t i = 0; i < stays.size(); ++i) {
      if (!HasPart(trained.tensors[i].name, part)) continue;
      found = stays[i] = true;
    }
    if (!found) return Invalid("personal.tensors: no trained tensor has " + Quoted(part) + " in its name");
  }
  if (std::ranges::count(stays, false) == 0) return Invalid("personal.tensors: nothing is left to exchange");
  return stays;
}

// What the optimizer works on.
Result<ModelLayout> TrainedOf(const JobSpec& job, ModelLayout model) {
  if (job.adapter.kind == AdapterKind::kNone) return model;
  ACCORD_ASSIGN_OR_RETURN(Adapter adapter, MakeAdapter(job.adapter, job.model, model));
  if (job.adapter.kind != AdapterKind::kFfaLora) return std::move(adapter.layout);
  std::erase_if(adapter.layout.tensors, [](const TensorSpec& tensor) { return tensor.name.ends_with(kA); });
  return MakeLayout(std::move(adapter.layout.tensors));
}

}  // namespace

std::span<const std::string_view> LlamaProjections() {
  static constexpr std::string_view kAll[] = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                              "gate_proj", "up_proj", "down_proj"};
  return kAll;
}

Result<Adapter> MakeAdapter(const AdapterSpec& spec, const ModelSpec& model, const ModelLayout& base) {
  if (spec.rank == 0 || !(spec.alpha > 0.0)) return Invalid("adapter.rank and adapter.alpha must be above 0");
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> projections, ProjectionsOf(spec, model));
  Adapter adapter{
      .matrices = {}, .layout = {}, .rank = spec.rank, .scale = spec.alpha / static_cast<double>(spec.rank)};
  ACCORD_ASSIGN_OR_RETURN(adapter.matrices, MatricesOf(projections, base));
  std::vector<TensorSpec> tensors;
  for (const AdaptedMatrix& matrix : adapter.matrices) {
    ACCORD_RETURN_IF_ERROR(CheckRank(matrix, spec.rank));
    // Kaiming-uniform with a = sqrt(5), as PEFT starts A: a bound of sqrt(6 / ((1 + 5) in)).
    tensors.push_back({.name = NameOf(matrix, kA),
                       .shape = {spec.rank, matrix.in},
                       .init = {.bound = 1.0 / std::sqrt(static_cast<double>(matrix.in))}});
    tensors.push_back({.name = NameOf(matrix, kB), .shape = {matrix.out, spec.rank}});
  }
  ACCORD_ASSIGN_OR_RETURN(adapter.layout, MakeLayout(std::move(tensors)));
  for (AdaptedMatrix& matrix : adapter.matrices) {
    matrix.a = FindTensor(adapter.layout, NameOf(matrix, kA))->offset;
    matrix.b = FindTensor(adapter.layout, NameOf(matrix, kB))->offset;
  }
  return adapter;
}

void Merge(const Adapter& adapter, std::span<const float> weights, std::span<float> base) {
  ACCORD_CHECK(weights.size() == adapter.layout.size);
  const auto scale = static_cast<float>(adapter.scale);
  for (const AdaptedMatrix& m : adapter.matrices) {
    const auto a = weights.subspan(m.a, adapter.rank * m.in);
    const auto b = weights.subspan(m.b, m.out * adapter.rank);
    const auto w = base.subspan(m.w, m.out * m.in);
    for (std::uint64_t row = 0; row < m.out; ++row) {
      float* to = w.data() + row * m.in;
      for (std::uint64_t r = 0; r < adapter.rank; ++r) {
        const float factor = scale * b[row * adapter.rank + r];
        const float* from = a.data() + r * m.in;
        for (std::uint64_t i = 0; i < m.in; ++i) to[i] += factor * from[i];
      }
    }
  }
}

Result<Partition> MakePartition(const JobSpec& job) {
  if (job.adapter.kind == AdapterKind::kFedSaLora && job.personal.kind != PersonalKind::kNone)
    return Invalid("personal.kind: fedsa-lora has a personal part already: its B");
  ACCORD_ASSIGN_OR_RETURN(ModelLayout model, BuildLayout(job.model));
  Partition parts;
  ACCORD_ASSIGN_OR_RETURN(parts.trained, TrainedOf(job, std::move(model)));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<bool> stays, PersonalOf(job, parts.trained));
  std::vector<TensorSpec> shared, personal;
  for (std::size_t i = 0; i < stays.size(); ++i)
    (stays[i] ? personal : shared).push_back(parts.trained.tensors[i]);
  ACCORD_ASSIGN_OR_RETURN(parts.shared, MakeLayout(std::move(shared)));
  ACCORD_ASSIGN_OR_RETURN(parts.personal, MakeLayout(std::move(personal)));
  return parts;
}

bool HasPersonal(const JobSpec& job) {
  return job.adapter.kind == AdapterKind::kFedSaLora || job.personal.kind != PersonalKind::kNone;
}

}  // namespace accord::model
