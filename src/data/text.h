// A nation's text as tokens: documents, each <s> and its tokens, one after the other; a training part and a
// hold-out. The trainer calls LoadText once per job; nothing here ever leaves the node. A corpus may be
// larger than memory: it is tokenized once into files of the node's state, and read from there window by
// window.
//
// Thread rule: immutable after loading; any thread may read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "accord/trainer.h"

namespace accord::data {

// A row of tokens, seen as windows that a model with a context can take.
class TokenSource {
 public:
  virtual ~TokenSource() = default;

  // Tokens in all, the <s> of each document among them.
  [[nodiscard]] virtual std::uint64_t tokens() const = 0;
  // The tokens first, first + 1, ... as many as `out` holds; all must be there. Fails with `store.io`.
  [[nodiscard]] virtual Status Read(std::uint64_t first, std::span<std::int32_t> out) const = 0;

  // Examples to train on or to evaluate: windows of context + 1 tokens that together predict each token but
  // the very first. ceil((tokens() - 1) / context); 0 when tokens() <= context. context is at least 1.
  [[nodiscard]] std::uint64_t windows(std::uint64_t context) const;

  // Window `index` (below windows(context)) into `out` (context + 1 tokens): prediction j is that of out[j +
  // 1] from out[0..j]. Returns how many predictions at its begin do not count: 0, but in the last window,
  // which begins earlier in order to be full and so repeats predictions of the one before. An evaluation
  // leaves these out, so that every token is predicted exactly once; a training may take them all. Windows go
  // over the borders of documents: a model sees there that <s> ends one and begins another.
  [[nodiscard]] Result<std::uint64_t> Window(std::uint64_t index, std::uint64_t context,
                                             std::span<std::int32_t> out) const;
};

// What one part of a corpus is made of.
struct TextCounts {
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;   // of the documents' text in UTF-8, as it was before it became tokens
  std::uint64_t tokens = 0;  // documents' <s> included
};

// Bits per byte of the hold-out: the sum of the losses of all counted predictions of all its windows, in
// nats, over ln 2 and holdout_counts.bytes. Its very first token is an <s>, so no byte is left unpredicted;
// the other <s> cost bits and have no bytes: a model pays for not knowing where a document ends.
struct TextDataset {
  std::unique_ptr<TokenSource> train;
  std::unique_ptr<TokenSource> holdout;  // null when the configuration asks for none
  TextCounts train_counts;
  TextCounts holdout_counts;
  std::uint64_t duplicates = 0;  // documents left out because they were there already
};

// Reads the corpus of `config` (format "text" or "jsonl") as the tokens of text.tokenizer, which must have
// vocab_size of them. `cache` is a directory of the node's state for the tokens; what is there from an
// earlier call is used when configuration, tokenizer, names, sizes and times of the files are the same and
// the checksums hold, and made anew otherwise. One call at a time makes the tokens of a data set; others wait
// for it.
//
//   text   a UTF-8 file, gzip or not, or a directory of them, walked in the order of their names; names that
//          begin with "." are left out. A document is a file, or its parts between form feeds. Its source
//          is the first directory below config.path, or the file's name.
//   jsonl  the same with one JSON object a line: config.text_field is the document, config.source_field its
//          source where it is there; other members do not matter. A line of a document is at most
//          kMaxJsonLine bytes; a text file has no such bound.
//
// Documents of white space alone are left out; with config.deduplicate also those whose bytes were there
// before. The hold-out is config.eval_path, read as config.path (a document of it is left out of the
// training part), or the documents from config.holdout_sources, or the share config.holdout of the documents
// by a hash of their bytes and config.holdout_seed: one document is never in two parts, and stays where it
// is when others come or go; where that share is above 0 and there are two documents, each part has one.
//
// Memory is bounded whatever the corpus, but for at most 32 bytes a document where duplicates are looked for.
// Fails with `data.missing`, `data.format`, `data.utf8` (names file and byte), `data.json` (file and line),
// `data.empty` (a part without a document), `data.context` (a part with fewer tokens than text.context + 1;
// not asked for a context of 0), `data.tokenizer`, `data.truncated` and `data.corrupt` (gzip),
// `store.disk_full`, `store.io`; no message holds a word of the text, and nothing half-done is left behind.
[[nodiscard]] Result<TextDataset> LoadText(const DatasetConfig& config, const TextSpec& text,
                                           std::uint64_t vocab_size, const std::filesystem::path& cache);

}  // namespace accord::data
