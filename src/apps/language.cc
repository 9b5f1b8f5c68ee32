#include "apps/language.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "apps/answer.h"
#include "base/errors.h"
#include "base/text.h"

namespace accord::apps {
namespace {

// What a model says may be anything: nothing of it commands a terminal.
std::string Shown(std::string_view text) {
  std::string out;
  std::size_t line = 0;
  for (std::size_t end = 0; line <= text.size(); line = end + 1) {
    end = std::min(text.find_first_of("\n\t", line), text.size());
    if (end > line) out += Printable(text.substr(line, end - line), text.size());
    if (end < text.size()) out += text[end];
  }
  return out;
}

// On one line.
std::string Flat(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '\t', ' ');
  return text;
}

void Put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// Nobody should take the end of the positions for the end of what the model had to say.
void SayWhyItEnds(const study::Trained& trained, const study::Said& said, std::uint64_t wanted) {
  const std::string note = "note: the text ends after " + std::to_string(said.tokens) + " of " +
                           std::to_string(wanted) + " tokens: with the prompt they fill the " +
                           std::to_string(trained.job.model.llama.max_position_embeddings) +
                           " positions that the model has\n";
  std::fputs(note.c_str(), stderr);
}

}  // namespace

void LanguageCommands::AddTo(CLI::App& app) {
  generate_ = app.add_subcommand("generate", "Text from a language model");
  generate_->add_option("--prompt", wish_.prompt, "How the text begins");
  generate_->add_option("--tokens", wish_.max_tokens, "At most so many")->check(NotWhole)->type_name("N");
  generate_->add_option("--temperature", wish_.sampling.temperature, "0: always the most probable")
      ->type_name("T");
  generate_->add_option("--top-k", wish_.sampling.top_k, "Among so many of the most probable")
      ->check(NotWhole)
      ->type_name("K");
  generate_->add_option("--top-p", wish_.sampling.top_p, "Among the fewest that are so probable together")
      ->type_name("P");
  generate_->add_option("--seed", wish_.sampling.seed, "Another seed, another text")
      ->check(NotWhole)
      ->type_name("N");
  samples_ =
      app.add_subcommand("samples", "What a language model says to each prompt of its job's [samples]");
  samples_->add_flag("--more", more_, "With --json: further samples follow, so no line is the last");
  export_ = app.add_subcommand("export", "A language model as a file for other programs");
  export_
      ->add_option("--format", format_,
                   "gguf (llama.cpp), hf (a Hugging Face directory), torchscript (PyTorch, libtorch), or, of "
                   "a vocabulary, sentencepiece")
      ->check(CLI::IsMember({"gguf", "hf", "torchscript", "sentencepiece"}));
  export_->add_option("--pieces", pieces_, "sentencepiece: keep so many, those that are worth most")
      ->check(NotWhole)
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  export_->add_option("--type", values_, "f32, f16, or q8_0 (gguf)")
      ->check(CLI::IsMember({"f32", "f16", "q8_0"}));
  export_->add_flag("--adapter", adapter_,
                    "The adapter alone, to be used beside the frozen model (gguf, f32 or f16)");
  export_->add_option("--out", out_, "The file, or directory, to make")->type_name("PATH")->required();
  for (CLI::App* command : {generate_, samples_, export_}) {
    command->add_option("MODEL", model_, "A model of this job, as accord model download gives it")
        ->required();
    command->add_option("--job", job_, "Job file")->type_name("FILE")->required();
    command->add_option("--tokenizer", tokenizer_, "The SentencePiece model, where the job names one")
        ->type_name("FILE");
    command->add_option("--base", base_, "The frozen model, where the job has an adapter")->type_name("FILE");
    command->add_flag("--json", json_, "JSON lines");
  }
}

Status LanguageCommands::Run() const {
  if (samples_->parsed()) return Samples();
  return generate_->parsed() ? Generate() : Export();
}

Result<study::Trained> LanguageCommands::Open() const {
  ACCORD_ASSIGN_OR_RETURN(study::Trained trained, study::OpenTrained(job_, model_, base_));
  trained.tokenizer = tokenizer_;
  return trained;
}

Status LanguageCommands::Generate() const {
  ACCORD_ASSIGN_OR_RETURN(const study::Trained trained, Open());
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const auto say = [&](std::string_view text) {
    if (text.empty()) return;
    Put(json_ ? Answer({{"text", text}}) : terminal ? Shown(text) : std::string(text));
  };
  bool begun = json_;
  const auto begin = [&] {  // with the prompt, once it is known that something follows
    if (!std::exchange(begun, true)) say(wish_.prompt);
  };
  ACCORD_ASSIGN_OR_RETURN(const study::Said said, study::Generate(trained, wish_, [&](std::string_view text) {
                            begin();
                            say(text);
                          }));
  begin();
  Put(json_ ? Answer(nullptr, true) : "\n");
  if (said.cut) SayWhyItEnds(trained, said, wish_.max_tokens);
  return {};
}

// What the model says to one prompt, or why it says nothing.
Status LanguageCommands::Sample(const study::Trained& trained, const std::string& name,
                                const std::string& prompt) const {
  study::Wish wish = wish_;
  wish.prompt = prompt;
  wish.max_tokens = trained.job.samples.tokens;
  std::string said;
  const Status made = study::Generate(trained, wish, [&](std::string_view text) { said += text; }).status();
  const std::string title = name + std::string(std::max<std::size_t>(name.size(), 10) - name.size() + 2, ' ');
  nlohmann::ordered_json data{{"name", name}, {"prompt", prompt}};
  if (!made.ok()) {
    if (json_) Put(Refusal(made, data));
    if (!json_) std::fputs((title + "error: " + made.message() + "\n").c_str(), stderr);
    return made;
  }
  data["text"] = said;
  Put(json_ ? Answer(data) : title + Shown(Flat(prompt + said)) + "\n");
  return {};
}

// The same draws each time, so that two models differ by what they have learnt. One that cannot be made does
// not silence the others.
Status LanguageCommands::Samples() const {
  ACCORD_ASSIGN_OR_RETURN(const study::Trained trained, Open());
  const auto& prompts = trained.job.samples.prompts;
  if (prompts.empty())
    return Fail(errors::kJobInvalid, "the job file has no prompts",
                "Give it a section [samples.NAME] with a prompt for each nation, or ask for one text with: "
                "accord model generate");
  std::size_t failed = 0;
  Status last;
  for (const auto& [name, prompt] : prompts) {
    const Status made = Sample(trained, name, prompt);
    if (made.ok()) continue;
    ++failed;
    last = made;
  }
  if (failed > 0)
    return {last.code(), last.error(),
            std::to_string(failed) + " of " + std::to_string(prompts.size()) +
                " samples could not be made; each is named above",
            last.hint()};
  if (json_ && !more_) Put(Answer(nullptr, true));
  return {};
}

Status LanguageCommands::Export() const {
  const study::Export wish{
      .format = format_ == "gguf"          ? study::Format::kGguf
                : format_ == "hf"          ? study::Format::kHuggingFace
                : format_ == "torchscript" ? study::Format::kTorchScript
                                           : study::Format::kSentencePiece,
      .values = values_ == "f32"   ? study::Values::kF32
                : values_ == "f16" ? study::Values::kF16
                                   : study::Values::kQ8,
      .pieces = pieces_,
      .out = out_,
      .note = [](const std::string& note) { std::fputs(("note: " + note + "\n").c_str(), stderr); }};
  if (adapter_) {
    ACCORD_RETURN_IF_ERROR(study::WriteAdapter(job_, model_, wish));
  } else {
    ACCORD_ASSIGN_OR_RETURN(const study::Trained trained, Open());
    ACCORD_RETURN_IF_ERROR(study::Write(trained, wish));
  }
  Put(json_ ? Answer({{"path", out_}}, true) : out_ + "\n");
  return {};
}

}  // namespace accord::apps
