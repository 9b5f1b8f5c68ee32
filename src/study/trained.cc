#include "study/trained.h"

#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "config/job_file.h"
#include "data/prune_unigram.h"
#include "data/sentencepiece_model.h"
#include "data/tokenizer.h"
#include "model/checkpoint.h"
#include "model/frozen.h"
#include "model/gguf.h"
#include "model/gguf_adapter.h"
#include "model/hf_export.h"
#include "model/layout.h"
#include "model/partition.h"
#include "study/hf_files.h"
#include "study/whole_model.h"
#include "trainer/generate.h"
#include "trainer/torchscript.h"

namespace accord::study {
namespace {

Status CheckLanguage(const Trained& trained) {
  if (trained.job.model.kind == "llama") return {};
  if (trained.job.model.kind == "unigram")
    return Fail(errors::kModelUnknown, "a unigram is a vocabulary and no language model",
                "It can be written with: accord model export --format sentencepiece");
  return Fail(errors::kModelUnknown, "model.kind is " + trained.job.model.kind + ": it is no language model",
              "Language models are those with model.kind = \"llama\".");
}

bool HasBytes(const Trained& trained) { return trained.job.text.tokenizer == "byte"; }

// Failures are told to a person with the file at hand, where data/tokenizer.h speaks of a node's settings.
Result<std::unique_ptr<data::Tokenizer>> TokenizerOf(const Trained& trained) {
  const TextSpec& text = trained.job.text;
  if (HasBytes(trained)) return data::OpenTokenizer(text.tokenizer, {}, trained.job.model.llama.vocab_size);
  constexpr const char* kHint = "Name its file: --tokenizer FILE";
  if (trained.tokenizer.empty())
    return Fail(errors::kDataTokenizer,
                "the tokens of this job are those of the SentencePiece model " + text.tokenizer, kHint);
  auto opened = data::OpenTokenizer(text.tokenizer, trained.tokenizer, trained.job.model.llama.vocab_size);
  if (opened.ok()) return opened;
  const Status& why = opened.status();
  return Status(why.code(), why.error(), why.message(), kHint);
}

// The ids of a whole text behind <s>.
Result<std::vector<std::int32_t>> Encode(const data::Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::int32_t> tokens{tokenizer.bos()};
  data::Place place;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, data::Tokenizer::kMaxPiece);
    place.last = piece.size() == text.size();
    ACCORD_ASSIGN_OR_RETURN(const std::size_t read, tokenizer.Encode(piece, place, tokens));
    text.remove_prefix(read);
    place.first = false;
  }
  return tokens;
}

model::Vocabulary FromSentencePiece(const data::SentencePieceModel& from) {
  return {.pieces = from.pieces,
          .segmenter = from.segmenter == data::SentencePieceModel::Segmenter::kBpe
                           ? model::Segmenter::kBpe
                           : model::Segmenter::kUnigram,
          .bos = static_cast<std::uint32_t>(from.bos),
          .eos = static_cast<std::uint32_t>(from.eos < 0 ? from.bos : from.eos),
          .unknown = static_cast<std::uint32_t>(from.unknown),
          .add_space_prefix = from.add_dummy_prefix,
          .remove_extra_whitespaces = from.remove_extra_whitespaces,
          .charsmap = from.charsmap};
}

Result<model::Vocabulary> VocabularyOf(const Trained& trained) {
  if (HasBytes(trained)) return model::MakeByteVocabulary();
  ACCORD_RETURN_IF_ERROR(TokenizerOf(trained).status());  // it is the file that the plan names
  ACCORD_ASSIGN_OR_RETURN(const Bytes file, ReadFile(trained.tokenizer));
  ACCORD_ASSIGN_OR_RETURN(const data::SentencePieceModel model, data::ParseSentencePieceModel(file));
  return FromSentencePiece(model);
}

model::GgufType GgufTypeOf(Values values) {
  if (values == Values::kF32) return model::GgufType::kF32;
  return values == Values::kF16 ? model::GgufType::kF16 : model::GgufType::kQ8_0;
}

Status CheckFree(const std::filesystem::path& path) {
  std::error_code unknown;  // what cannot be looked at fails when it is written
  if (!std::filesystem::exists(path, unknown)) return {};
  return Fail(errors::kCliExists, "\"" + Printable(path.string(), 200) + "\" is there already",
              "Choose another name, or remove it first.");
}

// The job of a file, its model resolved.
Result<JobSpec> ReadJob(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes plan, ReadFile(path, config::kMaxJobBytes));
  ACCORD_ASSIGN_OR_RETURN(JobSpec job, config::ParseJob(AsText(plan), path.string()));
  ACCORD_ASSIGN_OR_RETURN(job.model, model::Resolve(job.model));
  return job;
}

// Of a file that holds what the job exchanges.
Result<std::vector<float>> MakeWhole(const JobSpec& job, const std::filesystem::path& model,
                                     const std::filesystem::path& base) {
  const bool adapter = job.adapter.kind != AdapterKind::kNone;
  if (adapter && base.empty() && !model::HasPersonal(job))
    return Fail(
        errors::kModelBase,
        "the adapter of this job is beside the frozen model " + job.adapter.base + ", which is wanted here",
        "Name the file with this SHA-256: --base FILE");
  Result<std::vector<float>> weights = ReadWhole({.job = job, .model = model, .base = base, .kept = {}});
  if (weights.ok() || weights.status().error() != errors::kModelPersonal.id) return weights;
  return Fail(errors::kModelPersonal, weights.status().message(),
              "A lab makes a whole model of them: accord-node graduate --method none");
}

Status WriteVocabulary(const Trained& trained, const Export& wish) {
  if (trained.job.model.kind != "unigram")
    return Fail(errors::kModelUnknown, "a " + trained.job.model.kind + " is no vocabulary",
                "Of kind = \"unigram\" a SentencePiece model can be made.");
  if (wish.values != Values::kF32) return Fail(errors::kModelUnknown, "a vocabulary has f32 values");
  if (trained.tokenizer.empty())
    return Fail(errors::kDataTokenizer, "a vocabulary is made of the one that the job began with",
                "Name its file: --tokenizer FILE");
  ACCORD_ASSIGN_OR_RETURN(const Bytes seed,
                          data::ReadTokenizerFile(trained.job.text.tokenizer, trained.tokenizer));
  ACCORD_ASSIGN_OR_RETURN(const data::SentencePieceModel model, data::ParseSentencePieceModel(seed));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<model::Piece> pieces,
                          data::PruneUnigram(model, trained.weights, wish.pieces));
  ACCORD_ASSIGN_OR_RETURN(const Bytes file, data::WithPieces(seed, pieces));
  return WriteFileAtomic(wish.out, file, FileMode::kShared);
}

}  // namespace

Result<Trained> OpenTrained(const std::filesystem::path& job, const std::filesystem::path& model,
                            const std::filesystem::path& base) {
  Trained trained;
  ACCORD_ASSIGN_OR_RETURN(trained.job, ReadJob(job));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, model::BuildLayout(trained.job.model));
  // With what an outer rule keeps, or without it, as graduates are.
  Result<std::vector<float>> weights = model::ReadCheckpoint(model, layout, trained.job.model);
  const bool part = trained.job.adapter.kind != AdapterKind::kNone || model::HasPersonal(trained.job);
  if (!weights.ok() && part && weights.status().error() == errors::kSafetensorsTensors.id)
    weights = MakeWhole(trained.job, model, base);
  ACCORD_ASSIGN_OR_RETURN(trained.weights, std::move(weights));
  std::error_code unknown;  // a directory has no hash
  if (std::filesystem::is_regular_file(model, unknown)) {
    ACCORD_ASSIGN_OR_RETURN(trained.source, model::HashFile(model));
  }
  return trained;
}

Result<Said> Generate(const Trained& trained, const Wish& wish,
                      const std::function<void(std::string_view)>& text) {
  ACCORD_RETURN_IF_ERROR(CheckLanguage(trained));
  ACCORD_ASSIGN_OR_RETURN(const auto tokenizer, TokenizerOf(trained));
  ACCORD_ASSIGN_OR_RETURN(const auto generator,
                          trainer::MakeGenerator(trained.job.model.llama, trained.weights, wish.threads));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::int32_t> prompt, Encode(*tokenizer, wish.prompt));
  data::StreamDecoder decoder(*tokenizer);
  bool ended = false;
  const Result<std::uint64_t> told = generator->Generate({.prompt = prompt,
                                                          .max_tokens = wish.max_tokens,
                                                          .end = {},
                                                          .sampling = wish.sampling,
                                                          .token = [&](std::int32_t token) {
                                                            ended = tokenizer->Ends(token);
                                                            if (!ended) text(decoder.Push(token));
                                                            return !ended;
                                                          }});
  if (!told.ok()) return told.status();
  text(decoder.Finish());
  return Said{.tokens = *told - (ended ? 1 : 0), .cut = !ended && *told < wish.max_tokens};
}

Status WriteAdapter(const std::filesystem::path& job, const std::filesystem::path& model,
                    const Export& wish) {
  ACCORD_ASSIGN_OR_RETURN(const JobSpec spec, ReadJob(job));
  if (spec.model.kind != "llama" || spec.adapter.kind == AdapterKind::kNone)
    return Fail(errors::kModelUnknown, "what this job trains is no adapter of a language model");
  if (wish.format != Format::kGguf || wish.values == Values::kQ8)
    return Fail(errors::kModelUnknown, "an adapter alone is written as GGUF, f32 or f16");
  ACCORD_RETURN_IF_ERROR(CheckFree(wish.out));
  ACCORD_ASSIGN_OR_RETURN(const JobAdapter read,
                          ReadAdapter({.job = spec, .model = model, .base = {}, .kept = {}}));
  return model::WriteGgufAdapter(wish.out, GgufTypeOf(wish.values),
                                 {spec.model.llama, read.adapter, read.weights, spec.name});
}

Status Write(const Trained& trained, const Export& wish) {
  if (wish.format != Format::kSentencePiece) ACCORD_RETURN_IF_ERROR(CheckLanguage(trained));
  ACCORD_RETURN_IF_ERROR(CheckFree(wish.out));
  if (wish.format == Format::kSentencePiece) return WriteVocabulary(trained, wish);
  if (wish.pieces != 0)
    return Fail(errors::kModelUnknown, "only a vocabulary has a number of pieces to choose",
                "--pieces goes with --format sentencepiece");
  const LlamaSpec& spec = trained.job.model.llama;
  if (wish.format == Format::kTorchScript) {
    if (wish.values == Values::kF32) return trainer::WriteTorchScript(wish.out, spec, trained.weights);
    return Fail(errors::kModelUnknown, "a TorchScript module has f32 values");
  }
  ACCORD_ASSIGN_OR_RETURN(const model::Vocabulary vocabulary, VocabularyOf(trained));
  if (wish.format == Format::kGguf) {
    ACCORD_RETURN_IF_ERROR(model::WriteGguf(
        wish.out, GgufTypeOf(wish.values),
        {.spec = spec, .weights = trained.weights, .vocabulary = vocabulary, .name = trained.job.name}));
    for (const std::string& difference : model::LlamaCppDifferences(vocabulary))
      if (wish.note) wish.note(difference);
    return {};
  }
  if (wish.values == Values::kQ8)
    return Fail(errors::kModelUnknown, "a Hugging Face directory has f32 or f16; q8_0 is of GGUF");
  ACCORD_ASSIGN_OR_RETURN(std::vector<model::HfFile> files, HfFiles(trained, wish, vocabulary));
  const bool half = wish.values == Values::kF16;
  return model::WriteHfModel(
      wish.out, {.spec = spec,
                 .weights = trained.weights,
                 .details = {.format = half ? model::FloatFormat::kF16 : model::FloatFormat::kF32,
                             .bos = vocabulary.bos,
                             .eos = vocabulary.eos},
                 .files = std::move(files)});
}

}  // namespace accord::study
