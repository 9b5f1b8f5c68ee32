#include "study/hf_files.h"

#include <string>
#include <utility>

#include "accord/version.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "data/tokenizer.h"
#include "model/byte_vocabulary.h"

namespace accord::study {
namespace {

constexpr const char* kTokenizerFile = "tokenizer.model";

Bytes BytesOf(const std::string& text) { return {text.begin(), text.end()}; }

std::string Row(const std::string& name, const std::string& value) {
  return "| " + name + " | " + value + " |\n";
}

std::string KindOf(const Trained& trained) {
  const LlamaSpec& llama = trained.job.model.llama;
  return "LlamaForCausalLM: " + std::to_string(llama.num_hidden_layers) + " layers of width " +
         std::to_string(llama.hidden_size) + ", " + std::to_string(llama.num_attention_heads) + " heads (" +
         std::to_string(llama.num_key_value_heads) + " of keys and values), " +
         std::to_string(llama.max_position_embeddings) + " positions, " +
         std::to_string(trained.weights.size()) + " parameters";
}

std::string FactsOf(const Trained& trained, const Export& wish) {
  const JobSpec& job = trained.job;
  std::string rows = "| | |\n|---|---|\n" + Row("model", KindOf(trained)) +
                     Row("values", wish.values == Values::kF16 ? "f16" : "f32") +
                     Row("job", "`" + job.name + "`, for the purpose `" + job.purpose + "`") +
                     Row("job file", "SHA-256 `" + crypto::Sha256::Of(job.plan).Hex() + "`");
  if (!trained.source.IsZero())
    rows +=
        Row("made from", "the file with the SHA-256 `" + trained.source.Hex() +
                             "`; of a job's common model that is the model hash that its nodes agreed on");
  if (job.adapter.kind != AdapterKind::kNone)
    rows += Row("adapter", "in these weights already; it was trained beside the frozen model `" +
                               job.adapter.base + "`");
  return rows;
}

// How a program comes from text to tokens and back, which config.json does not say.
std::string TokensOf(const Trained& trained, const model::Vocabulary& vocabulary) {
  if (trained.job.text.tokenizer != "byte") {
    return "Tokens are the pieces of the SentencePiece model `" + std::string(kTokenizerFile) + "` (`" +
           trained.job.text.tokenizer + "`), by its ids. Every text begins with `<s>`, token " +
           std::to_string(vocabulary.bos) +
           ":\n\n```python\nimport sentencepiece\npieces = "
           "sentencepiece.SentencePieceProcessor(model_file=\"" +
           kTokenizerFile + "\")\ntokens = [" + std::to_string(vocabulary.bos) +
           "] + pieces.encode(\"text\")\ntext = pieces.decode(tokens[1:])\n```\n";
  }
  const std::string begin = std::to_string(model::kByteBegin);
  return "A token is a byte of the UTF-8 text, so there is no file for a tokenizer. Token " + begin +
         " is `<s>`, which begins every text, " + std::to_string(model::kByteEnd) + " `</s>`, and " +
         std::to_string(model::kByteUnknown) + " `<unk>`, which no text becomes:\n\n```python\ntokens = [" +
         begin + "] + list(\"text\".encode())\ntext = bytes(t for t in tokens if t < " + begin +
         ").decode(errors=\"replace\")\n```\n";
}

std::string ReadmeOf(const Trained& trained, const Export& wish, const model::Vocabulary& vocabulary) {
  return "---\nlibrary_name: transformers\npipeline_tag: text-generation\n---\n\n# " + trained.job.name +
         "\n\nA language model of a federated training, written by Accord " + std::string(kVersion) +
         ". Who took part, on which data and by whose decision is not in this directory; `accord model card` "
         "asks "
         "the federation.\n\n" +
         FactsOf(trained, wish) + "\n## Tokens\n\n" + TokensOf(trained, vocabulary);
}

}  // namespace

Result<std::vector<model::HfFile>> HfFiles(const Trained& trained, const Export& wish,
                                           const model::Vocabulary& vocabulary) {
  std::vector<model::HfFile> files;
  files.push_back({"README.md", BytesOf(ReadmeOf(trained, wish, vocabulary))});
  if (trained.job.text.tokenizer == "byte") return files;
  ACCORD_ASSIGN_OR_RETURN(Bytes tokenizer,
                          data::ReadTokenizerFile(trained.job.text.tokenizer, trained.tokenizer));
  files.push_back({kTokenizerFile, std::move(tokenizer)});
  return files;
}

}  // namespace accord::study
