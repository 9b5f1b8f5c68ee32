#include "model/hf_export.h"

#include <algorithm>
#include <optional>

#include "base/atomic_file.h"
#include "base/check.h"
#include "base/file.h"
#include "model/encode.h"
#include "model/layout.h"
#include "model/llama.h"
#include "model/safetensors.h"
#include "model/whole_directory.h"

namespace accord::model {
namespace {

constexpr std::uint64_t kPieceValues = 1ULL << 18;

Status WriteWeights(const std::filesystem::path& path, const HfModel& model) {
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, MakeLayout(LlamaTensors(model.spec)));
  ACCORD_CHECK(model.weights.size() == layout.size);
  const FloatFormat format = model.details.format;
  ACCORD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, FileMode::kShared));
  ACCORD_RETURN_IF_ERROR(file.Write(SafetensorsPrefix(layout, format)));
  Bytes buffer;
  for (const TensorSpec& tensor : layout.tensors) {
    for (std::uint64_t first = 0; first < tensor.size; first += kPieceValues) {
      const std::uint64_t count = std::min(kPieceValues, tensor.size - first);
      const auto part = model.weights.subspan(tensor.offset + first, count);
      buffer.clear();
      const std::optional<std::size_t> bad = AppendFloats(format, part, buffer);
      if (bad) return BadValue(tensor, first + *bad, part[*bad]);
      ACCORD_RETURN_IF_ERROR(file.Write(buffer));
    }
  }
  return file.Commit();
}

Status WriteAll(const std::filesystem::path& directory, const HfModel& model) {
  ACCORD_RETURN_IF_ERROR(WriteWeights(directory / "model.safetensors", model));
  const std::string config = HfConfigJson(model.spec, model.details);
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(directory / "config.json", AsBytes(config), FileMode::kShared));
  for (const HfFile& file : model.files) {
    ACCORD_CHECK(!file.name.empty() && file.name.find('/') == std::string::npos);
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(directory / file.name, file.content, FileMode::kShared));
  }
  return {};
}

}  // namespace

Status WriteHfModel(const std::filesystem::path& directory, const HfModel& model) {
  return WriteWholeDirectory(directory, [&](const std::filesystem::path& in) { return WriteAll(in, model); });
}

}  // namespace accord::model
