// usage: gguf_models DIRECTORY
//        gguf_models FILE.gguf bpe|unigram PIECES
// Writes small Llamas of random weights for other programs to read: DIRECTORY/{tied,untied}/ as a Hugging
// Face checkpoint, and DIRECTORY/{tied,untied}-{f32,f16,q8_0}.gguf; and tied-lora.gguf, an adapter beside the
// former, with tied-merged/ for both together. Weights are several times larger than a
// model starts with, so that its next tokens are not all equally likely. The second form writes one file with
// the pieces that spm_export_vocab printed, and prints what llama.cpp makes of texts otherwise.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "model/gguf.h"
#include "model/gguf_adapter.h"
#include "model/hf_export.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/llama.h"
#include "model/partition.h"

namespace accord::model {
namespace {

std::vector<float> Weights(const ModelLayout& layout) {
  std::vector<float> weights(layout.size);
  InitialWeights(layout, 42, weights);
  for (const TensorSpec& tensor : layout.tensors) {
    const auto part = std::span(weights).subspan(tensor.offset, tensor.size);
    const bool norm = tensor.shape.size() == 1;
    for (std::size_t i = 0; i < part.size(); ++i) {
      part[i] = norm ? 0.75F + 0.03125F * static_cast<float>(i % 17) : part[i] * 8.0F;
    }
  }
  return weights;
}

// An adapter beside every matrix of a layer, and the Hugging Face directory of what both are together.
Status WriteAdapter(const std::filesystem::path& directory, const std::string& name, const LlamaSpec& spec,
                    std::vector<float> weights) {
  ACCORD_ASSIGN_OR_RETURN(const ModelSpec model, Resolve({.kind = "llama", .llama = spec}));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, BuildLayout(model));
  ACCORD_ASSIGN_OR_RETURN(const Adapter adapter,
                          MakeAdapter({.kind = AdapterKind::kLora, .rank = 4, .alpha = 2.0}, model, layout));
  std::vector<float> trained(adapter.layout.size);
  for (TensorSpec tensor : adapter.layout.tensors) {
    tensor.init.bound = 0.5;
    InitialTensor(tensor, 7, 0, std::span(trained).subspan(tensor.offset, tensor.size));
  }
  ACCORD_RETURN_IF_ERROR(
      WriteGgufAdapter(directory / (name + "-lora.gguf"), GgufType::kF32, {spec, adapter, trained, name}));
  Merge(adapter, trained, weights);
  return WriteHfModel(directory / (name + "-merged"), {spec, weights, {}});
}

Status WriteBoth(const std::filesystem::path& directory, const std::string& name, bool tied) {
  ACCORD_ASSIGN_OR_RETURN(const LlamaSpec spec, ResolveLlama({.hidden_size = 64,
                                                              .intermediate_size = 96,
                                                              .num_hidden_layers = 3,
                                                              .num_attention_heads = 4,
                                                              .num_key_value_heads = 2,
                                                              .max_position_embeddings = 512,
                                                              .tie_word_embeddings = tied}));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, MakeLayout(LlamaTensors(spec)));
  const std::vector<float> weights = Weights(layout);
  ACCORD_RETURN_IF_ERROR(WriteHfModel(directory / name, {spec, weights, {}}));
  const Vocabulary vocabulary = MakeByteVocabulary();
  for (const auto& [suffix, type] :
       {std::pair("-f32.gguf", GgufType::kF32), std::pair("-f16.gguf", GgufType::kF16),
        std::pair("-q8_0.gguf", GgufType::kQ8_0)}) {
    ACCORD_RETURN_IF_ERROR(WriteGguf(directory / (name + suffix), type, {spec, weights, vocabulary, name}));
  }
  return tied ? WriteAdapter(directory, name, spec, weights) : Status();
}

PieceType TypeOf(const std::string& text) {
  if (text == "<unk>") return PieceType::kUnknown;
  if (text == "<s>" || text == "</s>") return PieceType::kControl;
  return text.size() == 6 && text.starts_with("<0x") ? PieceType::kByte : PieceType::kNormal;
}

// As spm_train has it without options: <unk>, <s>, </s>, and a space before a text.
Vocabulary Pieces(const std::string& file, Segmenter segmenter) {
  Vocabulary vocabulary{.segmenter = segmenter, .bos = 1, .eos = 2, .unknown = 0};
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const std::string text = line.substr(0, line.find('\t'));
    vocabulary.pieces.push_back({text, std::stof(line.substr(text.size() + 1)), TypeOf(text)});
  }
  return vocabulary;
}

Status WritePieces(const std::filesystem::path& path, const Vocabulary& vocabulary) {
  ACCORD_ASSIGN_OR_RETURN(const LlamaSpec spec,
                          ResolveLlama({.preset = "2m", .vocab_size = vocabulary.pieces.size()}));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, MakeLayout(LlamaTensors(spec)));
  for (const std::string& note : LlamaCppDifferences(vocabulary)) std::printf("%s\n", note.c_str());
  return WriteGguf(path, GgufType::kQ8_0, {spec, Weights(layout), vocabulary, "pieces"});
}

Status Write(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3) {
    const Segmenter segmenter = arguments[1] == "bpe" ? Segmenter::kBpe : Segmenter::kUnigram;
    return WritePieces(arguments[0], Pieces(arguments[2], segmenter));
  }
  for (const bool tied : {true, false}) {
    ACCORD_RETURN_IF_ERROR(WriteBoth(arguments[0], tied ? "tied" : "untied", tied));
  }
  return {};
}

}  // namespace
}  // namespace accord::model

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) return 4;
  const accord::Status status = accord::model::Write({argv + 1, argv + argc});
  if (status.ok()) return 0;
  std::fprintf(stderr, "gguf_models: %s\n", status.message().c_str());
  return 1;
}
