#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/file.h"
#include "crypto/sha256.h"
#include "model/layout.h"
#include "model/safetensors_header.h"

namespace accord::model {
namespace {

static_assert(std::endian::native == std::endian::little, "the flat buffer is a safetensors data section");

constexpr std::uint64_t kLengthBytes = 8;

// A file in memory or on disk.
struct Source {
  std::uint64_t size = 0;
  std::function<Status(std::uint64_t offset, std::span<std::uint8_t> out)> read;  // within size
};

Source MemorySource(ByteView file) {
  return {file.size(), [file](std::uint64_t offset, std::span<std::uint8_t> out) {
            std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
            return Status();
          }};
}

Result<Source> FileSource(const std::filesystem::path& path) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) return ErrnoStatus(error.value(), "cannot read", path);
  auto stream = std::make_shared<std::ifstream>(path, std::ios::binary);
  if (!*stream) return ErrnoStatus(errno, "cannot open", path);
  return Source{size, [stream, path](std::uint64_t offset, std::span<std::uint8_t> out) {
                  stream->seekg(static_cast<std::streamoff>(offset));
                  stream->read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
                  return *stream ? Status() : ErrnoStatus(EIO, "cannot read", path);
                }};
}

struct Contents {
  ModelLayout layout;                   // by name, offsets as a flat buffer of this layout has them
  std::vector<std::uint64_t> position;  // where each tensor's bytes begin in the file
};

Result<std::vector<HeaderTensor>> ReadHeader(const Source& source, std::uint64_t& data_begin) {
  if (source.size < kLengthBytes)
    return Fail(errors::kSafetensorsTruncated, "the file has fewer than 8 bytes");
  std::array<std::uint8_t, kLengthBytes> word{};
  ACCORD_RETURN_IF_ERROR(source.read(0, word));
  const auto length = std::bit_cast<std::uint64_t>(word);
  if (length > kMaxSafetensorsHeader) {
    return Fail(errors::kSafetensorsHeader, "the header claims " + std::to_string(length) +
                                                " bytes; at most " + std::to_string(kMaxSafetensorsHeader) +
                                                " are accepted");
  }
  if (length > source.size - kLengthBytes) {
    return Fail(errors::kSafetensorsTruncated, "the file ends within its header");
  }
  std::string json(length, '\0');
  ACCORD_RETURN_IF_ERROR(
      source.read(kLengthBytes, {reinterpret_cast<std::uint8_t*>(json.data()), json.size()}));
  data_begin = kLengthBytes + length;
  return ParseSafetensorsHeader(json);
}

// The tensors follow one another without gap or overlap and fill `data_size` bytes.
Status CheckOffsets(std::vector<HeaderTensor> tensors, std::uint64_t data_size) {
  std::sort(tensors.begin(), tensors.end(),
            [](const HeaderTensor& a, const HeaderTensor& b) { return a.offsets < b.offsets; });
  std::uint64_t end = 0;
  for (const HeaderTensor& tensor : tensors) {
    if (tensor.offsets[0] != end || tensor.offsets[1] < end) {
      return Fail(errors::kSafetensorsOffsets, "tensor " + Printable(tensor.name, 128) + " begins at byte " +
                                                   std::to_string(tensor.offsets[0]) + " and ends at " +
                                                   std::to_string(tensor.offsets[1]) +
                                                   "; the one before ends at " + std::to_string(end));
    }
    end = tensor.offsets[1];
  }
  if (end > data_size) {
    return Fail(errors::kSafetensorsTruncated, "the tensors need " + std::to_string(end) +
                                                   " bytes, the file has " + std::to_string(data_size));
  }
  if (end < data_size) {
    return Fail(errors::kSafetensorsOffsets,
                std::to_string(data_size - end) + " bytes follow the last tensor");
  }
  return {};
}

Result<Contents> ReadContents(const Source& source) {
  std::uint64_t data_begin = 0;
  ACCORD_ASSIGN_OR_RETURN(std::vector<HeaderTensor> tensors, ReadHeader(source, data_begin));
  ACCORD_RETURN_IF_ERROR(CheckOffsets(tensors, source.size - data_begin));
  std::sort(tensors.begin(), tensors.end(),
            [](const HeaderTensor& a, const HeaderTensor& b) { return a.name < b.name; });
  std::vector<TensorSpec> specs;
  Contents contents;
  for (const HeaderTensor& tensor : tensors) {
    if (tensor.dtype != "F32") {
      return Fail(errors::kSafetensorsDtype,
                  "tensor " + Printable(tensor.name, 128) + " is " + Printable(tensor.dtype, 16));
    }
    specs.push_back({.name = tensor.name, .shape = tensor.shape});
    contents.position.push_back(data_begin + tensor.offsets[0]);
  }
  ACCORD_ASSIGN_OR_RETURN(contents.layout, MakeLayout(std::move(specs)));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].offsets[1] - tensors[i].offsets[0] != contents.layout.tensors[i].size * sizeof(float)) {
      return Fail(errors::kSafetensorsOffsets,
                  "tensor " + Printable(tensors[i].name, 128) + " has offsets that contradict its shape");
    }
  }
  return contents;
}

Status CheckTensors(const ModelLayout& file, const ModelLayout& wanted) {
  for (const TensorSpec& tensor : wanted.tensors) {
    const TensorSpec* found = FindTensor(file, tensor.name);
    if (found == nullptr) {
      return Fail(errors::kSafetensorsTensors, "tensor " + tensor.name + " is missing in the file");
    }
    if (found->shape != tensor.shape) {
      return Fail(errors::kSafetensorsTensors, "tensor " + tensor.name + " has another shape in the file");
    }
  }
  for (const TensorSpec& tensor : file.tensors) {
    if (FindTensor(wanted, tensor.name) == nullptr) {
      return Fail(errors::kSafetensorsTensors, "the model has no tensor " + Printable(tensor.name, 128));
    }
  }
  return {};
}

Result<std::vector<float>> ReadWeights(const Source& source, const ModelLayout& layout) {
  ACCORD_ASSIGN_OR_RETURN(const Contents contents, ReadContents(source));
  ACCORD_RETURN_IF_ERROR(CheckTensors(contents.layout, layout));
  std::vector<float> weights(layout.size);
  for (std::size_t i = 0; i < layout.tensors.size(); ++i) {
    // Both are sorted by name and hold the same names, so the i-th of one is the i-th of the other.
    const auto part = std::span(weights).subspan(layout.tensors[i].offset, layout.tensors[i].size);
    const auto bytes = std::as_writable_bytes(part);
    ACCORD_RETURN_IF_ERROR(
        source.read(contents.position[i], {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}));
  }
  return weights;
}

}  // namespace

Bytes SafetensorsPrefix(const ModelLayout& layout) {
  std::string json = R"({"__metadata__":{"format":"pt"})";
  for (const TensorSpec& tensor : layout.tensors) {
    std::string shape;
    for (const std::uint64_t n : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(n);
    const std::uint64_t begin = tensor.offset * sizeof(float);
    const std::uint64_t end = begin + tensor.size * sizeof(float);
    json += ",\"" + tensor.name + R"(":{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[)" +
            std::to_string(begin) + "," + std::to_string(end) + "]}";
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  const auto word = std::bit_cast<std::array<std::uint8_t, kLengthBytes>>(std::uint64_t{json.size()});
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
                                std::span<const float> weights) {
  ACCORD_CHECK(weights.size() == layout.size);
  const Bytes prefix = SafetensorsPrefix(layout);
  const std::array<ByteView, 2> pieces = {prefix, WeightBytes(weights)};
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(path, pieces, FileMode::kShared));
  return ModelHash(layout, weights);
}

Result<ModelLayout> ReadSafetensorsLayout(ByteView file) {
  ACCORD_ASSIGN_OR_RETURN(Contents contents, ReadContents(MemorySource(file)));
  return std::move(contents.layout);
}

Result<std::vector<float>> ReadSafetensors(ByteView file, const ModelLayout& layout) {
  return ReadWeights(MemorySource(file), layout);
}

Result<std::vector<float>> ReadSafetensors(const std::filesystem::path& path, const ModelLayout& layout) {
  ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(path));
  return ReadWeights(source, layout);
}

}  // namespace accord::model
