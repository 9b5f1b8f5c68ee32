#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/file.h"
#include "crypto/sha256.h"
#include "model/safetensors_file.h"

namespace accord::model {
namespace {

static_assert(std::endian::native == std::endian::little, "the flat buffer is a safetensors data section");

// Models of Accord are F32: the hash of a model is that of one file.
Result<StoredTensors> ReadF32Tensors(const Source& source) {
  ACCORD_ASSIGN_OR_RETURN(StoredTensors stored, ReadStoredTensors(source));
  for (std::size_t i = 0; i < stored.format.size(); ++i) {
    if (stored.format[i] == FloatFormat::kF32) continue;
    return Fail(errors::kSafetensorsDtype, "tensor " + stored.layout.tensors[i].name + " is " +
                                               std::string(DtypeOf(stored.format[i])) + ", not F32");
  }
  return stored;
}

Result<std::vector<float>> ReadWeights(const Source& source, const ModelLayout& layout) {
  ACCORD_ASSIGN_OR_RETURN(const StoredTensors stored, ReadF32Tensors(source));
  ACCORD_RETURN_IF_ERROR(CheckTensors(stored.layout, layout));
  std::vector<float> weights(layout.size);
  for (std::size_t i = 0; i < layout.tensors.size(); ++i) {
    // Both are sorted by name and hold the same names, so the i-th of one is the i-th of the other.
    const auto part = std::span(weights).subspan(layout.tensors[i].offset, layout.tensors[i].size);
    const auto bytes = std::as_writable_bytes(part);
    ACCORD_RETURN_IF_ERROR(
        source.read(stored.position[i], {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}));
  }
  return weights;
}

}  // namespace

Bytes SafetensorsPrefix(const ModelLayout& layout, FloatFormat format) {
  std::string json = R"({"__metadata__":{"format":"pt"})";
  for (const TensorSpec& tensor : layout.tensors) {
    std::string shape;
    for (const std::uint64_t n : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(n);
    const std::uint64_t begin = tensor.offset * WidthOf(format);
    const std::uint64_t end = begin + tensor.size * WidthOf(format);
    json += ",\"" + tensor.name + R"(":{"dtype":")" + std::string(DtypeOf(format)) + R"(","shape":[)" +
            shape + R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  const auto word =
      std::bit_cast<std::array<std::uint8_t, sizeof(std::uint64_t)>>(std::uint64_t{json.size()});
  Bytes prefix(word.size() + json.size());
  std::copy(json.begin(), json.end(), std::copy(word.begin(), word.end(), prefix.begin()));
  return prefix;
}

ByteView WeightBytes(std::span<const float> weights) {
  return {reinterpret_cast<const std::uint8_t*>(weights.data()), weights.size_bytes()};
}

std::uint64_t SafetensorsSize(const ModelLayout& layout) {
  return SafetensorsPrefix(layout).size() + layout.size * sizeof(float);
}

Digest ModelHash(const ModelLayout& layout, std::span<const float> weights) {
  ACCORD_CHECK(weights.size() == layout.size);
  crypto::Sha256 sha256;
  return sha256.Update(SafetensorsPrefix(layout)).Update(WeightBytes(weights)).Finish();
}

Result<Digest> WriteSafetensors(const std::filesystem::path& path, const ModelLayout& layout,
                                std::span<const float> weights, FileMode mode) {
  ACCORD_CHECK(weights.size() == layout.size);
  const Bytes prefix = SafetensorsPrefix(layout);
  const std::array<ByteView, 2> pieces = {prefix, WeightBytes(weights)};
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(path, pieces, mode));
  return ModelHash(layout, weights);
}

Result<ModelLayout> ReadSafetensorsLayout(ByteView file) {
  ACCORD_ASSIGN_OR_RETURN(StoredTensors stored, ReadF32Tensors(MemorySource(file)));
  return std::move(stored.layout);
}

Result<std::vector<float>> ReadSafetensors(ByteView file, const ModelLayout& layout) {
  return ReadWeights(MemorySource(file), layout);
}

Result<std::vector<float>> ReadSafetensors(const std::filesystem::path& path, const ModelLayout& layout) {
  ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(path));
  return ReadWeights(source, layout);
}

}  // namespace accord::model
