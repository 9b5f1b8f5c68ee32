// The commands generate, samples and export of accord-sim: what a trained language model says, by itself and
// to the prompts of its job, and its file for other programs.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "accord/status.h"
#include "study/trained.h"

namespace accord::apps {

class LanguageCommands {
 public:
  void AddTo(CLI::App& app);
  // The command that was given.
  [[nodiscard]] Status Run() const;
  // samples: whoever asked goes on asking, so no line is the last.
  [[nodiscard]] bool more() const { return more_; }
  // export: what is made; else empty.
  [[nodiscard]] const std::string& out() const { return out_; }

 private:
  [[nodiscard]] Result<study::Trained> Open() const;
  [[nodiscard]] Status Generate() const;
  [[nodiscard]] Status Samples() const;
  [[nodiscard]] Status Sample(const study::Trained& trained, const std::string& name,
                              const std::string& prompt) const;
  [[nodiscard]] Status Export() const;

  CLI::App *generate_ = nullptr, *samples_ = nullptr, *export_ = nullptr;
  std::string job_, model_, base_, tokenizer_, out_, format_ = "gguf", values_ = "f32";
  std::uint64_t pieces_ = 0;
  bool json_ = false, adapter_ = false, more_ = false;
  study::Wish wish_{.prompt = {}, .max_tokens = 200, .sampling = {.temperature = 0.8, .top_p = 0.95}};
};

}  // namespace accord::apps
