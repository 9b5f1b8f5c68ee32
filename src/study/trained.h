// A trained model and the plan that it came from: what can be done with it on anyone's machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/status.h"
#include "trainer/sampling.h"

namespace accord::study {

struct Trained {
  JobSpec job;                      // its model resolved
  std::vector<float> weights;       // of the model alone, without what an outer rule keeps
  std::filesystem::path tokenizer;  // the SentencePiece model that the plan names by hash; else empty
  Digest source;                    // SHA-256 of the file that it came from
};

// `model` as accord model download gives it, or a graduate of it. Of a job with an adapter, which is merged,
// the former needs `base`, the frozen model: `model.base` without, or with another one. Of a job whose other
// parts are at its nodes it takes what a graduate makes of it (`model.personal`). Fails as config::ParseJob
// and model::ReadCheckpoint.
[[nodiscard]] Result<Trained> OpenTrained(const std::filesystem::path& job,
                                          const std::filesystem::path& model,
                                          const std::filesystem::path& base = {});

struct Wish {
  std::string prompt;  // UTF-8; may be empty
  std::uint64_t max_tokens = 0;
  trainer::Sampling sampling;
  std::uint32_t threads = 0;
};
struct Said {
  std::uint64_t tokens = 0;  // beyond the prompt
  bool cut = false;          // the model's positions ended it before Wish::max_tokens
};
// Text that goes on from the prompt; `text` is told whole characters as they come. Language models only:
// `model.unknown` for others.
[[nodiscard]] Result<Said> Generate(const Trained& trained, const Wish& wish,
                                    const std::function<void(std::string_view)>& text);

enum class Format : std::uint8_t { kHuggingFace, kGguf, kTorchScript, kSentencePiece };
enum class Values : std::uint8_t { kF32, kF16, kQ8 };  // kQ8: GGUF's q8_0; matrices alone. TorchScript: f32
// Writes the model whole, or not at all: a directory for kHuggingFace (with what hf_files.h says), else a
// file. `cli.exists` where something is there already. Language models only, but for kSentencePiece, which a
// vocabulary becomes (kind = "unigram"): the file of its job's [data] tokenizer, Trained::tokenizer, with the
// frequencies that were trained and the `pieces` that are worth most (data/prune_unigram.h;
// `data.tokenizer`).
struct Export {
  Format format = Format::kGguf;
  Values values = Values::kF32;
  std::uint64_t pieces = 0;  // kSentencePiece; 0: all
  std::filesystem::path out;
  // Told of a file that was made what its readers make otherwise than the training did.
  std::function<void(const std::string&)> note = {};
};
[[nodiscard]] Status Write(const Trained& trained, const Export& wish);

// The adapter alone of a job that has one, as llama.cpp's GGUF, to be used beside the frozen model. `model`
// as accord model download gives it. `cli.exists`; `model.unknown` without an adapter and for q8_0; else as
// OpenTrained.
[[nodiscard]] Status WriteAdapter(const std::filesystem::path& job, const std::filesystem::path& model,
                                  const Export& wish);

}  // namespace accord::study
