#include "model/safetensors_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "model/layout.h"
#include "model/safetensors.h"
#include "model/safetensors_header.h"

namespace accord::model {
namespace {

constexpr std::uint64_t kLengthBytes = 8;

std::string ShapeText(const std::vector<std::uint64_t>& shape) {
  std::string text;
  for (const std::uint64_t n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "[" + Printable(text, 100) + "]";
}

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

std::optional<FloatFormat> FormatOf(std::string_view dtype) {
  for (const FloatFormat format : {FloatFormat::kF32, FloatFormat::kF16, FloatFormat::kBf16}) {
    if (dtype == DtypeOf(format)) return format;
  }
  return std::nullopt;
}

}  // namespace

std::string_view DtypeOf(FloatFormat format) {
  if (format == FloatFormat::kF16) return "F16";
  return format == FloatFormat::kBf16 ? "BF16" : "F32";
}

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

Result<StoredTensors> ReadStoredTensors(const Source& source) {
  std::uint64_t data_begin = 0;
  ACCORD_ASSIGN_OR_RETURN(std::vector<HeaderTensor> tensors, ReadHeader(source, data_begin));
  ACCORD_RETURN_IF_ERROR(CheckOffsets(tensors, source.size - data_begin));
  std::sort(tensors.begin(), tensors.end(),
            [](const HeaderTensor& a, const HeaderTensor& b) { return a.name < b.name; });
  std::vector<TensorSpec> specs;
  StoredTensors stored;
  for (const HeaderTensor& tensor : tensors) {
    const std::optional<FloatFormat> format = FormatOf(tensor.dtype);
    if (!format) {
      return Fail(errors::kSafetensorsDtype,
                  "tensor " + Printable(tensor.name, 128) + " is " + Printable(tensor.dtype, 16));
    }
    specs.push_back({.name = tensor.name, .shape = tensor.shape});
    stored.format.push_back(*format);
    stored.position.push_back(data_begin + tensor.offsets[0]);
  }
  ACCORD_ASSIGN_OR_RETURN(stored.layout, MakeLayout(std::move(specs)));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::uint64_t bytes = stored.layout.tensors[i].size * WidthOf(stored.format[i]);
    if (tensors[i].offsets[1] - tensors[i].offsets[0] != bytes) {
      return Fail(errors::kSafetensorsOffsets,
                  "tensor " + Printable(tensors[i].name, 128) + " has offsets that contradict its shape");
    }
  }
  return stored;
}

Status CheckTensors(const ModelLayout& file, const ModelLayout& wanted) {
  for (const TensorSpec& tensor : wanted.tensors) {
    const TensorSpec* found = FindTensor(file, tensor.name);
    if (found == nullptr) {
      return Fail(errors::kSafetensorsTensors, "tensor " + tensor.name + " is missing in the file");
    }
    if (found->shape != tensor.shape) {
      return Fail(errors::kSafetensorsTensors, "tensor " + tensor.name + " has the shape " +
                                                   ShapeText(found->shape) + " in the file, " +
                                                   ShapeText(tensor.shape) + " in the model");
    }
  }
  for (const TensorSpec& tensor : file.tensors) {
    if (FindTensor(wanted, tensor.name) == nullptr) {
      return Fail(errors::kSafetensorsTensors, "the model has no tensor " + Printable(tensor.name, 128));
    }
  }
  return {};
}

}  // namespace accord::model
