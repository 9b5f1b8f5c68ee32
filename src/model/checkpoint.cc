#include "model/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "model/encode.h"
#include "model/float_format.h"
#include "model/hf_config.h"
#include "model/layout.h"
#include "model/llama.h"
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

constexpr std::string_view kTable = "model.embed_tokens.weight";
constexpr std::string_view kHead = "lm_head.weight";

// Where embeddings are tied the last layer is the table of the first, and some checkpoints store it twice:
// takes that tensor out of `stored`.
std::optional<StoredTensors> TakeHead(StoredTensors& stored, const ModelLayout& layout) {
  const TensorSpec* head = FindTensor(stored.layout, kHead);
  if (head == nullptr || FindTensor(layout, kHead) != nullptr || FindTensor(layout, kTable) == nullptr)
    return std::nullopt;
  const auto at = head - stored.layout.tensors.data();
  StoredTensors taken{.layout = {.tensors = {*head}, .size = head->size},
                      .format = {stored.format[static_cast<std::size_t>(at)]},
                      .position = {stored.position[static_cast<std::size_t>(at)]}};
  stored.layout.tensors.erase(stored.layout.tensors.begin() + at);
  stored.format.erase(stored.format.begin() + at);
  stored.position.erase(stored.position.begin() + at);
  return taken;
}

// `weights` are those of the layout; `head` is what TakeHead took.
Status CheckHead(const Source& source, const StoredTensors& head, const ModelLayout& layout,
                 std::span<const float> weights) {
  const TensorSpec& table = *FindTensor(layout, kTable);
  std::vector<float> values;
  if (head.layout.tensors[0].shape == table.shape) {
    values.resize(table.size);
    ACCORD_RETURN_IF_ERROR(ReadTensor(source, head, 0, values));
    if (std::ranges::equal(values, weights.subspan(table.offset, table.size))) return {};
  }
  return Fail(errors::kSafetensorsTensors, "the model's embeddings are tied, so it has no tensor " +
                                               std::string(kHead) + "; that of the file is not equal to " +
                                               std::string(kTable));
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
  const std::optional<StoredTensors> head = TakeHead(stored, layout);
  ACCORD_RETURN_IF_ERROR(CheckTensors(stored.layout, layout));
  std::vector<float> weights(layout.size);
  ACCORD_RETURN_IF_ERROR(ReadTensors(source, stored, layout, weights));
  if (head) ACCORD_RETURN_IF_ERROR(CheckHead(source, *head, layout, weights));
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

// `wanted`: the tensors of a shard; null: whatever the file has.
Result<StoredTensors> OpenFile(const std::filesystem::path& path, const std::set<std::string>* wanted) {
  ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(path));
  Result<StoredTensors> stored = ReadStoredTensors(source);
  Status status = stored.status();
  if (status.ok() && wanted != nullptr) status = CheckShard(*stored, *wanted);
  if (!status.ok()) return In(path, status);
  PassOver(*stored);
  return stored;
}

// What stands where in a checkpoint's files, of which one is open at a time.
struct Files {
  std::filesystem::path named;  // the file, or the index of several
  std::map<std::filesystem::path, StoredTensors> stored;
  std::optional<std::pair<std::filesystem::path, StoredTensors>> head = {};  // as TakeHead
};

ModelLayout AllOf(const Files& files) {
  ModelLayout all;
  for (const auto& [path, stored] : files.stored)
    all.tensors.insert(all.tensors.end(), stored.layout.tensors.begin(), stored.layout.tensors.end());
  std::ranges::sort(all.tensors, {}, &TensorSpec::name);
  return all;
}

Result<Files> OpenFiles(const std::filesystem::path& path) {
  std::error_code ignored;
  Files files{.named = path, .stored = {}};
  if (std::filesystem::is_directory(path, ignored)) {
    files.named = path / "model.safetensors";
    const std::filesystem::path index = path / "model.safetensors.index.json";
    if (!std::filesystem::exists(files.named, ignored) && std::filesystem::exists(index, ignored))
      files.named = index;
  }
  if (!files.named.string().ends_with(".index.json")) {
    ACCORD_ASSIGN_OR_RETURN(StoredTensors stored, OpenFile(files.named, nullptr));
    files.stored.emplace(files.named, std::move(stored));
    return files;
  }
  ACCORD_ASSIGN_OR_RETURN(const Bytes json, ReadFile(files.named, kMaxIndex));
  const auto shards = ParseShardIndex(AsText(json));
  if (!shards.ok()) return In(files.named, shards.status());
  for (const auto& [name, tensors] : *shards) {
    const std::filesystem::path shard = files.named.parent_path() / name;
    ACCORD_ASSIGN_OR_RETURN(StoredTensors stored, OpenFile(shard, &tensors));
    files.stored.emplace(shard, std::move(stored));
  }
  return files;
}

// The files, of which config and tensors are those of `model` and `layout`.
Result<Files> OpenFor(const std::filesystem::path& path, const ModelLayout& layout, const ModelSpec& model) {
  ACCORD_RETURN_IF_ERROR(CheckConfigBeside(path, model));
  ACCORD_ASSIGN_OR_RETURN(Files files, OpenFiles(path));
  for (auto& [name, stored] : files.stored) {
    if (auto head = TakeHead(stored, layout)) files.head.emplace(name, *std::move(head));
  }
  const Status same = CheckTensors(AllOf(files), layout);
  return same.ok() ? std::move(files) : Result<Files>(In(files.named, same));
}

}  // namespace

std::filesystem::path ConfigBeside(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool inside = std::filesystem::is_directory(path, ignored);
  std::filesystem::path config = (inside ? path : path.parent_path()) / "config.json";
  const Result<Bytes> json = ReadFile(config, kMaxConfig);
  return json.ok() && NamesModelType(AsText(*json)) ? config : std::filesystem::path();
}

Result<LlamaSpec> ReadCheckpointSpec(const std::filesystem::path& config) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes json, ReadFile(config, kMaxConfig));
  return ParseHfConfig(AsText(json));
}

Status CheckConfig(const std::filesystem::path& config, const ModelSpec& model) {
  if (model.kind != "llama") return {};
  ACCORD_ASSIGN_OR_RETURN(const LlamaSpec said, ReadCheckpointSpec(config));
  ACCORD_ASSIGN_OR_RETURN(const LlamaSpec wanted, ResolveLlama(model.llama));
  const std::string differs = DifferenceOf(said, wanted);
  if (differs.empty()) return {};
  return Fail(errors::kModelConfigDiffers, Printable(config.string(), 200) + ": " + differs);
}

Status CheckConfigBeside(const std::filesystem::path& path, const ModelSpec& model) {
  const std::filesystem::path config = ConfigBeside(path);
  return config.empty() ? Status() : CheckConfig(config, model);
}

Result<std::vector<float>> ReadCheckpoint(const std::filesystem::path& path, const ModelLayout& layout,
                                          const ModelSpec& model) {
  ACCORD_ASSIGN_OR_RETURN(const Files files, OpenFor(path, layout, model));
  std::vector<float> weights(layout.size);
  for (const auto& [name, stored] : files.stored) {
    ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(name));
    const Status read = ReadTensors(source, stored, layout, weights);
    if (!read.ok()) return In(name, read);
  }
  if (!files.head) return weights;
  const auto& [name, head] = *files.head;
  ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(name));
  const Status equal = CheckHead(source, head, layout, weights);
  return equal.ok() ? std::move(weights) : Result<std::vector<float>>(In(name, equal));
}

Result<ModelLayout> ReadCheckpointLayout(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const Files files, OpenFiles(path));
  return MakeLayout(AllOf(files).tensors);
}

Result<std::vector<float>> ReadCheckpoint(ByteView file, const ModelLayout& layout) {
  return ReadOne(MemorySource(file), layout);
}

}  // namespace accord::model
