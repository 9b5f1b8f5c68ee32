#include "model/gguf_adapter.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "model/gguf_header.h"
#include "model/gguf_tensor.h"
#include "model/layout.h"

namespace accord::model {
namespace {

Result<std::vector<GgufTensor>> TensorsOf(const GgufAdapter& from, GgufType type) {
  std::vector<GgufTensor> tensors;
  for (const AdaptedMatrix& matrix : from.adapter.matrices) {
    const std::optional<std::string> name = GgufName(matrix.module);
    if (!name) return Fail(errors::kModelUnknown, matrix.module + " is no matrix of a llama");
    const auto ours = [&](const char* which) {
      return FindTensor(from.adapter.layout, "base_model.model." + matrix.module + which);
    };
    tensors.push_back({*name + ".weight.lora_a", ours(".lora_A.weight"), type});
    tensors.push_back(
        {*name + ".weight.lora_b", ours(".lora_B.weight"), type, PairedRows(from.spec, matrix.module)});
  }
  return tensors;
}

Bytes HeaderOf(const GgufAdapter& from, GgufType type, const std::vector<GgufTensor>& tensors) {
  GgufHeader header;
  header.Text("general.architecture", "llama");
  header.Text("general.type", "adapter");
  header.Text("general.name", from.name);
  header.U32("general.alignment", kGgufAlignment);
  header.U32("general.file_type", type == GgufType::kF32 ? 0 : 1);
  header.Text("adapter.type", "lora");
  header.F32("adapter.lora.alpha",
             static_cast<float>(from.adapter.scale * static_cast<double>(from.adapter.rank)));
  for (const GgufTensor& tensor : tensors)
    header.Tensor(tensor.name, tensor.tensor->shape, static_cast<std::uint32_t>(type), BytesOf(tensor));
  return header.Finish();
}

}  // namespace

Status WriteGgufAdapter(const std::filesystem::path& path, GgufType type, const GgufAdapter& adapter,
                        FileMode mode) {
  ACCORD_CHECK(adapter.weights.size() == adapter.adapter.layout.size && type != GgufType::kQ8_0);
  ACCORD_ASSIGN_OR_RETURN(const std::vector<GgufTensor> tensors, TensorsOf(adapter, type));
  ACCORD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, mode));
  ACCORD_RETURN_IF_ERROR(file.Write(HeaderOf(adapter, type, tensors)));
  for (const GgufTensor& tensor : tensors) ACCORD_RETURN_IF_ERROR(WriteTensor(file, tensor, adapter.weights));
  return file.Commit();
}

}  // namespace accord::model
