#include "coordinator/start_models.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"
#include "model/byte_vocabulary.h"
#include "model/checkpoint.h"
#include "model/frozen.h"
#include "model/hf_config.h"
#include "model/layout.h"
#include "model/safetensors.h"
#include "model/safetensors_file.h"
#include "update/global_state.h"

namespace accord::coordinator {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSuffix = ".safetensors";

fs::path ConfigOf(const fs::path& file) { return fs::path(file).replace_extension(".config.json"); }

// "sha256:HEX" of a plan, which config/job_file.h has looked at.
std::string HexOf(const JobSpec& job) { return job.model.start.substr(job.model.start.find(':') + 1); }

struct Checkpoint {
  ModelSpec model;  // a llama where a config.json says so; else of no kind
  ModelLayout layout;
  std::vector<float> weights;
};

Result<Checkpoint> ReadAll(const fs::path& path) {
  Checkpoint read;
  if (const fs::path config = model::ConfigBeside(path); !config.empty()) {
    read.model.kind = "llama";
    ACCORD_ASSIGN_OR_RETURN(read.model.llama, model::ReadCheckpointSpec(config));
    ACCORD_ASSIGN_OR_RETURN(read.layout, model::BuildLayout(read.model));
  } else {
    ACCORD_ASSIGN_OR_RETURN(read.layout, model::ReadCheckpointLayout(path));
  }
  ACCORD_ASSIGN_OR_RETURN(read.weights, model::ReadCheckpoint(path, read.layout, read.model));
  return read;
}

// As TOML reads it back.
std::string Text(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

}  // namespace

std::string ModelTable(const ImportedModel& model) {
  const std::string start = "start = \"" + model::NameOfHash(model.hash) + "\"\n";
  if (!model.llama) return start;
  const LlamaSpec& llama = *model.llama;
  std::string text = "[model]\nkind = \"llama\"\n";
  const auto whole = [&](const char* key, std::uint64_t value) {
    text += std::string(key) + " = " + std::to_string(value) + "\n";
  };
  if (llama.vocab_size != model::kByteVocabulary)
    text += "# not the " + std::to_string(model::kByteVocabulary) +
            " tokens of \"byte\": [data] has to name the tokenizer, tokenizer = \"sha256:...\"\n";
  whole("vocab_size", llama.vocab_size);
  whole("hidden_size", llama.hidden_size);
  whole("intermediate_size", llama.intermediate_size);
  whole("num_hidden_layers", llama.num_hidden_layers);
  whole("num_attention_heads", llama.num_attention_heads);
  whole("num_key_value_heads", llama.num_key_value_heads);
  whole("max_position_embeddings", llama.max_position_embeddings);
  text += "rms_norm_eps = " + Text(llama.rms_norm_eps) + "\nrope_theta = " + Text(llama.rope_theta);
  text += std::string("\ntie_word_embeddings = ") + (llama.tie_word_embeddings ? "true" : "false") + "\n";
  return text + start;
}

Result<ImportedModel> StartModels::Import(const fs::path& path) const {
  ACCORD_ASSIGN_OR_RETURN(const Checkpoint read, ReadAll(path));
  const Digest hash = model::ModelHash(read.layout, read.weights);
  ImportedModel made{.hash = hash,
                     .parameters = read.layout.size,
                     .tensors = read.layout.tensors.size(),
                     .llama = {},
                     .file = directory_ / (hash.Hex() + std::string(kSuffix))};
  if (read.model.kind == "llama") {
    made.llama = read.model.llama;
    // First: where the weights are, what was said of them is.
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(ConfigOf(made.file), AsBytes(model::HfConfigJson(*made.llama, {})),
                                           FileMode::kShared));
  }
  const Result<Digest> there = model::HashFile(made.file);
  if (there.ok() && *there == hash) return made;
  ACCORD_RETURN_IF_ERROR(model::WriteSafetensors(made.file, read.layout, read.weights).status());
  return made;
}

Result<fs::path> StartModels::FileOf(const JobSpec& job) const {
  fs::path file = directory_ / (HexOf(job) + std::string(kSuffix));
  std::error_code ignored;
  if (fs::is_regular_file(file, ignored)) return file;
  return Fail(errors::kModelStartMissing, "this coordinator has no weights " + job.model.start);
}

Status StartModels::Check(const JobSpec& job, const ModelLayout& global) const {
  if (job.model.start.empty()) return {};
  ACCORD_ASSIGN_OR_RETURN(const fs::path file, FileOf(job));
  const fs::path config = ConfigOf(file);
  std::error_code ignored;
  if (fs::exists(config, ignored)) ACCORD_RETURN_IF_ERROR(model::CheckConfig(config, job.model));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout stored, model::ReadCheckpointLayout(file));
  const Status fits = model::CheckTensors(stored, update::ModelOf(global));
  return fits.ok() ? fits : Fail(errors::kModelStart, job.model.start + ": " + fits.message());
}

Result<std::vector<float>> StartModels::FirstState(const JobSpec& job, const ModelLayout& global) const {
  std::vector<float> start;
  if (!job.model.start.empty()) {
    ACCORD_ASSIGN_OR_RETURN(const fs::path file, FileOf(job));
    ACCORD_ASSIGN_OR_RETURN(start, model::ReadSafetensors(file, update::ModelOf(global)));
  }
  std::vector<float> state(global.size);
  ACCORD_RETURN_IF_ERROR(update::FirstState(job, global, start, state));
  return state;
}

StartModels::Contents StartModels::CheckFiles() const {
  Contents contents;
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    const auto named = Digest::FromHex(std::string_view(name).substr(0, name.size() - kSuffix.size()));
    if (!named) continue;
    const Result<Digest> found = model::HashFile(it->path());
    if (found.ok() && *found == *named) {
      ++contents.whole;
    } else {
      contents.faults.push_back({it->path(), found.ok() ? Fail(errors::kStoreCorrupt,
                                                               "its bytes have another SHA-256 than its name")
                                                        : found.status()});
    }
  }
  return contents;
}

}  // namespace accord::coordinator
