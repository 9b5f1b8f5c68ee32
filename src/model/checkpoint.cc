#include "model/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "model/encode.h"
#include "model/float_format.h"
#include "model/hf_config.h"
#include "model/layout.h"
#include "model/safetensors_file.h"
#include "model/shard_index.h"

namespace accord::model {
namespace {

constexpr std::uint64_t kMaxConfig = 1ULL << 20;
constexpr std::uint64_t kMaxIndex = 64ULL << 20;
constexpr std::uint64_t kChunk = 1ULL << 16;  // numbers converted at a time

// The status, and which file it is about.
Status In(const std::filesystem::path& path, const Status& status) {
  const std::string name = path.filename().string();
  if (status.ok() || name.empty() || status.error() == errors::kStoreIo.id) return status;
  return {status.code(), status.error(), Printable(name, 128) + ": " + status.message(), status.hint()};
}

// What old checkpoints, and the models of jobs whose outer rule keeps something, hold beside the weights.
bool IsPassedOver(std::string_view tensor) {
  return tensor.ends_with(".self_attn.rotary_emb.inv_freq") || tensor.starts_with('~');
}

// Removes what is passed over. The layout's offsets then have gaps; nobody looks at them.
void PassOver(StoredTensors& stored) {
  for (std::size_t i = stored.layout.tensors.size(); i-- > 0;) {
    if (!IsPassedOver(stored.layout.tensors[i].name)) continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    stored.layout.tensors.erase(stored.layout.tensors.begin() + at);
    stored.format.erase(stored.format.begin() + at);
    stored.position.erase(stored.position.begin() + at);
  }
}

void Convert(FloatFormat format, ByteView bytes, std::span<float> out) {
  if (format == FloatFormat::kF32) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto bits = static_cast<std::uint16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
    out[i] = format == FloatFormat::kF16 ? FromF16(bits) : FromBf16(bits);
  }
}

// Reads tensor `i` of a file into its place.
Status ReadTensor(const Source& source, const StoredTensors& stored, std::size_t i, std::span<float> out) {
  const std::uint64_t width = WidthOf(stored.format[i]);
  Bytes bytes(std::min<std::uint64_t>(kChunk, out.size()) * width);
  for (std::uint64_t first = 0; first < out.size(); first += kChunk) {
    const auto part = out.subspan(first, std::min<std::uint64_t>(kChunk, out.size() - first));
    const std::span<std::uint8_t> piece(bytes.data(), part.size() * width);
    ACCORD_RETURN_IF_ERROR(source.read(stored.position[i] + first * width, piece));
    Convert(stored.format[i], piece, part);
    const auto bad = std::find_if(part.begin(), part.end(), [](float x) { return !std::isfinite(x); });
    if (bad != part.end()) {
      return BadValue(stored.layout.tensors[i], first + static_cast<std::uint64_t>(bad - part.begin()), *bad);
    }
  }
  return {};
}

// All tensors of a file; `layout` has every one of them, and perhaps others.
Status ReadTensors(const Source& source, const StoredTensors& stored, const ModelLayout& layout,
                   std::span<float> weights) {
  for (std::size_t i = 0; i < stored.layout.tensors.size(); ++i) {
    const TensorSpec& tensor = *FindTensor(layout, stored.layout.tensors[i].name);
    ACCORD_RETURN_IF_ERROR(ReadTensor(source, stored, i, weights.subspan(tensor.offset, tensor.size)));
  }
  return {};
}

Result<std::vector<float>> ReadOne(const Source& source, const ModelLayout& layout) {
  ACCORD_ASSIGN_OR_RETURN(StoredTensors stored, ReadStoredTensors(source));
  PassOver(stored);
  ACCORD_RETURN_IF_ERROR(CheckTensors(stored.layout, layout));
  std::vector<float> weights(layout.size);
  ACCORD_RETURN_IF_ERROR(ReadTensors(source, stored, layout, weights));
  return weights;
}

// The tensors of a shard are those that the index says, no more and no fewer.
Status CheckShard(const StoredTensors& stored, const std::set<std::string>& wanted) {
  for (const TensorSpec& tensor : stored.layout.tensors) {
    if (!wanted.contains(tensor.name)) {
      return Fail(errors::kSafetensorsIndex,
                  "the index does not say that tensor " + tensor.name + " is in this file");
    }
  }
  for (const std::string& name : wanted) {
    if (FindTensor(stored.layout, name) == nullptr) {
      return Fail(errors::kSafetensorsIndex,
                  "the index says that tensor " + Printable(name, 128) + " is in this file; it is not");
    }
  }
  return {};
}

Result<StoredTensors> OpenShard(const std::filesystem::path& path, const std::set<std::string>& wanted) {
  ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(path));
  Result<StoredTensors> stored = ReadStoredTensors(source);
  if (stored.ok()) {
    if (const Status status = CheckShard(*stored, wanted); !status.ok()) return In(path, status);
    PassOver(*stored);
  }
  return stored.ok() ? std::move(stored) : Result<StoredTensors>(In(path, stored.status()));
}

// Two passes, with one file open at a time: what stands where, and then the numbers.
Result<std::vector<float>> ReadShards(const std::filesystem::path& index, const ModelLayout& layout) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes json, ReadFile(index, kMaxIndex));
  const auto shards = ParseShardIndex(AsText(json));
  if (!shards.ok()) return In(index, shards.status());
  const std::filesystem::path directory = index.parent_path();
  std::map<std::string, StoredTensors> stored;
  ModelLayout all;
  for (const auto& [name, tensors] : *shards) {
    ACCORD_ASSIGN_OR_RETURN(StoredTensors shard, OpenShard(directory / name, tensors));
    all.tensors.insert(all.tensors.end(), shard.layout.tensors.begin(), shard.layout.tensors.end());
    stored.emplace(name, std::move(shard));
  }
  std::sort(all.tensors.begin(), all.tensors.end(),
            [](const TensorSpec& a, const TensorSpec& b) { return a.name < b.name; });
  if (const Status status = CheckTensors(all, layout); !status.ok()) return In(index, status);
  std::vector<float> weights(layout.size);
  for (const auto& [name, shard] : stored) {
    ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(directory / name));
    const Status read = ReadTensors(source, shard, layout, weights);
    if (!read.ok()) return In(directory / name, read);
  }
  return weights;
}

}  // namespace

Result<std::vector<float>> ReadCheckpoint(const std::filesystem::path& path, const ModelLayout& layout) {
  std::error_code ignored;
  std::filesystem::path file = path;
  if (std::filesystem::is_directory(path, ignored)) {
    file = path / "model.safetensors";
    const std::filesystem::path index = path / "model.safetensors.index.json";
    if (!std::filesystem::exists(file, ignored) && std::filesystem::exists(index, ignored)) file = index;
  }
  if (file.string().ends_with(".index.json")) return ReadShards(file, layout);
  ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(file));
  Result<std::vector<float>> weights = ReadOne(source, layout);
  return weights.ok() ? std::move(weights) : Result<std::vector<float>>(In(file, weights.status()));
}

Result<std::vector<float>> ReadCheckpoint(ByteView file, const ModelLayout& layout) {
  return ReadOne(MemorySource(file), layout);
}

Result<LlamaSpec> ReadCheckpointSpec(const std::filesystem::path& directory) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes json, ReadFile(directory / "config.json", kMaxConfig));
  return ParseHfConfig(AsText(json));
}

}  // namespace accord::model
