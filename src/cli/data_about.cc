#include "cli/data_about.h"

#include "base/errors.h"
#include "base/file.h"

namespace accord::cli {
namespace {

constexpr std::size_t kMaxTries = 100;  // of one question: input that is no person ends, too

Result<std::string> Answer(Session& session, const dataset::Question& question) {
  std::ostream& err = session.printer().err();
  for (std::size_t i = 0; i < kMaxTries; ++i) {
    err << question.text;
    if (!question.otherwise.empty()) err << " [" << question.otherwise << "]";
    err << "\n> " << std::flush;
    std::string answer;
    if (!std::getline(session.environment().in, answer)) break;
    const std::optional<std::string> line = dataset::LineOf(question, answer);
    if (line) return *line;
    err << "That is no answer.\n";
  }
  return Fail(
      errors::kCliUsage, "Nobody said what \"" + std::string(question.key) + "\" is.",
      "Answer the questions on a terminal, or write the answers to a file: --about FILE; docs/datasets.md");
}

Result<std::string> AskAll(Session& session) {
  session.printer().err() << "What is to be said of the data? Everybody may read the answers.\n";
  std::string text;
  std::string_view section;
  for (const dataset::Question& question : dataset::Questions()) {
    if (question.section != section) text += "\n[" + std::string(question.section) + "]\n";
    section = question.section;
    ACCORD_ASSIGN_OR_RETURN(const std::string line, Answer(session, question));
    text += line;
  }
  return text;
}

}  // namespace

Result<About> GetAbout(Session& session, const std::string& file) {
  About about;
  if (file.empty()) {
    ACCORD_ASSIGN_OR_RETURN(about.text, AskAll(session));
  } else {
    const Result<Bytes> bytes = ReadFile(file, dataset::kMaxDescriptionBytes);
    if (!bytes.ok()) return Fail(errors::kCliFile, bytes.status().message());
    about.text = std::string(AsText(*bytes));
  }
  ACCORD_ASSIGN_OR_RETURN(about.description,
                          dataset::ParseDescription(about.text, file.empty() ? "the answers" : file));
  return about;
}

}  // namespace accord::cli
