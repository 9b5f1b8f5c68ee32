#include "data/text.h"

#include <string>
#include <utility>
#include <vector>

#include "base/codec.h"
#include "base/errors.h"
#include "crypto/sha256.h"
#include "data/corpus.h"
#include "data/corpus_files.h"
#include "data/token_cache.h"
#include "data/tokenizer.h"

namespace accord::data {
namespace {

constexpr std::size_t kIdentityDigits = 16;  // of a tokenizer, in the name of a directory

struct Corpus {
  std::vector<CorpusFile> train;
  std::vector<CorpusFile> holdout;  // of eval_path
};

Status CheckTextConfig(const DatasetConfig& config) {
  const auto fail = [&](const std::string& what) {
    return Fail(errors::kDataFormat, "data set " + config.id + ": " + what);
  };
  if (config.format != "text" && config.format != "jsonl") {
    return fail("format \"" + Printable(config.format, 64) + "\" is not one of text");
  }
  if (!IsName(config.id)) return fail("its id is no name");  // it becomes one of a directory
  if (config.path.empty()) return fail("path is missing");
  if (!config.eval_path.empty() && !config.holdout_sources.empty()) {
    return fail("eval_path and holdout_sources exclude each other");
  }
  if (!(config.holdout >= 0 && config.holdout < 1)) return fail("holdout must be at least 0 and below 1");
  return {};
}

bool DrawsHoldout(const DatasetConfig& config) {
  return config.eval_path.empty() && config.holdout_sources.empty() && config.holdout > 0;
}

Result<Corpus> ListFiles(const DatasetConfig& config) {
  Corpus corpus;
  ACCORD_ASSIGN_OR_RETURN(corpus.train, ListCorpus(config.path));
  if (!config.eval_path.empty()) {
    ACCORD_ASSIGN_OR_RETURN(corpus.holdout, ListCorpus(config.eval_path));
  }
  return corpus;
}

// All that the tokens depend on.
Digest KeyOf(const DatasetConfig& config, const Tokenizer& tokenizer, const Corpus& corpus) {
  Writer key;
  key.Lv(config.format).Lv(config.text_field).Lv(config.source_field).Bool(config.deduplicate);
  key.F64(config.holdout).U64(config.holdout_seed).U64(config.holdout_sources.size());
  for (const std::string& source : config.holdout_sources) key.Lv(source);
  key.Fixed(tokenizer.identity());
  for (const auto* files : {&corpus.train, &corpus.holdout}) {
    key.U64(files->size());
    for (const CorpusFile& file : *files) {
      key.Lv(file.path.native()).Lv(file.name).U64(file.size).I64(file.modified_ns);
    }
  }
  return crypto::Sha256::Of(key.bytes());
}

Status ReadFiles(const DatasetConfig& config, const std::vector<CorpusFile>& files, DocumentSink& sink) {
  const JsonFields fields{.text = config.text_field, .source = config.source_field};
  for (const CorpusFile& file : files) {
    ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<Input> input, OpenInput(file.path));
    ACCORD_RETURN_IF_ERROR(config.format == "text" ? ReadTextDocuments(*input, file.source, sink)
                                                   : ReadJsonDocuments(*input, fields, file.source, sink));
  }
  return {};
}

Status CheckParts(const DatasetConfig& config, const CorpusWriter::Figures& figures) {
  const std::string set = "data set " + config.id + ": ";
  if (figures.train.documents == 0) return Fail(errors::kDataEmpty, set + "no document is left to train on");
  const bool wants = DrawsHoldout(config) || !config.eval_path.empty() || !config.holdout_sources.empty();
  if (wants && figures.holdout.documents == 0) {
    return Fail(errors::kDataEmpty, set + "none of " + std::to_string(figures.train.documents) +
                                        " documents is one to hold out; name others by eval_path or "
                                        "holdout_sources, or part them");
  }
  return {};
}

// One reading of the whole corpus. The hold-out's own files come first, so that the training part loses what
// is in both.
Result<CorpusWriter::Figures> ReadCorpus(const DatasetConfig& config, const Tokenizer& tokenizer,
                                         const Corpus& corpus, const HoldoutRule& rule, CorpusParts& parts) {
  ACCORD_RETURN_IF_ERROR(parts.train.Truncate(0));
  ACCORD_RETURN_IF_ERROR(parts.holdout.Truncate(0));
  CorpusWriter writer(tokenizer, {.holdout = rule, .deduplicate = config.deduplicate}, parts);
  writer.HoldOut(true);
  ACCORD_RETURN_IF_ERROR(ReadFiles(config, corpus.holdout, writer));
  writer.HoldOut(false);
  ACCORD_RETURN_IF_ERROR(ReadFiles(config, corpus.train, writer));
  return writer.figures();
}

Result<CorpusWriter::Figures> BuildCorpus(const DatasetConfig& config, const Tokenizer& tokenizer,
                                          const Corpus& corpus, CorpusParts& parts) {
  HoldoutRule rule{.sources = {config.holdout_sources.begin(), config.holdout_sources.end()},
                   .seed = config.holdout_seed,
                   .below = DrawsHoldout(config) ? HoldoutBound(config.holdout) : 0};
  ACCORD_ASSIGN_OR_RETURN(CorpusWriter::Figures figures, ReadCorpus(config, tokenizer, corpus, rule, parts));
  // With few documents the draws may leave a part without any: it then gets the one nearest to the bound.
  const bool lone = figures.train.documents == 0 || figures.holdout.documents == 0;
  if (rule.below > 0 && lone && figures.least_draw < figures.greatest_draw) {
    rule.below = figures.train.documents == 0 ? figures.greatest_draw : figures.least_draw + 1;
    ACCORD_ASSIGN_OR_RETURN(figures, ReadCorpus(config, tokenizer, corpus, rule, parts));
  }
  ACCORD_RETURN_IF_ERROR(CheckParts(config, figures));
  return figures;
}

Status CheckContext(const DatasetConfig& config, const TextDataset& set, std::uint64_t context) {
  if (context == 0) return {};
  for (const TokenSource* part : {set.train.get(), set.holdout.get()}) {
    if (part == nullptr || part->windows(context) > 0) continue;
    return Fail(errors::kDataContext, "data set " + config.id + ": the " +
                                          (part == set.train.get() ? "training part" : "hold-out") + " has " +
                                          std::to_string(part->tokens()) + " tokens; an example has " +
                                          std::to_string(context) + " and one more");
  }
  return {};
}

}  // namespace

Result<TextDataset> LoadText(const DatasetConfig& config, const TextSpec& text, std::uint64_t vocab_size,
                             const std::filesystem::path& cache) {
  ACCORD_RETURN_IF_ERROR(CheckTextConfig(config));
  ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer,
                          OpenTokenizer(text.tokenizer, config.tokenizer, vocab_size));
  ACCORD_ASSIGN_OR_RETURN(const Corpus corpus, ListFiles(config));
  const std::filesystem::path directory =
      cache / config.id / tokenizer->identity().Hex().substr(0, kIdentityDigits);
  ACCORD_ASSIGN_OR_RETURN(
      TextDataset set,
      OpenOrBuild(directory, KeyOf(config, *tokenizer, corpus), TokenWidth(vocab_size),
                  [&](CorpusParts& parts) { return BuildCorpus(config, *tokenizer, corpus, parts); }));
  ACCORD_RETURN_IF_ERROR(CheckContext(config, set, text.context));
  return set;
}

}  // namespace accord::data
